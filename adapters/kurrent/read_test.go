// Reading: long logs, other people's events, places that are not of this log.

package kurrent

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain"
	"imprint/domain/event"
)

// Long enough for feeds, in appends through which pages end.
func TestALongLogReadsTheSameInPagesOfAnySize(t *testing.T) {
	l := open(t, Options{Address: address(t)})
	for range 4 {
		if _, err := l.Append(t.Context(), document(), event.NoStream, samples(800)); err != nil {
			t.Fatal(err)
		}
		fill(t, l, 55)
	}
	whole, err := all(t.Context(), l, event.Checkpoint{}, 1<<20)
	if err != nil || len(whole) != 4*(800+55) {
		t.Fatalf("%d events, %v", len(whole), err)
	}
	for _, limit := range []int{7, 63, 64, 500, 1000, 1024, 3000} {
		got, err := all(t.Context(), l, event.Checkpoint{}, limit)
		if err != nil || !reflect.DeepEqual(got, whole) {
			t.Errorf("in pages of %d: %d events, %v", limit, len(got), err)
		}
		from := len(whole) / 3
		if got, err = all(t.Context(), l, whole[from-1].Checkpoint(), limit); err != nil || !reflect.DeepEqual(got, whole[from:]) {
			t.Errorf("from the middle in pages of %d: %d events, %v", limit, len(got), err)
		}
	}
	if head, err := l.Head(t.Context()); err != nil || head != whole[len(whole)-1].Checkpoint() {
		t.Errorf("head %+v, %v", head, err)
	}
}

func TestPagesAreBoundedInBytes(t *testing.T) {
	const events, bytes = 50, 200_000
	l := open(t, Options{Address: address(t)})
	for i := range int64(events) {
		e := sample()
		e.Data = []byte(strings.Repeat("1", bytes))
		if _, err := l.Append(t.Context(), "document-1", i-1, []event.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	var at event.Checkpoint
	for total := 0; total < events; {
		page, err := l.ReadAll(t.Context(), at, 1000)
		if err != nil || len(page) == 0 || len(page) > maxPageBytes/bytes+1 {
			t.Fatalf("a page of %d events of %d bytes; %v", len(page), bytes, err)
		}
		total += len(page)
		at = page[len(page)-1].Checkpoint()
	}
}

// A long stretch of another installation's events is searched by the server.
func TestOtherPeoplesEventsAreNeitherReadNorCounted(t *testing.T) {
	server, name := address(t), "test-"+uuid.NewString()
	ours, theirs := open(t, Options{Address: server, Installation: name}), open(t, Options{Address: server, Installation: name + "-2"})
	fill(t, theirs, 1500)
	if got, err := all(t.Context(), ours, event.Checkpoint{}, 100); err != nil || len(got) != 0 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	fill(t, ours, 30)
	for range 3 {
		fill(t, theirs, 1500)
		got, err := all(t.Context(), ours, event.Checkpoint{}, 100)
		if err != nil || len(got)%30 != 0 || len(got) == 0 {
			t.Errorf("%d events, %v", len(got), err)
		}
		last := got[len(got)-1].Checkpoint()
		if _, ok := ours.feeds.skipped(last.Position); !ok {
			t.Error("the stretch without events of ours would be searched again")
		}
		fill(t, ours, 30)
		if more, err := all(t.Context(), ours, last, 100); err != nil || len(more) != 30 {
			t.Errorf("after the stretch: %d events, %v", len(more), err)
		}
	}
}

// Who goes on from such a checkpoint never sees the event; nobody here does.
func TestABadCheckpointOfTheServerIsHarmless(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString()})
	fill(t, l, 3000)
	whole, err := all(t.Context(), l, event.Checkpoint{}, 1<<20)
	if err != nil || len(whole) != 3000 {
		t.Fatalf("%d events, %v", len(whole), err)
	}
	sent := server.InjectBadCheckpoint()
	// The subscription breaks right after it, and reading goes on without a gap.
	broken := server.Inject(kurrenttest.Subscribe, 1, kurrenttest.Drop().AfterMessages(2))
	if got, err := all(t.Context(), l, event.Checkpoint{}, 500); err != nil || !reflect.DeepEqual(got, whole) {
		t.Errorf("%d events, %v", len(got), err)
	}
	<-sent
	<-broken
}

