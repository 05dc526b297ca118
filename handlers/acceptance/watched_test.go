package acceptance_test

// What operators see of all this: the program's log, spans, numbers. Every world is
// watched, and no test may leave anything personal in its log.

import (
	"bytes"
	"context"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/handlers/web"
	"imprint/projections"
)

// said is what the program's log says.
type said struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes.String()
}

// personal is what no log may hold: mail addresses, the token of a link, access
// tokens.
var personal = regexp.MustCompile(`[\w.+-]+@[\w-]+\.\w+|token=\w+|imprint_[\w-]{43}`)

func (s *said) holdsNothingPersonal(t testing.TB) {
	t.Helper()
	if found := personal.FindString(s.String()); found != "" {
		t.Errorf("the log holds %q", found)
	}
}

// spans keeps what was exported, also after the end.
type spans struct {
	mu  sync.Mutex
	all []sdk.ReadOnlySpan
}

func (s *spans) ExportSpans(_ context.Context, more []sdk.ReadOnlySpan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, more...)
	return nil
}

func (s *spans) Shutdown(context.Context) error { return nil }

// of are the spans of one trace, by name, in the order of their beginning.
func (s *spans) of(id uuid.UUID) map[string][]sdk.ReadOnlySpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string][]sdk.ReadOnlySpan{}
	for _, span := range s.all {
		if span.SpanContext().TraceID() == trace.TraceID(id) {
			found[span.Name()] = append(found[span.Name()], span)
		}
	}
	return found
}

func (w *world) folded(f projections.Folded) {
	w.metrics.Folded(f)
	w.traces.Folded(f)
}

func (w *world) arrived(ctx context.Context, a web.Arrival) (context.Context, func(web.Answer)) {
	ctx, ended := w.traces.Request(ctx, a.Correlation, a.Foreign)
	return ctx, func(answer web.Answer) {
		ended(answer.Route, answer.Status)
		w.metrics.Request(answer.Route, answer.Status, answer.Took)
	}
}

func (w *world) mailing(ctx context.Context, a digest.Attempt) func(mail.Outcome) {
	began, ended := time.Now(), w.traces.Mailing(ctx, a.Digest, a.Causes)
	return func(o mail.Outcome) {
		ended(o)
		w.metrics.Mailed(o, time.Since(began))
	}
}

// scrape is what Prometheus would get.
func (w *world) scrape() string {
	answer := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}

// correlation is the id under which a request was answered.
func (w *world) correlation(a answer) uuid.UUID {
	w.t.Helper()
	id, err := uuid.Parse(a.header.Get(web.CorrelationHeader))
	w.check(err)
	return id
}

// One action is one trace: from the request over the append and the batches to the
// notice and to the mail that another process may send an hour later.
func TestOneActionIsOneTraceFromTheRequestToTheMail(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, 10*time.Minute)
	id := w.publish("Report", nil)
	w.save("rita", id)
	w.choose("rita", "immediate")
	w.pass(time.Hour)
	w.react() // the first issue, of before the save, is no news

	body := object{"major": true, "summary": english("Retention is shorter now"), "files": w.files("second")}
	action := w.correlation(w.asks(201, "paula", "POST", at(id, "versions"), body, "If-Match", `"1"`))
	w.react()
	w.pass(time.Hour) // the grace period ends long after the request
	w.told("rita", "of the second version")
	w.check(w.traces.Close(context.Background()))

	found := w.spans.of(action)
	for _, name := range []string{
		"POST /api/v1/documents/{document}/versions", "append DocumentVersioned", "append NoticeReleased",
		"fold catalog", "fold history", "fold notices", "tell",
	} {
		if len(found[name]) == 0 {
			t.Errorf("the trace has no span %q", name)
		}
	}
	if t.Failed() {
		t.Fatalf("it has: %v", keys(found))
	}
	request := found["POST /api/v1/documents/{document}/versions"][0]
	if request.Parent().IsValid() {
		t.Error("the request, whose id was made here, is not the root")
	}
	root := request.SpanContext().SpanID()
	for name, all := range found {
		for _, span := range all {
			if span.SpanContext().SpanID() != root && span.Parent().SpanID() != root {
				t.Errorf("%q hangs on nothing of this trace", name)
			}
			if text(span) != action.String() {
				t.Errorf("%q carries the correlation id %q", name, text(span))
			}
		}
	}
	told := found["tell"][0]
	if len(told.Links()) != 1 {
		t.Fatalf("the mail has %d links, not the one to its digest", len(told.Links()))
	}
	sent, _ := w.sent("rita")
	digestOf := uuid.UUID(told.Links()[0].SpanContext.TraceID())
	if want := sent[len(sent)-1].MessageID; !strings.HasPrefix(want, digestOf.String()) {
		t.Errorf("linked to digest %s; the mail is %s", digestOf, want)
	}
	own := w.spans.of(digestOf)
	if len(own["tell"]) != 1 || len(own["append DigestSent"]) != 1 || len(own["tell"][0].Links()) != 1 ||
		own["tell"][0].Links()[0].SpanContext.TraceID() != trace.TraceID(action) {
		t.Errorf("the digest's own trace: %v", keys(own))
	}
}

