package traces_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"imprint/adapters/telemetry/traces"
	"imprint/domain"
	"imprint/projections"
)

// kept are the spans that were exported.
type kept struct {
	mu  sync.Mutex
	all []sdk.ReadOnlySpan
}

func (k *kept) ExportSpans(_ context.Context, spans []sdk.ReadOnlySpan) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, spans...)
	return nil
}

func (k *kept) Shutdown(context.Context) error { return nil }

func newTraces(t *testing.T, ratio float64) (*traces.Traces, func() []sdk.ReadOnlySpan) {
	t.Helper()
	k := &kept{}
	tr, err := traces.New(t.Context(), k, ratio, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return tr, func() []sdk.ReadOnlySpan {
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		return k.all
	}
}

func folded(actions ...uuid.UUID) projections.Folded {
	return projections.Folded{Projection: "catalog", Events: len(actions), Actions: actions}
}

// What follows in another process finds the request by the correlation id alone.
func TestTheIdentityFollowsFromTheCorrelationID(t *testing.T) {
	here, requests := newTraces(t, 1)
	elsewhere, batches := newTraces(t, 1)
	zero := uuid.MustParse("00000001-0000-4000-0000-000000000000") // its last eight bytes are no span id
	for _, id := range []uuid.UUID{uuid.Must(uuid.NewV7()), uuid.New(), zero} {
		_, ended := here.Request(t.Context(), id, false)
		ended("GET /", 200)
		elsewhere.Folded(folded(id))
	}
	roots, follows := requests(), batches()
	for i, root := range roots {
		parent := follows[i].Parent()
		if root.Parent().IsValid() || !root.SpanContext().IsValid() || parent.SpanID() != root.SpanContext().SpanID() || follows[i].SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Errorf("%v, followed by %v on %v", root.SpanContext(), follows[i].SpanContext(), parent)
		}
	}
	if len(roots) != 3 || len(follows) != 3 {
		t.Errorf("%d requests and %d batches", len(roots), len(follows))
	}
}

// A read model that catches up is no consequence of anything.
func TestABatchOfManyActionsIsNotTraced(t *testing.T) {
	tr, spans := newTraces(t, 1)
	var many []uuid.UUID
	for range 33 {
		many = append(many, uuid.New())
	}
	tr.Folded(folded(many...))
	tr.Folded(folded(many[:32]...))
	if n := len(spans()); n != 32 {
		t.Errorf("%d spans, not one for each of 32", n)
	}
}

// UUIDs are no random numbers where the SDK looks for one.
func TestAShareOfTheTracesIsKeptInEveryProcessAlike(t *testing.T) {
	here, requests := newTraces(t, .25)
	elsewhere, batches := newTraces(t, .25)
	const n = 2000
	for range n {
		id := uuid.Must(uuid.NewV7())
		_, ended := here.Request(t.Context(), id, false)
		ended("GET /", 200)
		elsewhere.Folded(folded(id))
	}
	chosen := map[trace.TraceID]bool{}
	for _, s := range requests() {
		chosen[s.SpanContext().TraceID()] = true
	}
	if len(chosen) < n/5 || len(chosen) > n*3/10 { // five standard deviations
		t.Errorf("%d of %d are kept, not a quarter", len(chosen), n)
	}
	all := batches()
	for _, s := range all {
		if !chosen[s.SpanContext().TraceID()] {
			t.Error("one process keeps what the other drops")
		}
	}
	if len(all) != len(chosen) {
		t.Errorf("%d kept here, %d elsewhere", len(chosen), len(all))
	}
}

// The standard settings: nothing without an endpoint; spans by OTLP over HTTP with
// one; a collector that refuses is told of in the log, once.
func TestSpansLeaveByTheStandardSettings(t *testing.T) {
	var mu sync.Mutex
	status, got := http.StatusBadRequest, []string{}
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Error(err)
			}
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(text))
		w.WriteHeader(status)
	}))
	defer collector.Close()
	environment := map[string]string{}
	var said bytes.Buffer
	begin := func() *traces.Traces {
		tr, err := traces.FromEnvironment(t.Context(), func(name string) string { return environment[name] }, nil, slog.New(slog.NewTextHandler(&said, nil)))
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	if tr := begin(); tr != nil {
		t.Error("there are traces that nobody asked for")
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL) // the exporter reads it itself
	environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.URL
	for _, answers := range []int{http.StatusBadRequest, http.StatusOK} {
		mu.Lock()
		status = answers
		mu.Unlock()
		tr := begin()
		_, ended := tr.Request(t.Context(), uuid.New(), false)
		ended("GET /documents/{document}", 200)
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(said.String(), "traces do not arrive"); n != 1 {
		t.Errorf("told %d times of one failure:\n%s", n, said.String())
	}
	if len(got) != 2 || !strings.HasPrefix(got[1], "/v1/traces application/x-protobuf ") || !strings.Contains(got[1], "GET /documents/{document}") || !strings.Contains(got[1], "service.name") {
		t.Errorf("the collector got %q", got)
	}
}

func TestASamplerThatIsNotKnownIsRefused(t *testing.T) {
	for _, settings := range []map[string]string{
		{"OTEL_TRACES_SAMPLER": "jaeger_remote"},
		{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "NaN"},
		{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
	} {
		settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4318"
		_, err := traces.FromEnvironment(t.Context(), func(name string) string { return settings[name] }, nil, slog.Default())
		if domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), "OTEL_TRACES_SAMPLER") {
			t.Errorf("%v: %v", settings, err)
		}
	}
}