func TestAFeedThatBreaksIsReplaced(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString()})
	fill(t, l, 3000)
	for _, fault := range []kurrenttest.Fault{
		kurrenttest.Drop(), kurrenttest.Drop().AfterMessages(700), kurrenttest.Refuse(codes.Aborted, "x").AfterMessages(900),
	} {
		// The log's own subscription, which comes back after a connection has broken, may
		// take a fault that was meant for the feed: then once more.
		for hit := false; !hit; {
			struck := server.Inject(kurrenttest.Subscribe, 1, fault)
			if got, err := all(t.Context(), l, event.Checkpoint{}, 500); err != nil || len(got) != 3000 {
				t.Fatalf("%d events, %v", len(got), err)
			}
			select {
			case <-struck:
				hit = true
			default:
			}
		}
	}
}

func TestPlacesOfAnotherLogAreRefused(t *testing.T) {
	server, another := double(t), double(t)
	l, stranger := open(t, Options{Address: server.ConnectionString()}), open(t, Options{Address: another.ConnectionString()})
	fill(t, l, 200)
	got, err := all(t.Context(), l, event.Checkpoint{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	beside := open(t, Options{Address: server.ConnectionString()}) // another installation on the same cluster
	for name, other := range map[string]*Log{"empty": stranger, "another installation": beside} {
		if _, err := other.ReadAll(t.Context(), got[150].Checkpoint(), 10); !errors.Is(err, event.ErrCorrupt) {
			t.Errorf("%s: a stranger's place: %v", name, err)
		}
	}
	fill(t, stranger, 101)
	if _, err := stranger.ReadAll(t.Context(), got[199].Checkpoint(), 10); !errors.Is(err, event.ErrCorrupt) {
		t.Errorf("a place beyond the end: %v", err)
	}
	known := open(t, Options{Address: another.ConnectionString(), Known: got[150].Checkpoint()})
	if _, err := known.Head(t.Context()); !errors.Is(err, event.ErrCorrupt) {
		t.Errorf("counting on from a stranger's place: %v", err)
	}
}

func TestHeadCountsOnFromWhatIsKnown(t *testing.T) {
	server, name := address(t), "test-"+uuid.NewString()
	l := open(t, Options{Address: server, Installation: name})
	fill(t, l, 300)
	head, err := l.Head(t.Context())
	if err != nil || head.Ordinal != 300 {
		t.Fatalf("%+v, %v", head, err)
	}
	head.Ordinal += 1000 // so that one sees where it was counted from
	again := open(t, Options{Address: server, Installation: name, Known: head})
	fill(t, l, 7)
	if on, err := again.Head(t.Context()); err != nil || on.Ordinal != 1307 || on.Position <= head.Position {
		t.Errorf("%+v, %v", on, err)
	}
}

// One read that comes to the end is enough: by the next one, others may always have
// written more.
func TestHeadEndsWhereAReadHasComeToTheEnd(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString()})
	fill(t, l, 10)
	again := server.Inject(kurrenttest.Read, 2, kurrenttest.Refuse(codes.Internal, "read twice"))
	if head, err := l.Head(t.Context()); err != nil || head.Ordinal != 10 {
		t.Errorf("%+v, %v", head, err)
	}
	select {
	case <-again:
		t.Error("it read on")
	default:
	}
}

func TestStreamsDamagedOnTheServer(t *testing.T) {
	l, to, cut, hidden := open(t, Options{Address: double(t).ConnectionString()}), document(), document(), document()
	for _, s := range []event.Stream{to, cut, hidden} {
		if _, err := l.Append(t.Context(), s, event.NoStream, samples(5)); err != nil {
			t.Fatal(err)
		}
	}
	client := l.link.current.client
	var m esdb.StreamMetadata
	m.SetTruncateBefore(2)
	if _, err := client.SetStreamMetadata(t.Context(), l.prefix+string(cut), esdb.AppendToStreamOptions{}, m); err != nil {
		t.Fatal(err)
	}
	_, err1 := l.ReadStream(t.Context(), cut, 0, 10)
	_, err2 := l.ReadStreamBack(t.Context(), cut, 10)
	if _, err := client.TombstoneStream(t.Context(), l.prefix+string(to), esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(4)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.DeleteStream(t.Context(), l.prefix+string(hidden), esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(4)}); err != nil {
		t.Fatal(err)
	}
	_, err3 := l.ReadStream(t.Context(), to, 0, 10)
	_, err4 := l.Append(t.Context(), to, 4, samples(1))
	_, err5 := all(t.Context(), l, event.Checkpoint{}, 100)
	_, err6 := l.Append(t.Context(), hidden, event.NoStream, samples(1))
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		if !errors.Is(err, event.ErrCorrupt) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
}

