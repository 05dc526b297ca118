// Package metrics counts and measures for Prometheus.
//
// A Metrics value owns a registry of its own; there is no global one. It counts
// what it is told (Request, Folded, Mailed) and what passes its decorators (Log,
// Content), and asks its Sources at each scrape how things stand. Handler answers
// the scrape.
//
// Every name begins with imprint_, ends in its unit, and in _total where it only
// grows. Label sets that are known beforehand exist from the start with the value
// 0, so that an alert on a first failure sees the step from 0 to 1.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"imprint/domain"
)

const namespace = "imprint"

// Bounds of histograms. Durations in seconds, around what was measured: an append
// takes 0.3 ms and more, a request about as long, a batch up to a few seconds.
var (
	durations = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	mailTimes = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
	sizes     = []float64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000}
)

// Metrics is everything that one process tells Prometheus.
type Metrics struct {
	registry *prometheus.Registry
	clock    domain.Clock

	requests     *prometheus.CounterVec
	requestTime  *prometheus.HistogramVec
	appends      *prometheus.CounterVec
	appendTime   prometheus.Histogram
	batchTime    *prometheus.HistogramVec
	batchEvents  *prometheus.HistogramVec
	rows         *prometheus.CounterVec
	contentFails *prometheus.CounterVec
	mails        *prometheus.CounterVec
	mailTime     prometheus.Histogram
}

// New makes the metrics of a process, with those of the Go runtime. The clock is
// the application's: ages are told by it.
func New(clock domain.Clock) *Metrics {
	m := &Metrics{
		registry:     prometheus.NewRegistry(),
		clock:        clock,
		requests:     counters("http_requests_total", "HTTP requests dealt with, by the pattern that served them and the class of the status.", "route", "status"),
		requestTime:  histograms("http_request_duration_seconds", "Time from a request's arrival to the end of its answer.", durations, "route"),
		appends:      counters("log_appends_total", "Appends to the log by outcome: written, conflict (decided again), refused, uncertain (repeated), abandoned (the caller left), failed.", "outcome"),
		appendTime:   histogram("log_append_duration_seconds", "Time an append to the log took, whatever its outcome.", durations),
		batchTime:    histograms("projection_batch_duration_seconds", "Time to load, fold and commit one batch of a read model.", durations, "projection"),
		batchEvents:  histograms("projection_batch_events", "Events passed by one batch of a read model.", sizes, "projection"),
		rows:         counters("projection_rows_total", "Rows of a read model written or deleted.", "projection"),
		contentFails: counters("content_errors_total", "Failed calls of the content store by operation and kind; what the sender of the bytes caused is not counted.", "operation", "kind"),
		mails:        counters("mail_attempts_total", "Attempts to send a mail by verdict and class of the mail server's reply; none: there was no reply.", "verdict", "reply"),
		mailTime:     histogram("mail_attempt_duration_seconds", "Time an attempt to send a mail took, whatever its outcome.", mailTimes),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.requestTime, m.appends, m.appendTime, m.batchTime, m.batchEvents, m.rows, m.contentFails, m.mails, m.mailTime,
	)
	for _, o := range []string{written, conflict, refused, uncertain, abandoned, failed} {
		m.appends.WithLabelValues(o)
	}
	for _, operation := range []string{put, get} {
		for _, k := range []domain.Kind{domain.NotFound, domain.Unavailable, domain.Internal} {
			m.contentFails.WithLabelValues(operation, string(k))
		}
	}
	m.beginMails()
	return m
}

// Handler answers GET /metrics. A source that cannot be asked leaves its own
// numbers out and nothing else; see Sources.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: scrapeTime + time.Second})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histograms(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: bounds}, labels)
}

func histogram(name, help string, bounds []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: bounds})
}
