package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

func (w *world) token(r reply) string {
	w.t.Helper()
	return into[api.Receipt](w.t, r.want(w.t, r.status)).WaitToken
}

func TestBadInputsAreNamedWithWhatIsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("Report", "everyone")
	paged := 0
	for _, route := range api.Routes() {
		if route.Method != "GET" || !strings.HasPrefix(route.Pattern, "/api/v1/") {
			continue
		}
		path := filled(route.Pattern, d.Document) + "?"
		if p := w.do(call{who: "ada", path: path + "nonsense=1"}).problem(t, 400, "bad-request"); p.Field != "nonsense" || !strings.Contains(p.Detail, "takes wait") && !strings.Contains(p.Detail, "this address takes") {
			t.Errorf("%s: %+v", path, p)
		}
		if w.do(call{who: "ada", path: path + "limit=7"}).status == 400 {
			continue // no list, or no such series
		}
		paged++
		if p := w.do(call{who: "ada", path: path + "limit=7&limit=8"}).problem(t, 400, "bad-request"); p.Field != "limit" {
			t.Errorf("%s, two limits: %+v", path, p)
		}
		for _, bad := range []string{"abc", "0", "-1", "101", "1.5", "99999999999999999999", "1+1"} {
			p := w.do(call{who: "ada", path: path + "limit=" + bad}).problem(t, 400, "bad-request")
			if p.Field != "limit" || !strings.Contains(p.Detail, "limit: ") || !strings.Contains(p.Detail, "1 to 100") {
				t.Errorf("%slimit=%s: %+v", path, bad, p)
			}
		}
	}
	if paged < 6 {
		t.Errorf("%d lists were tried", paged)
	}
}

func TestListsFiltersAndCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(call{who: "paula", method: "PUT", path: "/api/v1/categories/iso-iec", body: object{"group": "certifications", "name": english("ISO/IEC")}}).want(t, 200)
	w.do(call{who: "paula", method: "PUT", path: "/api/v1/categories/iso-iec", body: object{"group": "nowhere", "name": english("ISO/IEC")}}).problem(t, 400, "bad-request")
	for _, title := range []string{"ISO 27001 certificate", "ISO 27701 certificate", "Whitepaper"} {
		body := w.newDocument(title, "everyone")
		if strings.HasPrefix(title, "ISO") {
			body["categories"], body["services"], body["regions"] = []string{"iso-iec"}, []string{"compute"}, []string{"global"}
		}
		r := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body}).want(t, 201)
		w.seen(w.token(r))
	}
	list := func(query string) api.Listing {
		t.Helper()
		return into[api.Listing](t, w.do(call{path: "/api/v1/documents?" + query}).want(t, 200))
	}
	if l := list("category=iso-iec&service=compute&region=global"); len(l.Items) != 2 || l.Total.Number != 2 || l.Reflects == 0 {
		t.Errorf("filtered: %+v", l)
	}
	if l := list("q=27001"); len(l.Items) != 1 || l.Items[0].Title["en"] != "ISO 27001 certificate" {
		t.Errorf("searched: %+v", l.Items)
	}
	if l := list("from=2999-01-01"); len(l.Items) != 0 || l.Items == nil {
		t.Errorf("a future: %+v", l.Items)
	}
	if facets := list("").Facets; len(facets) == 0 || facets[0].Name != "category" {
		t.Errorf("facets: %+v", facets)
	}
	// Page by page, all of them once.
	seen, after := map[uuid.UUID]bool{}, ""
	for range 3 {
		l := list("limit=1&after=" + url.QueryEscape(after))
		seen[l.Items[0].ID], after = true, l.Next
	}
	if len(seen) != 3 || after != "" {
		t.Errorf("%d documents, then %q", len(seen), after)
	}
	one := list("limit=1").Next
	for query, code := range map[string]string{
		"after=nonsense":                  "bad-cursor",
		"q=iso&after=" + one:              "bad-cursor",
		"after=" + strings.Repeat("A", 9): "bad-cursor",
		"limit=101":                       "bad-request",
		"limit=x":                         "bad-request",
		"region=atlantis":                 "unknown-value",
		"group=nowhere":                   "unknown-value",
		"from=soon":                       "bad-time",
		"series=x":                        "bad-request",
		"catgory=iso-iec":                 "bad-request",
		"q=%ff":                           "",
	} {
		r := w.do(call{path: "/api/v1/documents?" + query})
		if code == "" {
			if r.status >= 500 {
				t.Errorf("%s: %d %s", query, r.status, r.body)
			}
			continue
		}
		r.problem(t, 400, code)
	}
	home := into[api.Home](t, w.do(call{path: "/api/v1/categories"}).want(t, 200))
	if len(home.Groups) == 0 || home.Groups[0].Categories[0].Count.Number != 2 || len(home.Newest) != 3 {
		t.Errorf("home: %+v", home)
	}
	w.do(call{who: "paula", method: "DELETE", path: "/api/v1/categories/iso-iec"}).want(t, 409)
	w.do(call{who: "paula", method: "POST", path: "/api/v1/categories/iso-iec/move", body: object{"group": "reports"}}).want(t, 200)
}