// What somebody else has written below our prefix ends the reading right before it,
// wherever a page ends, and again for whoever asks again, though a feed has gone on
// beyond it.
func TestDamageDeepInTheLogIsTheEnd(t *testing.T) {
	l := open(t, Options{Address: address(t)})
	fill(t, l, 2500)
	byHand := esdb.EventData{EventID: uuid.New(), EventType: "Forged", ContentType: esdb.ContentTypeJson, Data: []byte(`{}`), Metadata: []byte(`{"schema":"one"}`)}
	if _, err := l.link.current.client.AppendToStream(t.Context(), l.prefix+string(document()), esdb.AppendToStreamOptions{}, byHand); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1500)
	for _, limit := range []int{1, 250, 400, 4000} {
		f := l.feed(newOrder(event.Checkpoint{}))
		for ended := false; !ended; { // it has read all there is
			<-f.filled
			f.mu.Lock()
			ended = f.ended
			f.mu.Unlock()
		}
		l.feeds.put(f)
		got, err := all(t.Context(), l, event.Checkpoint{}, limit)
		if len(got) != 2500 || !errors.Is(err, event.ErrCorrupt) {
			t.Fatalf("in pages of %d: %d events, %v", limit, len(got), err)
		}
		for range 2 {
			if page, err := l.ReadAll(t.Context(), got[2499].Checkpoint(), limit); len(page) > 0 || !errors.Is(err, event.ErrCorrupt) {
				t.Errorf("asked again: %d events, %v", len(page), err)
			}
		}
	}
}

func TestOrderFindsGaps(t *testing.T) {
	at := func(n int64, s event.Stream, revision int64) *event.Recorded {
		return &event.Recorded{Stream: s, Revision: revision, Position: position(esdb.Position{Commit: uint64(n), Prepare: uint64(n)}), Event: event.Event{Meta: event.Metadata{Time: time.Unix(n, 0)}}}
	}
	for name, c := range map[string]struct {
		after  event.Checkpoint
		events []*event.Recorded
		sound  bool
	}{
		"sound":                   {event.Checkpoint{}, []*event.Recorded{at(1, "a-1", 0), at(5, "b-1", 0), at(7, "a-1", 1)}, true},
		"a revision missing":      {event.Checkpoint{}, []*event.Recorded{at(1, "a-1", 0), at(7, "a-1", 2)}, false},
		"a revision twice":        {event.Checkpoint{}, []*event.Recorded{at(1, "a-1", 0), at(7, "a-1", 0)}, false},
		"a beginning missing":     {event.Checkpoint{}, []*event.Recorded{at(1, "a-1", 1)}, false},
		"begun before":            {at(1, "a-1", 0).Checkpoint(), []*event.Recorded{at(7, "a-1", 1)}, true},
		"a position that repeats": {event.Checkpoint{}, []*event.Recorded{at(1, "a-1", 0), at(1, "b-1", 0)}, false},
	} {
		if c.after.Position != "" {
			c.after.Ordinal = 1
		}
		o, err := newOrder(c.after), error(nil)
		for _, r := range c.events {
			if err == nil {
				err = o.number(r)
			}
		}
		if c.sound != (err == nil) || !c.sound && !errors.Is(err, event.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	for name, c := range map[string]event.Checkpoint{
		"too short":        {Position: "1", Ordinal: 1},
		"not a number":     {Position: event.Position(strings.Repeat("z", 32)), Ordinal: 1},
		"upper case":       {Position: event.Position(strings.Repeat("0", 31) + "A"), Ordinal: 1},
		"the largest":      {Position: event.Position(strings.Repeat("f", 32)), Ordinal: 1},
		"ordinal alone":    {Ordinal: 1},
		"position alone":   {Position: position(esdb.Position{Commit: 1, Prepare: 1})},
		"another engine's": {Position: "0000000000000001", Ordinal: 1},
	} {
		if _, err := parsePlace(c); domain.KindOf(err) != domain.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i, p := range []esdb.Position{{Commit: 0, Prepare: 1}, {Commit: 1, Prepare: 0}, {Commit: 1, Prepare: 1}, {Commit: 9, Prepare: 3}, {Commit: 16, Prepare: 5}, {Commit: 1 << 62, Prepare: 1 << 60}} {
		got, err := parsePlace(event.Checkpoint{Position: position(p), Ordinal: 1})
		if err != nil || *got != p {
			t.Errorf("%d: %+v comes back as %+v, %v", i, p, got, err)
		}
	}
	if position(esdb.Position{Commit: 9, Prepare: 9}) >= position(esdb.Position{Commit: 16, Prepare: 0}) {
		t.Error("positions do not compare as strings")
	}
}
