// Package traces follows what one action of a person led to, as spans for an
// OpenTelemetry collector.
//
// # One action, one trace
//
// Every request has a correlation id, and every event that follows from it, however
// late and in whichever process, carries that id in its metadata. The id is a UUID
// of 16 bytes, and a trace id has 16 bytes: the trace id is the correlation id. So
// a span belongs to its trace without any trace context in an event, a work row or
// a mail, and whoever has the correlation id of a problem document, a log line or
// an event can ask for its trace (docs/decisions/0008-the-correlation-id-is-the-trace-id.md).
//
//	POST /api/v1/documents/{document}/versions     the request
//	├─ append DocumentVersioned                    the commit point
//	├─ fold catalog, fold history …                a batch that held an event of it
//	├─ append NoticeReleased                       after the grace period
//	├─ fold notices
//	└─ tell                                        a mail that tells of it
//
// The identity of the request's span follows from the correlation id too: its last
// eight bytes. What has no parent in its own process hangs on that. Where the
// caller chose the correlation id, the action began there and may be many
// requests: then the request hangs on that identity like everything else.
//
// A batch or a mail may follow from many actions; each of them, up to maxActions,
// gets a span of its own. A mail has a trace of its own too, by the digest's id,
// with links to the actions.
package traces

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/projections"
)

// maxActions bounds the spans of one batch or mail. A batch of more actions is a
// read model that catches up, which is no part of what any of them led to.
const maxActions = 32

// correlation names the attribute that holds the correlation id.
const correlation = attribute.Key("imprint.correlation_id")

// Traces makes spans. A nil *Traces makes none.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	causes   causes
}

// New makes spans for an exporter. ratio is the share of traces that are kept, 0
// to 1; the log tells what a mail's notices followed from. Failures of the
// exporter are logged when they begin and when they end.
func New(ctx context.Context, exporter sdk.SpanExporter, ratio float64, log event.Log, logger *slog.Logger) (*Traces, error) {
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "imprint")),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // OTEL_SERVICE_NAME wins
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithIDGenerator(ids{}), sdk.WithSampler(share(ratio)),
		sdk.WithBatcher(&watchedExporter{SpanExporter: exporter, logger: logger}))
	return &Traces{provider: provider, tracer: provider.Tracer("imprint"), causes: causes{log: log}}, nil
}

// Close sends what is waiting, within the context's time.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Request begins the span of a request; the context is for what the request does.
// foreign: the caller chose the id. ended takes the route's pattern and the status.
func (t *Traces) Request(ctx context.Context, id uuid.UUID, foreign bool) (_ context.Context, ended func(route string, status int)) {
	if t == nil {
		return ctx, func(string, int) {}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(correlation.String(id.String()))}
	if foreign {
		ctx = behind(ctx, id)
	} else {
		ctx = context.WithValue(ctx, rootKey{}, identity(id))
		options = append(options, trace.WithNewRoot())
	}
	ctx, span := t.tracer.Start(ctx, "request", options...)
	return ctx, func(route string, status int) {
		if route != "" {
			span.SetName(route)
		}
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Folded makes the spans of a batch of a read model.
func (t *Traces) Folded(f projections.Folded) {
	if t == nil || len(f.Actions) > maxActions {
		return
	}
	for _, id := range f.Actions {
		_, span := t.tracer.Start(behind(context.Background(), id), "fold "+f.Projection, trace.WithTimestamp(f.Began),
			trace.WithAttributes(correlation.String(id.String()), attribute.Int("imprint.events", f.Events), attribute.Int("imprint.rows", f.Rows)))
		span.End(trace.WithTimestamp(f.Ended))
	}
}

// Mailing begins the spans of a mail: one in the trace of each action that it
// tells of, and one of its own with links to them. told are the events it tells of.
func (t *Traces) Mailing(ctx context.Context, digest uuid.UUID, told []uuid.UUID) (ended func(mail.Outcome)) {
	if t == nil {
		return func(mail.Outcome) {}
	}
	began := time.Now()
	actions := t.causes.actions(ctx, told)
	own := trace.Link{SpanContext: identity(digest)}
	links := make([]trace.Link, len(actions))
	for i, id := range actions {
		links[i] = trace.Link{SpanContext: identity(id)}
	}
	var spans []trace.Span
	begin := func(id uuid.UUID, links ...trace.Link) {
		_, span := t.tracer.Start(behind(ctx, id), "tell", trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindProducer),
			trace.WithLinks(links...), trace.WithAttributes(correlation.String(id.String())))
		spans = append(spans, span)
	}
	begin(digest, links...)
	for _, id := range actions {
		begin(id, own)
	}
	return func(o mail.Outcome) {
		for _, span := range spans {
			span.SetAttributes(attribute.String("imprint.mail.verdict", string(o.Verdict)), attribute.Int("imprint.mail.reply", o.Code))
			if o.Verdict != mail.Accepted {
				span.SetStatus(codes.Error, string(o.Verdict))
			}
			span.End()
		}
	}
}
