package reactions_test

// Here: the world in which reactions are tested: the embedded log and work
// tables, a clock set by hand, and causes decided by the domain.

import (
	"bytes"
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/schema"
	"imprint/domain/series"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/handlers/reactions"
)

const grace = 10 * time.Minute

var (
	start  = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	reason = domain.English("It was wrong.")
	past   = document.Origin{Source: "s", Key: "s/k"}
)

type world struct {
	t     testing.TB
	log   event.Log
	codec *event.Codec
	keys  *work.Keys
	store *work.Reactions
	db    *workfile.DB

	mu  sync.Mutex
	now time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: start}
	ctx, dir := context.Background(), t.TempDir()
	log, err := eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: w.clock})
	w.ok(err)
	t.Cleanup(func() { w.ok(log.Close()) })
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	w.ok(err)
	t.Cleanup(func() { w.ok(db.Close()) })
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{1}, event.KeySize), w.clock)
	w.ok(err)
	registry, err := schema.Registry()
	w.ok(err)
	w.log, w.codec, w.store = log, event.NewCodec(registry, keys), work.NewReactions(db)
	w.db, w.keys = db, keys
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time go by, or back.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// reactions are those of a program of its own.
func (w *world) reactions() *reactions.Reactions { return w.reactionsOn(w.log, w.store) }

func (w *world) reactionsOn(log event.Log, store reactions.Store) *reactions.Reactions {
	return reactions.New(log, w.codec, store, reactions.Commands{People: w.people()}, w.clock, grace)
}

// people are the commands of a program of its own.
func (w *world) people() *handlers.People {
	facts := digest.NewFacts(w.log, w.codec.Registry(), work.NewDigests(w.db))
	return handlers.NewPeople(handlers.NewJournal(w.log, w.codec, w.clock, nil), w.keys, work.NewNames(w.db), work.NewTokens(w.db), facts)
}

// catchUp reacts to all there is.
func (w *world) catchUp() {
	w.t.Helper()
	w.ok(w.reactions().CatchUp(context.Background()))
}

// stream reads a stream with what its events say; what cannot be read is nil.
func (w *world) stream(s event.Stream) ([]event.Recorded, []event.Payload) {
	w.t.Helper()
	events, err := w.log.ReadStream(context.Background(), s, 0, 10_000)
	w.ok(err)
	payloads := make([]event.Payload, len(events))
	for i, e := range events {
		payloads[i], _ = w.codec.Registry().Decode(e)
	}
	return events, payloads
}

// tell appends to the end of a stream and answers the first event's id.
func (w *world) tell(s event.Stream, payloads ...event.Payload) uuid.UUID {
	w.t.Helper()
	events, _ := w.stream(s)
	var encoded []event.Event
	for _, p := range payloads {
		e, err := w.codec.Encode(context.Background(), event.Draft{
			Stream: s, ID: uuid.New(), Payload: p,
			Meta: event.Metadata{Time: w.clock(), Actor: event.OperatorActor, Correlation: uuid.New()},
		})
		w.ok(err)
		encoded = append(encoded, e)
	}
	_, err := w.log.Append(context.Background(), s, int64(len(events))-1, encoded)
	w.ok(err)
	return encoded[0].ID
}

// decide takes a decision on a document and answers its event's id; false if the
// domain refuses it.
func (w *world) decide(doc uuid.UUID, decision func(document.State) ([]event.Payload, error)) (uuid.UUID, bool) {
	w.t.Helper()
	_, payloads := w.stream(document.Stream(doc))
	events, err := decision((document.State{}).Fold(payloads...))
	if err != nil || len(events) == 0 {
		return uuid.Nil, false
	}
	return w.tell(document.Stream(doc), events...), true
}

// does is a decision that the domain must allow.
func (w *world) does(doc uuid.UUID, decision func(document.State) ([]event.Payload, error)) uuid.UUID {
	w.t.Helper()
	id, ok := w.decide(doc, decision)
	if !ok {
		w.t.Fatal("the decision was refused")
	}
	return id
}

// line opens a series.
func (w *world) line() uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.tell(series.Stream(id), series.Opened{Series: id, Name: domain.English("Reports")})
	return id
}

// The decisions.

func details(line uuid.UUID) document.Details {
	return document.Details{Title: domain.English("Report"), Series: line}
}

func draft(major, urgent bool) document.Draft {
	hash := strings.Repeat("0", 64)
	return document.Draft{Major: major, Urgent: urgent, Summary: domain.English("Change"),
		Files: []document.File{{Locale: "en", Name: "a.pdf", SHA256: hash, MediaType: "application/pdf"}}}
}

func (w *world) publish(line uuid.UUID, urgent bool) (doc, cause uuid.UUID) {
	w.t.Helper()
	doc = uuid.New()
	return doc, w.does(doc, func(s document.State) ([]event.Payload, error) {
		return s.Publish(doc, details(line), access.Audience{Kind: access.Everyone}, draft(true, urgent), w.clock())
	})
}

func (w *world) version(major, urgent bool) func(document.State) ([]event.Payload, error) {
	return func(s document.State) ([]event.Payload, error) {
		return s.Version(s.Newest(), draft(major, urgent), true, w.clock())
	}
}

func (w *world) withdraw(s document.State) ([]event.Payload, error) {
	return s.Withdraw(reason, w.clock())
}

func (w *world) reinstate(s document.State) ([]event.Payload, error) {
	return s.Reinstate(nil, w.clock())
}

func withdrawVersion(n int) func(document.State) ([]event.Payload, error) {
	return func(s document.State) ([]event.Payload, error) { return s.WithdrawVersion(n, reason) }
}

func reinstateVersion(n int) func(document.State) ([]event.Payload, error) {
	return func(s document.State) ([]event.Payload, error) { return s.ReinstateVersion(n, nil) }
}

func move(line uuid.UUID) func(document.State) ([]event.Payload, error) {
	return func(s document.State) ([]event.Payload, error) { return s.Revise(details(line)) }
}

// What came of it.

// released is the notice of a cause; none has no kind.
func (w *world) released(cause uuid.UUID) notice.Released {
	w.t.Helper()
	_, payloads := w.stream(notice.Stream(cause))
	if len(payloads) == 0 {
		return notice.Released{}
	}
	if len(payloads) > 1 {
		w.t.Fatalf("the notice of %s was released %d times", cause, len(payloads))
	}
	return payloads[0].(notice.Released)
}

// updates are the updates of a series in the order of their causes, without
// what the cause itself tells.
func (w *world) updates(line uuid.UUID) (updates []series.Updated) {
	w.t.Helper()
	_, payloads := w.stream(series.Stream(line))
	for _, p := range payloads {
		if u, is := p.(series.Updated); is {
			updates = append(updates, u)
		}
	}
	return updates
}

// told checks the notice of a cause: all but the cause itself.
func (w *world) told(what string, cause uuid.UUID, want notice.Released) {
	w.t.Helper()
	got := w.released(cause)
	if want.Kind != "" {
		want.Cause, want.CauseOrdinal = cause, got.CauseOrdinal
	}
	if got != want {
		w.t.Errorf("%s: the notice is\n%+v, not\n%+v", what, got, want)
	}
}

// updated checks the updates of a series: all but their causes' ordinals.
func (w *world) updated(line uuid.UUID, want ...series.Updated) {
	w.t.Helper()
	got := w.updates(line)
	for i := range got {
		got[i].CauseOrdinal = 0
	}
	for i := range want {
		want[i].Series = line
	}
	if !reflect.DeepEqual(got, want) {
		w.t.Errorf("the series' updates are\n%+v, not\n%+v", got, want)
	}
}
