package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/blob"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/telemetry/metrics"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/projections"
	"imprint/projections/catalog"
)

var start = time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)

// world is a log with one read model and its metrics.
type world struct {
	*testing.T
	now     time.Time
	file    *eventlog.Log
	log     event.Log // with its appends counted
	codec   *event.Codec
	group   *projections.Group
	metrics *metrics.Metrics
	due     time.Time
	err     error // of the digests
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, now: start}
	ctx, dir := context.Background(), t.TempDir()
	w.metrics = metrics.New(func() time.Time { return w.now })
	var err error
	w.file, err = eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: func() time.Time { return w.now }})
	w.must(err)
	store, err := views.Open(ctx, filepath.Join(dir, "views.db"), time.Now)
	w.must(err)
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	w.must(err)
	t.Cleanup(func() { w.must(errors.Join(w.file.Close(), store.Close(), db.Close())) })
	keys, err := work.NewKeys(db, make([]byte, event.KeySize), time.Now)
	w.must(err)
	registry, err := schema.Registry()
	w.must(err)
	w.codec, w.log = event.NewCodec(registry, keys), w.metrics.Log(w.file)
	w.group, err = projections.Engine{Log: w.log, Registry: registry, Store: store, Holder: "test", Folded: w.metrics.Folded}.Group(catalog.Projection())
	w.must(err)
	w.metrics.Watch(metrics.Sources{
		Log: w.log, ReadModels: w.group, Parked: work.NewReactions(db), Digests: w,
		Stopped:  func() map[string]bool { return map[string]bool{"notices": true} },
		Outcomes: func() map[string]int { return map[string]int{"accepted": 3} }, RouteDown: func() bool { return false },
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) Waits(context.Context) (string, error)        { return "", w.err }
func (w *world) OldestDue(context.Context) (time.Time, error) { return w.due, w.err }

// publish appends the first version of a document; expected is its revision.
func (w *world) publish(ctx context.Context, id uuid.UUID, expected int64) error {
	w.Helper()
	stream := document.Stream(id)
	e, err := w.codec.Encode(ctx, event.Draft{Stream: stream, ID: uuid.New(), Meta: event.Metadata{Time: w.now, Actor: "someone"},
		Payload: document.Published{Document: id, Audience: access.Audience{Kind: access.Everyone}, Details: document.Details{Title: domain.English("Report")},
			Version: document.Version{Number: 1, Major: true, Summary: domain.English("First"), PublishedAt: w.now}}})
	w.must(err)
	_, err = w.log.Append(ctx, stream, expected, []event.Event{e})
	return err
}

func (w *world) scrape() string {
	answer := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		w.Fatalf("%d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func (w *world) shows(when string, lines ...string) {
	w.Helper()
	scraped := w.scrape()
	for _, line := range lines {
		if !strings.Contains(scraped, "\n"+line+"\n") {
			w.Errorf("%s: there is no %s in\n%s", when, line, grep(scraped, line[:strings.IndexAny(line, "{ ")]))
		}
	}
}

func grep(text, with string) string {
	var found strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, with) {
			found.WriteString(line)
		}
	}
	return found.String()
}

func TestTheLagIsInEventsAndInSeconds(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	for range 2 {
		w.must(w.publish(ctx, uuid.New(), event.NoStream))
		w.now = w.now.Add(time.Minute)
	}
	w.shows("before the read model has begun",
		`imprint_log_events 2`, `imprint_projection_lag_events{projection="catalog"} 2`, `imprint_projection_lag_seconds{projection="catalog"} 120`,
		`imprint_projection_leading{projection="catalog"} 0`, `imprint_source_up{source="log"} 1`)
	if strings.Contains(w.scrape(), "imprint_projection_parked_keys{") {
		t.Error("who does not lead tells of parked keys")
	}
	w.must(w.group.CatchUp(ctx, nil))
	w.shows("after it", `imprint_projection_lag_events{projection="catalog"} 0`, `imprint_projection_lag_seconds{projection="catalog"} 0`,
		`imprint_projection_caught_up{projection="catalog"} 1`, `imprint_projection_lease_changes_total{change="taken",projection="catalog"} 1`,
		`imprint_projection_batch_events_sum{projection="catalog"} 2`, `imprint_projection_batch_duration_seconds_count{projection="catalog"} 1`)
	w.must(w.publish(ctx, uuid.New(), event.NoStream))
	w.now = w.now.Add(7 * time.Second)
	w.shows("one behind", `imprint_projection_lag_events{projection="catalog"} 1`, `imprint_projection_lag_seconds{projection="catalog"} 7`)
}

