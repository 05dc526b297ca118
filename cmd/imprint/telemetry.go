package main

// Here: what operators see of a serving program, hung on its parts. Everything is
// off unless a setting asks for it; a nil *telemetry watches nothing.

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"imprint/adapters/telemetry/metrics"
	"imprint/adapters/telemetry/traces"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/handlers/digest"
	"imprint/handlers/reactions"
	"imprint/handlers/web"
	"imprint/projections"
)

// telemetryFlags say what is to be seen. Traces have the settings that OpenTelemetry
// has everywhere: OTEL_EXPORTER_OTLP_ENDPOINT turns them on.
type telemetryFlags struct {
	MetricsListen string `env:"IMPRINT_METRICS_LISTEN" placeholder:"ADDR" help:"An address of its own for GET /metrics (Prometheus), such as 127.0.0.1:9464. Default: none. Whoever reaches it may read the numbers: keep it from the public."`
}

// flushTime bounds how long spans that wait may take to leave at the end.
const flushTime = 2 * time.Second

// telemetry is what watches one installation.
type telemetry struct {
	metrics  *metrics.Metrics // nil: nobody asks
	listener net.Listener     // of metrics
	traces   *traces.Traces   // nil: nobody asks
}

// watch begins to watch an installation whose engines are open, before anything is
// put on them: its log is another one from then on.
func (f *telemetryFlags) watch(ctx context.Context, in *opened) (err error) {
	if f == nil {
		return nil
	}
	t := &telemetry{}
	if t.traces, err = traces.FromEnvironment(ctx, os.Getenv, in.log, in.logger); err != nil {
		return err
	}
	in.closers = append(in.closers, t.close)
	if f.MetricsListen != "" {
		if t.listener, err = listen(f.MetricsListen); err != nil {
			return domain.Refuse(domain.Unavailable, "listen", "%s cannot be listened on for metrics; choose another address with --metrics-listen", f.MetricsListen).Because(err)
		}
		t.metrics = metrics.New(in.clock)
	}
	in.telemetry = t
	if t.metrics != nil {
		in.log = watchedLog{eventLog: in.log, watched: t.metrics.Log(in.log)}
	}
	if t.traces != nil {
		in.log = watchedLog{eventLog: in.log, watched: t.traces.Log(in.log)}
	}
	return nil
}

// watchedLog is a log whose appends are watched.
type watchedLog struct {
	eventLog
	watched event.Log
}

// Append implements event.Log.
func (l watchedLog) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	return l.watched.Append(ctx, stream, expected, events)
}

// Health tells whether the engine answers, where it can tell.
func (l watchedLog) Health() error {
	if engine, ok := l.eventLog.(interface{ Health() error }); ok {
		return engine.Health()
	}
	return nil
}

// folded is told of the batches of read models.
func (t *telemetry) folded() func(projections.Folded) {
	if t == nil || t.metrics == nil && t.traces == nil {
		return nil
	}
	return func(f projections.Folded) {
		if t.metrics != nil {
			t.metrics.Folded(f)
		}
		t.traces.Folded(f)
	}
}

// content is a content store whose failures are counted.
func (t *telemetry) content(store metrics.ContentStore) metrics.ContentStore {
	if t == nil || t.metrics == nil {
		return store
	}
	return t.metrics.Content(store)
}

// requests is told of requests.
func (t *telemetry) requests() func(context.Context, web.Arrival) (context.Context, func(web.Answer)) {
	if t == nil || t.metrics == nil && t.traces == nil {
		return nil
	}
	return func(ctx context.Context, a web.Arrival) (context.Context, func(web.Answer)) {
		ctx, ended := t.traces.Request(ctx, a.Correlation, a.Foreign)
		return ctx, func(answer web.Answer) {
			ended(answer.Route, answer.Status)
			if t.metrics != nil {
				t.metrics.Request(answer.Route, answer.Status, answer.Took)
			}
		}
	}
}

// mails is told of mails.
func (t *telemetry) mails() digest.Watch {
	if t == nil || t.metrics == nil && t.traces == nil {
		return nil
	}
	return func(ctx context.Context, a digest.Attempt) func(mail.Outcome) {
		began, ended := time.Now(), t.traces.Mailing(ctx, a.Digest, a.Causes)
		return func(o mail.Outcome) {
			ended(o)
			if t.metrics != nil {
				t.metrics.Mailed(o, time.Since(began))
			}
		}
	}
}

// serve answers GET /metrics at the address of its own, until the context ends.
func (t *telemetry) serve(ctx context.Context, work *errgroup.Group, s *site, digests *digest.Service, consequences *reactions.Reactions) {
	if t == nil || t.metrics == nil {
		return
	}
	t.metrics.Watch(metrics.Sources{
		Log: s.log, ReadModels: s.readModels, Parked: consequences, Digests: digests,
		Stopped: func() map[string]bool {
			stopped := map[string]bool{}
			for _, st := range consequences.Status() {
				stopped[st.Reaction] = st.Stopped != ""
			}
			return stopped
		},
		Outcomes:  func() map[string]int { return outcomes(digests.Totals()) },
		RouteDown: func() bool { return digests.Totals().RouteDown },
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.metrics.Handler())
	s.answer(ctx, work, t.listener, mux)
	s.logger.Info("metrics are served", "address", t.listener.Addr().String())
}

// outcomes names the counts of digests.
func outcomes(r digest.Report) map[string]int {
	return map[string]int{
		"accepted": r.Accepted, "empty": r.Empty, "withheld": r.Withheld, "put_off": r.PutOff, "deferred": r.Deferred, "failed": r.Failed,
		"doubtful": r.Doubtful, "resent": r.Resent, "lost": r.Lost, "errors": r.Errors,
	}
}

// close sends the spans that wait; a collector that is away is no failure.
func (t *telemetry) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := t.traces.Close(ctx); err != nil {
		slog.Warn("the last traces did not leave", "error", err)
	}
	if t.listener == nil {
		return nil
	}
	if err := t.listener.Close(); !errors.Is(err, net.ErrClosed) { // its server has closed it, if it came to that
		return err
	}
	return nil
}
