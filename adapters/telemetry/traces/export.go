package traces

// Here: sending spans by OTLP over HTTP, as the standard settings say.

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"imprint/domain"
	"imprint/domain/event"
)

// The standard settings that decide here. The exporter reads the others itself
// (OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _CERTIFICATE …).
const (
	endpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	samplerName    = "OTEL_TRACES_SAMPLER"
	samplerArg     = "OTEL_TRACES_SAMPLER_ARG"
)

// FromEnvironment makes the traces that the environment asks for; nil, and no cost,
// where it names no endpoint. The collector need not be there yet.
func FromEnvironment(ctx context.Context, getenv func(string) string, log event.Log, logger *slog.Logger) (*Traces, error) {
	if getenv(endpoint) == "" && getenv(tracesEndpoint) == "" {
		return nil, nil
	}
	ratio, err := ratioOf(getenv(samplerName), getenv(samplerArg))
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, domain.Refuse(domain.Invalid, "bad-collector", "%s cannot be used; write the address of a collector, such as http://127.0.0.1:4318", endpoint).Because(err)
	}
	return New(ctx, exporter, ratio, log, logger)
}

// ratioOf reads the share of traces to keep. There is never a parent from outside,
// so that the samplers based on one mean their roots.
func ratioOf(name, arg string) (float64, error) {
	switch name {
	case "", "always_on", "parentbased_always_on":
		return 1, nil
	case "always_off", "parentbased_always_off":
		return 0, nil
	case "traceidratio", "parentbased_traceidratio":
		if arg == "" {
			return 1, nil
		}
		ratio, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return 0, domain.Refuse(domain.Invalid, "bad-sampler", "%s=%.40q is no share of traces; write a number from 0 to 1, such as 0.1", samplerArg, arg)
		}
		return ratio, nil
	}
	return 0, domain.Refuse(domain.Invalid, "bad-sampler", "%s=%.40q is not known here; write always_on, always_off, or traceidratio with %s", samplerName, name, samplerArg)
}

// watchedExporter logs when spans cease to arrive and when they arrive again; the
// spans between are lost. The SDK would tell a handler that is global.
type watchedExporter struct {
	sdk.SpanExporter
	logger *slog.Logger
	failed atomic.Bool
}

// ExportSpans implements sdk.SpanExporter.
func (w *watchedExporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := w.SpanExporter.ExportSpans(ctx, spans)
	switch before := w.failed.Swap(err != nil); {
	case err != nil && !before:
		w.logger.WarnContext(ctx, "traces do not arrive; nothing else is affected", "setting", endpoint, "error", fmt.Sprintf("%.300s", err))
	case err == nil && before:
		w.logger.InfoContext(ctx, "traces arrive again")
	}
	return nil
}
