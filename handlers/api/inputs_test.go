package api_test

// What is sent and means nothing is refused, not passed over.

import (
	"strings"
	"testing"
)

func TestTheZeroTimeIsNoMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.published("SOC 2 report", "everyone")
	const zero = "0001-01-01T00:00:00Z"
	for _, query := range []string{
		"/catalog?asOf=" + zero, "/catalog?publishedBy=" + zero, "/documents?from=" + zero, "/documents?to=" + zero,
		"/catalog?asOf=0000-12-31T23:59:59Z", "/documents?from=0001-01-01T01:00:00%2B01:00",
	} {
		p := w.do(call{path: "/api/v1" + query}).problem(t, 400, "bad-time")
		if _, named, _ := strings.Cut(query, "?"); !strings.HasPrefix(p.Detail, strings.Split(named, "=")[0]) || !strings.Contains(p.Detail, zero) {
			t.Errorf("%s: %s", query, p.Detail)
		}
	}
	// What is recorded may be older than every clock, so that early moments count.
	if r := w.do(call{path: "/api/v1/documents?to=0001-01-01"}).want(t, 200); strings.Contains(string(r.body), "SOC 2 report") {
		t.Errorf("updated in the year 1: %s", r.body)
	}
}

func TestAQueryThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, query := range []string{"/documents?category=nosuch%zz", "/documents?a;b", "/documents?q=a;b", "/catalog?asOf=2020-01-01%zz", "/categories?%"} {
		w.do(call{path: "/api/v1" + query}).problem(t, 400, "bad-query")
	}
}