func TestSeriesAndLibrary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := into[api.SeriesReceipt](t, w.do(call{who: "paula", method: "POST", path: "/api/v1/series", body: object{"name": english("SOC 2")}}).want(t, 201))
	body := w.newDocument("SOC 2 2026", "everyone")
	body["series"] = opened.Series
	in := into[api.DocumentReceipt](t, w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body}).want(t, 201))
	w.seen(in.WaitToken)
	series := into[api.Series](t, w.do(call{path: "/api/v1/series/" + opened.Series.String()}).want(t, 200))
	if series.Name["en"] != "SOC 2" || len(series.Documents.Items) != 1 || series.Reflects == 0 {
		t.Errorf("series: %+v", series)
	}
	if all := into[api.SeriesListing](t, w.do(call{path: "/api/v1/series"}).want(t, 200)); len(all.Items) != 1 {
		t.Errorf("all series: %+v", all)
	}
	w.do(call{who: "paula", method: "PUT", path: "/api/v1/series/" + opened.Series.String(), body: object{"name": english("SOC 2 reports")}}).want(t, 200)

	// Save, remove, save again, all without a key: each of them counts.
	entry := "/api/v1/library/" + in.Document.String()
	shelf := func() api.Library {
		t.Helper()
		return into[api.Library](t, w.do(call{who: "rita", path: "/api/v1/library"}).want(t, 200))
	}
	for _, c := range []struct {
		method  string
		entries int
		already bool
	}{{"PUT", 1, false}, {"PUT", 1, true}, {"DELETE", 0, false}, {"DELETE", 0, false}, {"PUT", 1, false}} {
		r := w.do(call{who: "rita", method: c.method, path: entry, header: map[string]string{"X-Correlation-ID": "0198c0de-0000-7000-8000-000000000001"}}).want(t, 200)
		w.seen(w.token(r))
		if l := shelf(); len(l.Entries) != c.entries || len(l.Series) != c.entries {
			t.Fatalf("after %s: %+v", c.method, l)
		}
		if s := into[api.Saving](t, r); s.Already != c.already {
			t.Errorf("%s: already is %v", c.method, s.Already)
		}
	}
	follow := "/api/v1/library/series/" + opened.Series.String()
	w.seen(w.token(w.do(call{who: "rita", method: "DELETE", path: follow}).want(t, 200)))
	if l := shelf(); len(l.Entries) != 1 || len(l.Series) != 0 {
		t.Errorf("after an explicit unfollow: %+v", l)
	}
	w.seen(w.token(w.do(call{who: "rita", method: "PUT", path: follow}).want(t, 200)))
	if l := shelf(); len(l.Series) != 1 || !l.Series[0].Explicit {
		t.Errorf("after a follow: %+v", l.Series)
	}
	w.do(call{who: "rita", method: "PUT", path: "/api/v1/library/" + uuid.NewString()}).problem(t, 404, "no-document")
	w.do(call{who: "paula", method: "POST", path: "/api/v1/series/" + opened.Series.String() + "/discontinue", body: object{"reason": english("Ends")}}).want(t, 200)
}

func TestBulkSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.published("A", "everyone").Document, w.published("B", "signed-in").Document
	w.seen(w.token(w.do(call{who: "rita", method: "PUT", path: "/api/v1/library/" + a.String()})))
	save := call{who: "rita", method: "POST", path: "/api/v1/library", key: "bulk", body: object{"documents": []uuid.UUID{a, b, uuid.New()}}}
	first := into[api.BulkSaving](t, w.do(save).want(t, 200))
	w.reopen()
	again := into[api.BulkSaving](t, w.do(save).want(t, 200))
	for _, got := range []api.BulkSaving{first, again} {
		if len(got.Results) != 3 || got.Results[0].Outcome != "already" || got.Results[1].Outcome != "saved" || got.Results[2].Outcome != "not-available" {
			t.Errorf("outcomes: %+v", got.Results)
		}
	}
	if first.Repeated || !again.Repeated {
		t.Errorf("repeated: %v, %v", first.Repeated, again.Repeated)
	}
	many := make([]uuid.UUID, 201)
	for i := range many {
		many[i] = uuid.New()
	}
	w.do(call{who: "rita", method: "POST", path: "/api/v1/library", body: object{"documents": many}}).problem(t, 400, "bad-bulk")
	w.do(call{who: "rita", method: "POST", path: "/api/v1/library", body: object{"documents": many[:200]}}).want(t, 200)
	w.do(call{who: "rita", method: "POST", path: "/api/v1/library", body: object{"documents": []string{}}}).problem(t, 400, "bad-bulk")
	w.do(call{who: "rita", method: "POST", path: "/api/v1/library", body: object{"documents": many[:1]}, noKey: true}).problem(t, 400, "no-idempotency-key")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := func(who string) api.NotificationSettings {
		t.Helper()
		return into[api.NotificationSettings](t, w.do(call{who: who, path: "/api/v1/settings"}).want(t, 200))
	}
	if s := read("rita"); s.Frequency != "off" {
		t.Errorf("at first: %+v", s)
	}
	set := api.NotificationSettings{Frequency: "weekly", Hour: 7, Minute: 30, Weekday: 1, Zone: "Europe/Berlin", Language: "de", Address: "rita@example.org"}
	w.do(call{who: "rita", method: "PUT", path: "/api/v1/settings", body: set}).want(t, 200)
	if got := read("rita"); got != set {
		t.Errorf("%+v, not %+v", got, set)
	}
	if s := read("ruth"); s.Address != "" {
		t.Errorf("another person's: %+v", s)
	}
	set.Zone = "Europe/Atlantis"
	w.do(call{who: "rita", method: "PUT", path: "/api/v1/settings", body: set}).problem(t, 400, "bad-schedule")
	set.Zone = "UTC"
	for _, bad := range []string{"Rita <rita@example.org>", "rita@example.org\r\nBcc: rita@evil.example", "rita@example.org\nX: y", `"rita"@example.org`, `"a\" b"@rita.example`, "rita@example.org, rita@evil.example", "rita@\u202eexample.org"} {
		set.Address = bad
		if p := w.do(call{who: "rita", method: "PUT", path: "/api/v1/settings", body: set}).problem(t, 400, "bad-address"); strings.Contains(p.Detail, "rita") {
			t.Errorf("the problem shows the address: %s", p.Detail)
		}
	}
	if strings.Contains(w.logged.String(), "rita") {
		t.Error("the log names a person")
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("Report", "everyone").Document
	r := w.do(call{who: "paula", method: "POST", path: documentURL(d) + "/withdraw", body: object{"reason": english("Wrong numbers")}}).want(t, 200)
	w.seen(w.token(r))
	doc := into[api.Document](t, w.do(call{path: documentURL(d)}).want(t, 200))
	if !doc.Withdrawn || doc.Reason["en"] != "Wrong numbers" {
		t.Errorf("withdrawn: %+v", doc)
	}
	w.do(call{who: "paula", method: "POST", path: documentURL(d) + "/withdraw", body: object{"reason": english("Again")}}).problem(t, 409, "withdrawn")
	w.seen(w.token(w.do(call{who: "paula", method: "POST", path: documentURL(d) + "/reinstate", body: object{}}).want(t, 200)))

	types := func(events []api.Event) (all string) {
		for _, e := range events {
			all += e.Type + " "
		}
		return all
	}
	const want = "DocumentPublished DocumentWithdrawn DocumentReinstated "
	public := into[api.Events](t, w.do(call{path: documentURL(d) + "/events"}).want(t, 200))
	audited := into[api.Events](t, w.do(call{who: "anton", path: "/api/v1/events?document=" + d.String()}).want(t, 200))
	if types(public.Events) != want || types(audited.Events) != want {
		t.Errorf("%q, %q", types(public.Events), types(audited.Events))
	}
	for i, e := range public.Events {
		if e.Actor != "" || e.Data != nil || e.Commitment == "" {
			t.Errorf("a reader sees %+v", e)
		}
		if a := audited.Events[i]; a.Actor == "" || len(a.Data) == 0 {
			t.Errorf("an auditor sees %+v", a)
		}
	}
	all := into[api.Events](t, w.do(call{who: "anton", path: "/api/v1/events?limit=2"}).want(t, 200))
	next := into[api.Events](t, w.do(call{who: "anton", path: "/api/v1/events?limit=2&after=" + url.QueryEscape(all.Next)}).want(t, 200))
	if len(all.Events) != 2 || next.Events[0].Ordinal <= all.Events[1].Ordinal {
		t.Errorf("pages: %+v, %+v", all, next)
	}
	w.do(call{who: "anton", path: "/api/v1/events?after=x"}).problem(t, 400, "bad-cursor")
}
