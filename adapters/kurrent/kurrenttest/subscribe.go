// Subscriptions: a cursor over the log that sends what it lets pass, first what
// is there, then what comes.

package kurrenttest

import (
	"errors"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// liveBuffer is how far a live subscription may fall behind before it catches
// up from the log again.
const liveBuffer = 32

// subscription is one cursor.
type subscription struct {
	service *streamsService
	call    streams.Streams_ReadServer
	asText  bool
	next    int // the place of the next record to consider
	matches func(ledger.Record) bool
	stream  string // "" for $all

	// interval and considered count towards checkpoints; no interval, no checkpoints.
	interval, considered int
	// seen is where the last record considered stands.
	seen ledger.Position
}

func (s *streamsService) subscribe(o *streams.ReadReq_Options, call streams.Streams_ReadServer) error {
	sub := &subscription{service: s, call: call, asText: idsAsText(o)}
	start := sub.fromAll
	if o.GetStream() != nil {
		start = sub.fromStream
	}
	if err := start(o); err != nil {
		return told("Read", err)
	}
	confirmation := &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}
	if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: confirmation}}); err != nil {
		return err
	}
	return sub.run()
}

// fromAll starts behind a position. As the real server, it skips the first
// record at or after it, whether or not that record stands exactly there.
func (sub *subscription) fromAll(o *streams.ReadReq_Options) error {
	place, err := sub.service.place(o.GetAll())
	if err != nil {
		return err
	}
	if _, positioned := o.GetAll().GetAllOption().(*streams.ReadReq_Options_AllOptions_Position); positioned {
		p := o.GetAll().GetPosition()
		sub.seen = ledger.Position{Commit: p.GetCommitPosition(), Prepare: p.GetPreparePosition()}
		if skipped := sub.service.ledger.Slice(place, place+1); len(skipped) == 1 && p.GetCommitPosition() > 0 {
			sub.seen = at(skipped[0])
			place++
		}
	}
	sub.next = place
	if sub.matches, err = fromFilter(o.GetFilter()); err != nil {
		return err
	}
	sub.interval, err = checkpointInterval(o.GetFilter())
	return err
}

// fromStream starts behind a revision. A stream may be subscribed to before it
// exists, but not once it is deleted for ever.
func (sub *subscription) fromStream(o *streams.ReadReq_Options) error {
	sub.stream = streamName(o.GetStream().GetStreamIdentifier())
	view, err := sub.service.ledger.Stream(sub.stream)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	least := uint64(0)
	switch v := o.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		least = v.Revision + 1
	case *streams.ReadReq_Options_StreamOptions_End:
		sub.next = sub.service.ledger.Len()
	}
	if view.Len() > 0 {
		least = max(least, view.At(0).Revision)
	} else if err == nil {
		sub.next = sub.service.ledger.Len() // all that was there is hidden
	}
	sub.matches = func(r ledger.Record) bool { return r.Stream == sub.stream && r.Revision >= least }
	return nil
}

// run sends until the client leaves or the server stops.
func (sub *subscription) run() error {
	live := false
	for {
		// Taken before looking, so that what comes in between wakes us.
		changed := sub.service.ledger.Changed()
		records := sub.service.ledger.Slice(sub.next, sub.next+page)
		if len(records) > liveBuffer {
			live = false
		}
		if err := sub.send(records); err != nil {
			return err
		}
		if len(records) > 0 {
			continue
		}
		if !live {
			live = true
			if err := sub.goLive(); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-sub.call.Context().Done():
			return sub.call.Context().Err()
		case <-sub.service.stopping:
			return status.Error(codes.Unavailable, "the server is shutting down")
		}
	}
}

func (sub *subscription) send(records []ledger.Record) error {
	for _, r := range records {
		sub.next++
		sub.considered++
		if sub.matches(r) {
			if r.Stream == sub.stream && ends(r) {
				return streamDeleted(r.Stream)
			}
			if err := sub.sendEvent(r); err != nil {
				return err
			}
		}
		sub.seen = at(r)
		if sub.interval > 0 && sub.considered >= sub.interval {
			if err := sub.checkpoint(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendEvent sends a record, and before it the wrong checkpoint if a test asks
// for one.
func (sub *subscription) sendEvent(r ledger.Record) error {
	if sub.interval > 0 && sub.service.faults.takeBadCheckpoint() {
		if err := sub.call.Send(toCheckpoint(ledger.Position{Commit: r.Position})); err != nil {
			return err
		}
	}
	return sub.service.records.send(r, sub.asText, sub.call)
}

func (sub *subscription) goLive() error {
	if sub.interval > 0 {
		if err := sub.checkpoint(); err != nil {
			return err
		}
	}
	message, err := toCaughtUp(time.Now())
	if err != nil {
		return err
	}
	return sub.call.Send(message)
}

func (sub *subscription) checkpoint() error {
	sub.considered = 0
	return sub.call.Send(toCheckpoint(sub.seen))
}

// ends tells whether a record deletes its stream for ever.
func ends(r ledger.Record) bool { return r.Type == "$streamDeleted" }

func at(r ledger.Record) ledger.Position {
	return ledger.Position{Commit: r.Position, Prepare: r.Position}
}
