package api_test

// What is sent and means nothing is refused, not passed over.

import (
	"strings"
	"testing"

	"imprint/handlers/api"
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

// TestACorrectionLeavesWhatItDoesNotName: the two dates are independent, and null
// is not the same as nothing said.
func TestACorrectionLeavesWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("SOC 2 report", "everyone")
	const version, at = "/versions/1", `"publishedAt":"2026-03-01T09:00:00Z"`
	correct := func(body string) reply {
		return w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + version + "/corrections", body: body})
	}
	for _, step := range []struct {
		body    string
		has     []string
		without string
	}{
		{`{"effective":{"from":"2025-01-01"}}`, []string{`"effective":{"from":"2025-01-01"}`}, at},
		{`{` + at + `}`, []string{`"effective":{"from":"2025-01-01"}`, at}, ""},
		{`{"effective":null}`, []string{at}, `"effective"`},
	} {
		w.seen(into[api.DocumentReceipt](t, correct(step.body).want(t, 200)).WaitToken)
		r := w.do(call{path: documentURL(d.Document) + version}).want(t, 200)
		for _, part := range step.has {
			if !strings.Contains(string(r.body), part) {
				t.Errorf("after %s there is no %s: %s", step.body, part, r.body)
			}
		}
		if step.without != "" && strings.Contains(string(r.body), step.without) {
			t.Errorf("after %s there is %s: %s", step.body, step.without, r.body)
		}
	}
	correct(`{"effective":null}`).problem(t, 409, "unchanged")
	correct(`{"reason":"typo"}`).problem(t, 400, "no-correction")
	correct(`{"publishedAt":"0001-01-01T00:00:00Z"}`).problem(t, 400, "bad-time")
	correct(`{"effective":{"from":"2025-02-30"}}`).problem(t, 400, "bad-request")
	correct(`{"effective":{"since":"2025-02-01"}}`).problem(t, 400, "bad-request")
}

func TestBytesThatAreNotStoredAreSaidToBeMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.newDocument("SOC 2 report", "everyone")
	for _, file := range []object{
		{"name": "a.md", "sha256": strings.Repeat("0", 64)},
		{"name": "a.md", "sha256": strings.Repeat("0", 64), "mediaType": "text/markdown"},
	} {
		body["files"] = []object{file}
		w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body}).problem(t, 400, "no-content")
	}
}

// TestTextsAreNotChangedInSilence: the decoder would put a replacement character
// for half a character, and the last of two values of one name.
func TestTextsAreNotChangedInSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(body string) reply {
		return w.do(call{who: "paula", method: "POST", path: "/api/v1/series", body: body})
	}
	for _, half := range []string{`\ud800`, `\uDFFF`, `\ud83d\ud83d`, `\ud83d x`, `\\\ud800`, `\ude42\ud83d`} {
		open(`{"name":{"en":"Line `+half+`"}}`).problem(t, 400, "bad-utf8")
	}
	for _, whole := range []string{`\ud83d\ude42`, `\\ud800`, `\u00e9 \"`} {
		open(`{"name":{"en":"Line `+whole+`"}}`).want(t, 201)
	}
	for _, twice := range []string{`{"name":{"en":"A"},"name":{"en":"B"}}`, `{"name":{"en":"A","\u0065n":"B"}}`} {
		if p := open(twice).problem(t, 400, "named-twice"); p.Field == "" {
			t.Errorf("which one is not told: %+v", p)
		}
	}
	open(`{"name":{"en":"A"},"description":{"en":"A"}}`).want(t, 201)
	open(`{"name":{"en":"A"`).problem(t, 400, "bad-request")
}

func TestRefusalsNameWhatIsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("SOC 2 report", "everyone")
	for _, tag := range []string{`"1`, `1"`, `"`, `""1""`} {
		w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/versions", header: map[string]string{"If-Match": tag}, body: object{}}).problem(t, 400, "bad-if-match")
	}
	if p := w.do(call{who: "paula", method: "DELETE", path: "/api/v1/categories/soc?force=1"}).problem(t, 400, "bad-request"); !strings.Contains(p.Detail, "takes no parameters") {
		t.Errorf("%s", p.Detail)
	}
	for _, path := range []string{"/history", "/events"} {
		w.do(call{who: "anton", path: "/api/v1" + path + "?actor=zzz"}).problem(t, 400, "bad-actor")
		w.do(call{who: "anton", path: "/api/v1" + path + "?actor=operator"}).want(t, 200)
		if r := w.do(call{who: "anton", path: "/api/v1" + path + "?actor=" + strings.ToUpper(w.persons["paula"].Person)}).want(t, 200); !strings.Contains(string(r.body), "DocumentPublished") {
			t.Errorf("%s by paula: %s", path, r.body)
		}
	}
	if r := w.do(call{path: "/docs"}).want(t, 200); !strings.Contains(string(r.body), "a key whose first request recorded nothing") {
		t.Error("/docs does not say when a key may be used again")
	}
}

// TestAKeyThatRecordedNothingIsFree holds /docs to its word.
func TestAKeyThatRecordedNothingIsFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(name string) reply {
		return w.do(call{who: "paula", method: "POST", path: "/api/v1/series", key: "one", body: object{"name": english(name)}})
	}
	send("").problem(t, 400, "missing-name")
	send("Line").want(t, 201)
	send("Other").problem(t, 422, "request-id-reused")
}
