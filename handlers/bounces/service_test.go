package bounces_test

// Reports taken in by the commands on a real log.

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/bounces"
	worker "imprint/handlers/digest"
)

var now = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

type world struct {
	t       *testing.T
	people  *handlers.People
	service *bounces.Service
	links   *worker.Links
	reader  uuid.UUID
	log     *eventlog.Log
	codec   *event.Codec
	logged  bytes.Buffer
}

func request() handlers.Request {
	return handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: event.SystemActor}}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	ctx, dir, clock := t.Context(), t.TempDir(), func() time.Time { return now }
	var err error
	w.log, err = eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: clock})
	w.ok(err)
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), clock)
	w.ok(err)
	t.Cleanup(func() { _ = errors.Join(w.log.Close(), db.Close()) })
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{5}, event.KeySize), clock)
	w.ok(err)
	registry, err := schema.Registry()
	w.ok(err)
	w.codec = event.NewCodec(registry, keys)
	facts := worker.NewFacts(w.log, registry, work.NewDigests(db))
	w.people = handlers.NewPeople(handlers.NewJournal(w.log, w.codec, clock, nil), keys, work.NewNames(db), work.NewTokens(db), facts)
	joined, err := w.people.Join(ctx, request(), "Rosa")
	w.ok(err)
	w.reader = joined.Person
	_, err = w.people.ChangeSettings(ctx, request(), handlers.Settings{Person: w.reader, Language: "en", Address: "rosa@reader.example",
		Schedule: calendar.Schedule{Frequency: calendar.Immediate, Zone: "UTC"}})
	w.ok(err)
	_, err = w.people.Vouch(ctx, request(), w.reader)
	w.ok(err)
	w.links, err = worker.NewLinks("https://trust.halden.example", bytes.Repeat([]byte{5}, event.KeySize))
	w.ok(err)
	w.service = bounces.New(w.links, bounces.Commands{People: w.people}, facts, slog.New(slog.NewTextHandler(&w.logged, nil)))
	return w
}

// report is a fixture about the mail of the reader's window 7, or another's.
func (w *world) report(name string, of ...uuid.UUID) []byte {
	w.t.Helper()
	address := w.settings().AddressID
	if len(of) > 0 {
		address = of[0]
	}
	raw := fixture(w.t, name)
	for stands, is := range map[string]string{
		"trust+VERP@halden.example":                            w.links.Bounce("trust@halden.example", w.reader, address, 7),
		"https://trust.halden.example/unsubscribe?token=TOKEN": w.links.Unsubscribe(w.reader),
	} {
		raw = bytes.ReplaceAll(raw, []byte(stands), []byte(is))
	}
	return raw
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) settings() handlers.Chosen {
	w.t.Helper()
	s, err := w.people.Settings(w.t.Context(), w.reader)
	w.ok(err)
	return s
}

func (w *world) end() int64 {
	w.t.Helper()
	head, err := w.log.Head(w.t.Context())
	w.ok(err)
	return head.Ordinal
}

func TestABounceSuspendsAnAddressThatDoesNotExist(t *testing.T) {
	w := newWorld(t)
	for range 2 { // a mailbox may be read again after a crash
		if kind, err := w.service.Take(t.Context(), w.report("no-such-address")); kind != bounces.Bounced || err != nil {
			t.Fatalf("%s, %v", kind, err)
		}
	}
	s := w.settings()
	if s.Suspended != person.BadAddress || s.Bounced.Status != "5.1.1" || s.Bounced.Digest != digest.ID(w.reader, 7) {
		t.Errorf("%+v", s)
	}
	if n := w.end(); n != 5 { // joined, settings, confirmed, bounced, suspended
		t.Errorf("%d events", n)
	}
	if strings.Contains(w.logged.String(), "reader.example") {
		t.Errorf("the log shows an address: %s", w.logged.String())
	}
}

func TestAFullMailboxIsRecordedAndSuspendsNothing(t *testing.T) {
	w := newWorld(t)
	_, err := w.service.Take(t.Context(), w.report("mailbox-full-base64"))
	w.ok(err)
	if s := w.settings(); s.Suspended != person.NotSuspended || s.Bounced.Status != "5.2.2" {
		t.Errorf("%+v", s)
	}
}

