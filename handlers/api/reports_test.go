package api_test

// Reports of failed mails. What follows from one is tested where it is read
// (handlers/bounces).

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

const delayed = "To: bounces@halden.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\nAction: ACTION\r\nStatus: 4.4.1\r\n--b--\r\n"

func TestAMailServerHandsInReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hand := func(who, media, report string) reply {
		return w.do(call{who: who, method: http.MethodPost, path: "/api/v1/mail-reports", body: report, header: map[string]string{"Content-Type": media}})
	}
	const media = "message/rfc822"
	report := strings.ReplaceAll(delayed, "ACTION", "delayed")
	if r := hand("mx", media, report).want(t, 200); !strings.Contains(string(r.body), `"kind":"passing"`) {
		t.Errorf("%s", r.body)
	}
	hand("mx", media, strings.ReplaceAll(delayed, "ACTION", "failed")).problem(t, 404, "unknown-report")
	hand("mx", media, "hello").problem(t, 400, "not-a-report")
	hand("mx", "text/plain", report).problem(t, 415, "bad-content-type")
	hand("mx", media, report+strings.Repeat("x", 1<<20)).problem(t, 413, "body-too-large")
	hand("", media, report).problem(t, 401, "sign-in")
	for _, who := range []string{"rita", "paula", "anton", "ada"} {
		hand(who, media, report).problem(t, 403, "not-a-postmaster")
	}
}

// TestAPostmasterIsServedNothingElse: its token lies on another machine.
func TestAPostmasterIsServedNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden := w.published("Confidential Report", "signed-in")
	for _, route := range api.Routes() {
		if route.Serves == api.Everyone || route.Serves == api.Postmasters {
			continue
		}
		w.do(call{who: "mx", method: route.Method, path: filled(route.Pattern, hidden.Document), header: map[string]string{"Idempotency-Key": uuid.NewString()}}).
			problem(t, 403, "only-a-postmaster")
	}
	r := w.do(call{who: "mx", path: "/api/v1/documents/" + hidden.Document.String()})
	anonymous := w.do(call{path: "/api/v1/documents/" + hidden.Document.String()})
	if r.status != anonymous.status {
		t.Errorf("a hidden document: %d, and %d for an anonymous visitor", r.status, anonymous.status)
	}
}
