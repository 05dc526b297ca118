package metrics

// Here: what happens, as it is told: requests, batches, mails.

import (
	"strconv"
	"time"

	"imprint/domain/mail"
	"imprint/projections"
)

// noRoute labels requests that no pattern served.
const noRoute = "none"

// Request counts a request. The route is the pattern that served it, never the
// path: patterns are few, and hold no id.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	if route == "" {
		route = noRoute
	}
	m.requests.WithLabelValues(route, class(status)).Inc()
	m.requestTime.WithLabelValues(route).Observe(took.Seconds())
}

// Folded counts a batch of a read model.
func (m *Metrics) Folded(f projections.Folded) {
	m.batchTime.WithLabelValues(f.Projection).Observe(f.Ended.Sub(f.Began).Seconds())
	m.batchEvents.WithLabelValues(f.Projection).Observe(float64(f.Events))
	m.rows.WithLabelValues(f.Projection).Add(float64(f.Rows))
}

// Mailed counts an attempt to send a mail.
func (m *Metrics) Mailed(o mail.Outcome, took time.Duration) {
	m.mails.WithLabelValues(string(o.Verdict), class(o.Code)).Inc()
	m.mailTime.Observe(took.Seconds())
}

// beginMails makes the label sets that mail outcomes have: without them, the first
// refusal would be no step that an alert can see.
func (m *Metrics) beginMails() {
	for _, v := range []mail.Verdict{mail.Accepted, mail.Deferred, mail.Refused, mail.Doubtful, mail.RouteDown} {
		m.mails.WithLabelValues(string(v), class(0))
		m.mails.WithLabelValues(string(v), class(400))
		m.mails.WithLabelValues(string(v), class(500))
	}
}

// class is the first digit of a status or reply: "2xx" to "5xx"; "none" for what
// is neither.
func class(code int) string {
	if code < 200 || code > 599 {
		return "none"
	}
	return strconv.Itoa(code/100) + "xx"
}