// TestAComplaintLeadsByTheMailThatCameBack: providers hide whom it was from.
func TestAComplaintLeadsByTheMailThatCameBack(t *testing.T) {
	w := newWorld(t)
	_, err := w.service.Take(t.Context(), w.report("complaint"))
	if domain.KindOf(err) != domain.NotFound {
		t.Fatalf("of a digest that was never sent: %v", err)
	}
	e, err := w.codec.Encode(t.Context(), event.Draft{Stream: digest.Stream(w.reader), ID: uuid.New(), Meta: event.Metadata{Time: now, Actor: event.SystemActor}, SaltKey: digest.SaltKey(w.reader),
		Payload: digest.Sent{Person: w.reader, AddressID: w.settings().AddressID, Window: digest.Window{From: 7, Until: 9},
			MessageID: "0198c0de-0000-7000-8000-000000000001@halden.example", ContentHash: strings.Repeat("0", 64), SentAt: now}})
	w.ok(err)
	_, err = w.log.Append(t.Context(), digest.Stream(w.reader), event.NoStream, []event.Event{e})
	w.ok(err)
	if kind, err := w.service.Take(t.Context(), w.report("complaint")); kind != bounces.Complained || err != nil {
		t.Fatalf("%s, %v", kind, err)
	}
	if s := w.settings(); s.Suspended != person.Complained {
		t.Errorf("%+v", s)
	}
}

func TestWhatLeadsToNobodyChangesNothing(t *testing.T) {
	w := newWorld(t)
	before := w.end()
	for _, passing := range []string{"delayed", "not-spam"} {
		if kind, err := w.service.Take(t.Context(), w.report(passing)); kind != bounces.Passing || err != nil {
			t.Errorf("%s: %s, %v", passing, kind, err)
		}
	}
	if _, err := w.service.Take(t.Context(), fixture(t, "no-such-address")); domain.KindOf(err) != domain.NotFound || !bounces.Final(err) {
		t.Errorf("unsigned: %v", err)
	}
	// The mail went to an address that is no longer the reader's.
	if _, err := w.service.Take(t.Context(), w.report("no-such-address", uuid.New())); domain.KindOf(err) != domain.NotFound {
		t.Errorf("late: %v", err)
	}
	if _, err := w.service.Take(t.Context(), w.report("out-of-office")); domain.KindOf(err) != domain.Invalid {
		t.Errorf("no report: %v", err)
	}
	if after := w.end(); after != before {
		t.Errorf("%d events were written", after-before)
	}
}

// box is a mailbox in memory; the adapter has tests of its own.
type box struct {
	mails [][]byte
	seen  chan int // how many were put away, after each emptying
}

func (b *box) Each(_ context.Context, take func([]byte) error) error {
	n := 0
	defer func() { b.seen <- n }()
	for len(b.mails) > 0 {
		if err := take(b.mails[0]); err != nil {
			return err
		}
		b.mails = b.mails[1:]
		n++
	}
	return nil
}

func TestTheMailboxIsEmptiedAtEachBeat(t *testing.T) {
	w := newWorld(t)
	b := &box{mails: [][]byte{w.report("out-of-office"), w.report("no-such-address")}, seen: make(chan int)}
	beats, done := make(chan struct{}), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- w.service.Run(ctx, b, beats) }()
	if n := <-b.seen; n != 2 || w.settings().Suspended != person.BadAddress {
		t.Errorf("%d mails were put away", n)
	}
	b.mails = [][]byte{w.report("delayed")}
	beats <- struct{}{}
	if n := <-b.seen; n != 1 {
		t.Errorf("%d mails were put away at the next beat", n)
	}
	stop()
	w.ok(<-done)
}

// TestAReportThatCannotBeRecordedStays: the log is closed.
func TestAReportThatCannotBeRecordedStays(t *testing.T) {
	w := newWorld(t)
	b := &box{mails: [][]byte{w.report("no-such-address")}, seen: make(chan int)}
	w.ok(w.log.Close())
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	beats := make(chan struct{})
	go func() { done <- w.service.Run(ctx, b, beats) }()
	for range 2 {
		if n := <-b.seen; n != 0 || len(b.mails) != 1 {
			t.Errorf("%d mails were put away", n)
		}
		beats <- struct{}{} // taken once the emptying before has been logged
	}
	<-b.seen
	stop()
	w.ok(<-done)
	if !strings.Contains(w.logged.String(), "was not emptied") {
		t.Errorf("the log says nothing: %s", w.logged.String())
	}
}