// A batch that holds several events of one action is one span of it.
func TestABatchIsOneSpanOfAnAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []uuid.UUID{w.publish("One", nil), w.publish("Two", nil), w.publish("Three", nil)}
	action := w.correlation(w.asks(200, "rita", "POST", "/api/v1/library", object{"documents": ids}))
	w.check(w.traces.Close(context.Background()))
	if n := len(w.spans.of(action)["fold library"]); n != 1 {
		t.Errorf("%d spans", n)
	}
}

// Who chooses a correlation id may use it for many requests: each is a span of its
// own, and none passes for the root.
func TestRequestsUnderOneForeignIDHangSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := uuid.New()
	for range 2 {
		w.asks(200, "rita", "GET", documents, nil, web.CorrelationHeader, id.String())
	}
	w.check(w.traces.Close(context.Background()))
	all := w.spans.of(id)["GET /api/v1/documents"]
	if len(all) != 2 || all[0].SpanContext().SpanID() == all[1].SpanContext().SpanID() || !all[0].Parent().IsValid() || all[0].Parent().SpanID() != all[1].Parent().SpanID() {
		t.Errorf("%d spans: %v", len(all), all)
	}
}

// The log names each request by its correlation id, and nobody.
func TestTheLogCarriesTheCorrelationIDAndNobodysData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.publish("Report", nil)
	w.save("rita", id)
	w.choose("rita", "immediate")
	a := w.asks(200, "rita", "GET", at(id), nil)
	w.version(id, 1, "Second", nil)
	w.outcomes.script = []mail.Outcome{{Verdict: mail.Refused, Code: 550, Reason: "rcpt"}}
	equal(w, "failed", w.react().Failed, 1)

	operator := handlers.Request{ID: "token", Actor: access.Reader{Person: event.OperatorActor}}
	issued, err := w.people.IssueToken(context.Background(), operator, handlers.IssueToken{Person: w.person("rita"), Role: access.Member, Expires: w.clock().Add(day)})
	w.check(err)
	w.asks(200, "", "GET", "/api/v1/library", nil, "Authorization", "Bearer "+issued.Secret)
	w.asks(401, "", "GET", "/api/v1/library", nil, "Authorization", "Bearer wrong-"+issued.Secret)

	log := w.said.String()
	line := regexp.MustCompile(`msg=request correlation=` + w.correlation(a).String() + ` .*route="GET /api/v1/documents/\{document\}" status=200`)
	if !line.MatchString(log) {
		t.Errorf("no line for the request:\n%s", log)
	}
	for _, secret := range []string{issued.Secret, "rita", "ruth", "reader.example", id.String(), w.person("rita").String()} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if n := w.scrape(); strings.Contains(n, id.String()) || personal.MatchString(n) {
		t.Errorf("the metrics hold ids or addresses")
	}
}

func TestWhatHappensIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.publish("Report", nil)
	w.save("rita", id)
	w.choose("rita", "immediate")
	w.version(id, 1, "Second", nil)
	w.outcomes.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Reason: "busy"}}
	w.react()
	w.pass(2 * time.Minute)
	w.react()
	w.asks(404, "rita", "GET", at(uuid.New()), nil)
	w.asks(404, "rita", "GET", "/nowhere/"+uuid.NewString(), nil)
	scraped := w.scrape()
	for _, want := range []string{
		`imprint_http_requests_total{route="GET /api/v1/documents/{document}",status="4xx"} 1`,
		`imprint_http_requests_total{route="POST /api/v1/documents",status="2xx"} 1`,
		`imprint_http_requests_total{route="none",status="4xx"} 1`,
		`imprint_mail_attempts_total{reply="4xx",verdict="deferred"} 1`,
		`imprint_mail_attempts_total{reply="none",verdict="accepted"} 1`,
		`imprint_log_appends_total{outcome="conflict"} 0`,
		`imprint_content_errors_total{kind="unavailable",operation="put"} 0`,
	} {
		if !strings.Contains(scraped, "\n"+want+"\n") {
			t.Errorf("not counted: %s", want)
		}
	}
	if t.Failed() {
		t.Log(scraped)
	}
}

func keys(m map[string][]sdk.ReadOnlySpan) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// text is the correlation id in a span's attributes.
func text(s sdk.ReadOnlySpan) string {
	for _, a := range s.Attributes() {
		if a.Key == "imprint.correlation_id" {
			return a.Value.AsString()
		}
	}
	return ""
}