func TestASourceThatFailsLeavesOutItsOwnNumbersOnly(t *testing.T) {
	w := newWorld(t)
	w.due, w.now = start, start.Add(20*time.Minute)
	w.shows("while all is well", `imprint_digest_oldest_due_age_seconds 1200`, `imprint_digests_waiting 0`, `imprint_digests_total{outcome="accepted"} 3`,
		`imprint_reaction_stopped{reaction="notices"} 1`, `imprint_reaction_parked_events 0`)
	w.due = time.Time{}
	w.shows("with nothing due", `imprint_digest_oldest_due_age_seconds 0`)
	w.err = errors.New("the work tables are away")
	w.shows("while the digests cannot be asked", `imprint_source_up{source="digests"} 0`, `imprint_source_up{source="log"} 1`, `imprint_log_events 0`)
	if strings.Contains(w.scrape(), "\nimprint_digest_oldest_due_age_seconds") {
		t.Error("an age is told that nobody knows")
	}
	w.must(w.file.Close())
	w.shows("while the log is away", `imprint_source_up{source="log"} 0`, `imprint_projection_stopped{projection="catalog"} 0`)
}

func TestAppendsAreCountedByOutcome(t *testing.T) {
	w, ctx, id := newWorld(t), t.Context(), uuid.New()
	w.must(w.publish(ctx, id, event.NoStream))
	var conflict *event.ConflictError
	if err := w.publish(ctx, id, event.NoStream); !errors.As(err, &conflict) {
		t.Fatal(err)
	}
	if err := w.publish(ctx, id, -7); domain.KindOf(err) != domain.Invalid {
		t.Fatal(err)
	}
	w.must(w.file.Close())
	if err := w.publish(ctx, uuid.New(), event.NoStream); !errors.Is(err, event.ErrClosed) {
		t.Fatal(err)
	}
	w.shows("afterwards", `imprint_log_appends_total{outcome="written"} 1`, `imprint_log_appends_total{outcome="conflict"} 1`,
		`imprint_log_appends_total{outcome="refused"} 1`, `imprint_log_appends_total{outcome="failed"} 1`, `imprint_log_append_duration_seconds_count 4`)
}

func TestOnlyTheStoresOwnFailuresAreCounted(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	dir, err := blob.Open(t.TempDir(), blob.Options{})
	w.must(err)
	store := w.metrics.Content(dir)
	if _, _, err := store.Read(ctx, fmt.Sprintf("%064d", 1)); domain.KindOf(err) != domain.NotFound {
		t.Fatal(err)
	}
	if _, err := store.Put(ctx, io.MultiReader(strings.NewReader("half"), broken{})); err == nil {
		t.Fatal("half an upload is stored")
	}
	stored, err := store.Put(ctx, strings.NewReader("whole"))
	w.must(err)
	bytes, size, err := store.Read(ctx, stored.SHA256)
	w.must(err)
	if text, err := io.ReadAll(bytes); err != nil || string(text) != "whole" || size != 5 {
		t.Errorf("%q, %d bytes, %v", text, size, err)
	}
	w.must(bytes.Close())
	w.shows("afterwards", `imprint_content_errors_total{kind="not-found",operation="read"} 1`, `imprint_content_errors_total{kind="internal",operation="put"} 0`)
	if n := strings.Count(grep(w.scrape(), "imprint_content_errors_total"), "} 1\n"); n != 1 {
		t.Errorf("%d failures are counted, not 1", n)
	}
}

// broken is a sender that goes away.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// The names keep Prometheus' conventions, and none is left without a help text.
func TestNamesAndHelp(t *testing.T) {
	w := newWorld(t)
	w.metrics.Request("GET /", 200, time.Second)
	types, help := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(w.scrape()) {
		var name, text string
		switch fields := strings.SplitN(strings.TrimSpace(line), " ", 4); {
		case len(fields) == 4 && fields[1] == "TYPE":
			name, text = fields[2], fields[3]
			types[name] = text
		case len(fields) == 4 && fields[1] == "HELP":
			help[fields[2]] = strings.HasSuffix(fields[3], ".") || !strings.HasPrefix(fields[2], "imprint_")
		}
	}
	if len(types) < 60 { // ours and the runtime's
		t.Errorf("only %d metrics", len(types))
	}
	for name, kind := range types {
		if !help[name] {
			t.Errorf("%s has no help text that is a sentence", name)
		}
		if strings.HasPrefix(name, "imprint_") && (kind == "counter") != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s", name, kind)
		}
	}
}
