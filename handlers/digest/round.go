package digest

// Here: one round of the worker, from who is due to everyone being served.

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"imprint/domain"
	"imprint/domain/digest"
	"imprint/projections/catalog"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// Report counts what became of a round.
type Report struct {
	Accepted  int // mails that the server has taken
	Empty     int // windows in which there was nothing to tell
	Withheld  int // windows of which nothing might be told any more
	Deferred  int // mails refused for now
	Failed    int // mails refused for good, stopped or given up
	Doubtful  int // mails of which it is not known whether they were taken
	Resent    int // second attempts with the same bytes, after a doubt
	Lost      int // persons who passed to another worker or changed settings meanwhile
	Errors    int // persons who could not be served; the next round tries again
	RouteDown bool
}

// round is one run over everyone who is due.
type round struct {
	*Service
	journal *journal
	decided int64 // what the read models must cover: the log's end when the round began
	end     int64 // windows end here: what the read models and the reader cover

	mu      sync.Mutex // guards what follows
	report  Report
	partial error // a read model ceased to be whole: the round ends
	err     error // the first of those counted in report.Errors
}

// ErrWaiting: digests go out only while the read models that they rest on are
// whole, neither behind nor stopped nor hiding parked keys. Until then nobody is
// told anything, no cursor moves, and everyone who is due stays due.
var ErrWaiting = errors.New("digests wait for the read models")

// RestsOn names the read models of a selection.
func RestsOn() []string { return []string{catalog.Name, library.Name, notices.Name} }

// RunOnce serves everyone who is due now, and returns when nobody is left. It ends
// with ErrWaiting where the read models do not allow it.
func (s *Service) RunOnce(ctx context.Context) (Report, error) {
	s.rounds.Lock()
	defer s.rounds.Unlock()
	r := &round{Service: s, journal: newJournal(s.work)}
	var writer sync.WaitGroup
	writer.Go(func() { r.journal.run(context.WithoutCancel(ctx)) })
	err := r.run(ctx)
	r.journal.close()
	writer.Wait()
	// What a crash would leave to the lease, we give back at once.
	released := s.work.Release(context.WithoutCancel(ctx), s.config.Holder)
	s.tell(ctx, err)
	return r.report, errors.Join(err, released)
}

// tell logs that digests wait, and that they go on: once each time this changes,
// for rounds are many.
func (s *Service) tell(ctx context.Context, err error) {
	why := ""
	if errors.Is(err, ErrWaiting) {
		why = err.Error()
		if refusal := (*domain.Error)(nil); errors.As(err, &refusal) {
			why = refusal.Message
		}
	}
	switch {
	case why == s.waits || err != nil && why == "": // as before, or a fault that says nothing of it
	case why == "":
		s.logger.InfoContext(ctx, "digests go on: the read models are whole again")
		s.waits = ""
	default:
		s.logger.WarnContext(ctx, "digests wait; nothing is lost", "why", why)
		s.waits = why
	}
}

func (r *round) run(ctx context.Context) error {
	// Leases of an earlier process of this name: it is gone.
	if err := r.work.Release(ctx, r.config.Holder); err != nil {
		return err
	}
	head, err := r.CatchUp(ctx)
	if err != nil {
		return err
	}
	// What was released before this round shall be in it, and what was withdrawn or
	// hidden before it shall be known.
	r.decided = head.Ordinal + 1
	waiting, cancel := context.WithTimeout(ctx, patience)
	err = r.passed.Wait(waiting, head.Position, RestsOn()...)
	cancel()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%w: %w", ErrWaiting, err)
	}
	for ctx.Err() == nil {
		if r.route.down(r.now()) {
			r.report.RouteDown = true
			return nil
		}
		claimed, err := r.claim(ctx)
		if err != nil || len(claimed) == 0 {
			return errors.Join(err, r.close(ctx))
		}
		before := r.report.Errors
		for rest := claimed; len(rest) > 0; {
			drafts, n := r.drafts(ctx, rest)
			group := errgroup.Group{}
			group.SetLimit(r.config.Connections)
			for _, st := range rest[:n] {
				group.Go(func() error { r.serve(ctx, st, drafts[st.Person]); return nil })
			}
			_ = group.Wait() // serve counts its errors
			if r.partial != nil {
				return fmt.Errorf("%w: %w", ErrWaiting, r.partial)
			}
			rest = rest[n:]
		}
		if r.report.Errors-before == len(claimed) {
			break // not one of them: the fault is not theirs
		}
	}
	return errors.Join(r.err, ctx.Err())
}

// close folds the last facts, so that a round ends with its deliveries closed.
func (r *round) close(ctx context.Context) error {
	_, err := r.CatchUp(ctx)
	return errors.Join(r.err, err)
}

// claim folds the newest facts and takes a small group of those who are due. If we
// crash with it, they are still due and their leases run out (W1, W3).
func (r *round) claim(ctx context.Context) ([]digest.Standing, error) {
	head, err := r.CatchUp(ctx)
	if err != nil {
		return nil, err
	}
	covered, err := r.notices.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	if err := covered.Whole(r.decided); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWaiting, err)
	}
	// A window never reaches beyond the settings that were read: whoever turned
	// digests on or off before its end is known to have done so.
	r.end = min(covered.End, head.Ordinal+1)
	lowest, somebody, err := r.work.Immediate(ctx)
	if err != nil {
		return nil, err
	}
	pending := false
	if somebody && lowest < r.end {
		if pending, err = r.notices.Pending(ctx, lowest); err != nil {
			return nil, err
		}
	}
	return r.work.Claim(ctx, digest.Claim{
		Holder: r.config.Holder, Now: r.now(), Immediate: pending, End: r.end,
		Lease: lease, Limit: perConnection * r.config.Connections,
	})
}

// serve does what a person's standing asks for.
func (r *round) serve(ctx context.Context, st digest.Standing, d draft) {
	err := r.step(ctx, st, d)
	switch {
	case err == nil:
	case errors.Is(err, errLost):
		r.count(func(p *Report) { p.Lost++ })
	case errors.Is(err, notices.ErrPartial):
		r.mu.Lock()
		defer r.mu.Unlock()
		r.partial = err
	default:
		r.count(func(p *Report) { p.Errors++ })
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err == nil {
			r.err = err
		}
	}
}

func (r *round) step(ctx context.Context, st digest.Standing, selected draft) error {
	d := st.Open
	switch {
	case d != nil && d.Closing():
		return r.record(ctx, st.Person, *d) // W7
	case ctx.Err() != nil || r.route.down(r.now()):
		return nil // given back at the end of the round
	case d == nil:
		return r.begin(ctx, st, selected)
	case st.Stopped():
		return r.giveUp(ctx, st, "turned off or changed by the reader")
	case d.State == digest.Waiting:
		return r.again(ctx, st, selected)
	default:
		return r.resend(ctx, st)
	}
}

// count changes the report, and with it the totals.
func (r *round) count(change func(*Report)) {
	r.mu.Lock()
	change(&r.report)
	r.mu.Unlock()
	r.adding.Lock()
	defer r.adding.Unlock()
	change(&r.totals)
}
