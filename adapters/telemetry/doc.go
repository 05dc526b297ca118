// Package telemetry lets operators see what the program does, in two adapters that
// know nothing of each other:
//
//	metrics   numbers for Prometheus, asked for at GET /metrics
//	traces    spans for an OpenTelemetry collector, sent by OTLP over HTTP
//
// # What is seen, and how
//
// Nothing in domain, projections or handlers imports either. How things stand
// (checkpoints, parked keys, digests that are due) is asked for when Prometheus
// asks us. What happens (a request, an append, a batch, a mail) is told by hooks:
// a decorator around the log or the content store, and function fields of plain
// types where there is no port to decorate. Where nobody watches, a hook is nil or
// the decorator is absent, and costs nothing.
//
// # What never stands in it
//
// Names, mail addresses, tokens, texts of documents, ids of persons or documents.
// Labels of metrics have few values, known beforehand: route patterns instead of
// paths, classes instead of codes. The one id in spans is the correlation id.
package telemetry
