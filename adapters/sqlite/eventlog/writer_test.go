package eventlog

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	driver "modernc.org/sqlite"

	"imprint/domain"
	"imprint/domain/event"
)

// still gives a writer that nobody else uses, so that a test decides what goes into
// one transaction.
func still(t *testing.T) (*Log, *writer) {
	t.Helper()
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, l.writer
}

func ask(t *testing.T, to event.Stream, expected int64, events ...event.Event) *request {
	t.Helper()
	r, err := newRequest(to, expected, events)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func new1() event.Event { return sample(time.Now()) }

func TestAFailingAppendFailsAlone(t *testing.T) {
	l, w := still(t)
	known := new1()
	w.write([]*request{ask(t, "document-0", event.NoStream, known)})

	batch := []*request{
		ask(t, "document-1", event.NoStream, new1(), new1()),
		ask(t, "document-2", event.NoStream, new1(), known), // its second event stands elsewhere
		ask(t, "document-1", 1, new1()),                     // follows the first of this batch
		ask(t, "document-1", 0, new1()),                     // decided on an old revision
		ask(t, "document-2", event.NoStream, new1()),
	}
	w.write(batch)
	for i, want := range []domain.Kind{"", domain.Conflict, "", domain.Internal, ""} {
		a := <-batch[i].answer
		if domain.KindOf(a.err) != want {
			t.Errorf("append %d: %v", i, a.err)
		}
		var conflict *event.ConflictError
		if i == 3 && (!errors.As(a.err, &conflict) || conflict.Current != 2) {
			t.Errorf("append 3 is not a conflict with revision 2: %v", a.err)
		}
	}
	if n := len(all(t, l)); n != 5 {
		t.Errorf("the log holds %d events, not 5", n)
	}
}

// In company a caller lets others run before it commits, who join it; a lone one
// commits at once. With one processor nobody else runs before it yields, and one that
// yields is seldom the next to run again.
func TestWhoHasCompanyWaitsForIt(t *testing.T) {
	l, w := still(t)
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	revision := event.NoStream
	const rounds = 20
	for _, c := range []struct{ company, waited, join bool }{
		{company: false, waited: false, join: false},
		{company: false, waited: true, join: true}, // somebody else had the turn
		{company: true, waited: false, join: true}, // the batch before was of several
	} {
		joined := 0
		for range rounds {
			first, second := ask(t, "document-1", revision, new1()), ask(t, "document-1", revision+1, new1())
			revision += 2
			entered := make(chan struct{})
			w.company = c.company
			l.queue <- first
			go func() {
				l.queue <- second
				close(entered)
			}()
			w.serve(first, c.waited)
			together := len(second.answer) == 1
			if together {
				joined++
			}
			if len(first.answer) != 1 || w.company != together {
				t.Errorf("%+v: joined %t, company %t afterwards", c, together, w.company)
			}
			<-entered
			w.serve(second, false) // if it is left
			if a := <-second.answer; a.err != nil {
				t.Error(a.err)
			}
		}
		// Without a yield nobody joins, unless the runtime takes the processor away.
		if c.join && joined < rounds/2 || !c.join && joined > rounds/2 {
			t.Errorf("%+v: joined in %d of %d", c, joined, rounds)
		}
	}
}

func TestARepetitionInTheSameTransaction(t *testing.T) {
	l, w := still(t)
	e := new1()
	batch := []*request{
		ask(t, "document-1", event.NoStream, e),
		ask(t, "document-1", event.NoStream, e), // the caller gave up and asks again
		ask(t, "document-1", 0, new1()),
	}
	w.write(batch)
	first, again := <-batch[0].answer, <-batch[1].answer
	if first.err != nil || again != first {
		t.Errorf("%+v, then %+v", first, again)
	}
	if n := len(all(t, l)); n != 2 {
		t.Errorf("the log holds %d events, not 2", n)
	}
}

// TestAFailedCommitIsUncertain lets SQLite turn a COMMIT into a rollback.
func TestAFailedCommitIsUncertain(t *testing.T) {
	l, w := still(t)
	w.write([]*request{ask(t, "document-1", event.NoStream, new1())})
	err := w.session.conn.Raw(func(c any) error {
		hooks, ok := c.(driver.HookRegisterer)
		if !ok {
			return fmt.Errorf("%T takes no hooks", c)
		}
		hooks.RegisterCommitHook(func() int32 { return 1 })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	changed := l.Changed()
	e := new1()
	failed := []*request{ask(t, "document-1", 0, e), ask(t, "document-2", event.NoStream, new1())}
	w.write(failed)
	for i, r := range failed {
		if a := <-r.answer; !errors.Is(a.err, event.ErrUncertain) {
			t.Errorf("append %d: %v", i, a.err)
		}
	}
	<-changed // for all the writer knows, there is something new

	// The new connection has no hook and no false memory.
	retry := []*request{ask(t, "document-1", 0, e), ask(t, "document-3", event.NoStream, new1())}
	w.write(retry)
	for i, want := range []event.Appended{{Revision: 1, Position: position(2)}, {Revision: 0, Position: position(3)}} {
		if a := <-retry[i].answer; a.err != nil || a.appended != want {
			t.Errorf("after it, append %d: %+v, %v", i, a.appended, a.err)
		}
	}
	if n := len(all(t, l)); n != 3 {
		t.Errorf("the log holds %d events, not 3", n)
	}
}

// TestASecondWriterIsNoticed breaks the law of one writer on purpose.
func TestASecondWriterIsNoticed(t *testing.T) {
	l, w := still(t)
	other, err := sql.Open("sqlite", l.db.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	e := new1()
	r := ask(t, "document-1", event.NoStream, e).rows[0]
	if _, err := other.Exec(insertSQL, 1, "document-1", 0, r.id[:], r.eventType, r.schema, r.time, r.time, r.data, r.meta); err != nil {
		t.Fatal(err)
	}
	refused, repeated, next := ask(t, "document-2", event.NoStream, new1()), ask(t, "document-1", event.NoStream, e), ask(t, "document-1", 0, new1())
	w.write([]*request{refused})
	if a := <-refused.answer; domain.KindOf(a.err) != domain.Unavailable {
		t.Errorf("a second writer went unnoticed: %+v, %v", a.appended, a.err)
	}
	w.write([]*request{repeated, next}) // with its memory read anew
	if a := <-repeated.answer; a.err != nil || a.appended.Position != position(1) {
		t.Errorf("repeated: %+v, %v", a.appended, a.err)
	}
	if a := <-next.answer; a.err != nil || a.appended.Position != position(2) {
		t.Errorf("next: %+v, %v", a.appended, a.err)
	}
}

func TestCloseAnswersEveryoneFirst(t *testing.T) {
	l, _ := still(t)
	waiting := make([]*request, 20)
	for i := range waiting {
		waiting[i] = ask(t, event.Stream(fmt.Sprintf("document-%d", i)), event.NoStream, new1())
		l.queue <- waiting[i]
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for i, r := range waiting {
		select {
		case a := <-r.answer:
			if a.err != nil {
				t.Errorf("append %d: %v", i, a.err)
			}
		default:
			t.Errorf("append %d was left without an answer", i)
		}
	}
	if n := len(all(t, open(t, l.db.Path))); n != 20 {
		t.Errorf("the log holds %d events, not 20", n)
	}
	if _, err := l.Append(t.Context(), "document-x", event.NoStream, []event.Event{new1()}); !errors.Is(err, event.ErrClosed) {
		t.Errorf("an append after Close: %v", err)
	}
	if _, err := l.ReadAll(t.Context(), event.Checkpoint{}, 1); !errors.Is(err, event.ErrClosed) {
		t.Errorf("a read after Close: %v", err)
	}
}

// A connection that was given up must not hold the file to the end.
func TestCloseLeavesOneFile(t *testing.T) {
	l, w := still(t)
	w.write([]*request{ask(t, "document-1", event.NoStream, new1())})
	w.disconnect()
	w.write([]*request{ask(t, "document-1", 0, new1())})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(l.db.Path + "*"); err != nil || len(found) != 1 {
		t.Errorf("after Close there are %v (%v)", found, err)
	}
}

func TestRevisionsAreBoundedAndRight(t *testing.T) {
	var m revisions
	name := func(i int) event.Stream { return event.Stream(fmt.Sprint(i)) }
	m.put("kept", 7)
	for i := range 5 * remembered {
		m.put(name(i), int64(i))
		if r, ok := m.get(name(i)); !ok || r != int64(i) {
			t.Fatalf("stream %d: %d, %v", i, r, ok)
		}
		if r, ok := m.get("kept"); !ok || r != 7 {
			t.Fatalf("a stream in constant use was forgotten after %d others", i)
		}
	}
	if n := len(m.young) + len(m.old); n > 2*remembered {
		t.Errorf("%d streams are remembered", n)
	}
	if _, ok := m.get(name(0)); ok {
		t.Error("nothing is ever forgotten")
	}
	m.put(name(3), 1) // an old one again, with a newer revision
	if r, _ := m.get(name(3)); r != 1 {
		t.Errorf("an old revision came back: %d", r)
	}
}
