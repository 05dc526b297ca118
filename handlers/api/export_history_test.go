package api_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
	"imprint/handlers/api"
)

// happened writes an event past the commands, with an actor that no command makes.
func (w *world) happened(actor string, at time.Time) {
	w.t.Helper()
	id := uuid.New()
	_, err := w.log.Append(w.t.Context(), event.StreamOf(event.SeriesCategory, id.String()), event.NoStream, []event.Event{{
		ID: uuid.New(), Type: "SeriesOpened", Data: []byte(`{"series":"` + id.String() + `","name":{"en":"=1+1, \"quoted\" <b>"}}`),
		Meta: event.Metadata{Schema: 1, Time: at, Actor: actor},
	}})
	check(w.t, err)
}

// export reads the history as a file.
func (w *world) export(query, accept string) reply {
	w.t.Helper()
	return w.do(call{who: "anton", path: "/api/v1/history?" + query, header: map[string]string{"Accept": accept}})
}

func TestTheHistoryIsExportedWhole(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	at := time.Now().Add(-time.Hour)
	for i := range 230 { // more than two pages of the export
		w.happened(fmt.Sprintf("=cmd|%d", i), at)
	}
	w.run()
	head, err := w.log.Head(t.Context())
	check(t, err)

	r := w.export("format=jsonl", "text/csv").want(t, 200) // the name wins
	if got := r.header.Get("Content-Type"); got != "application/jsonl; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	if got := r.header.Get("Reflects"); got != strconv.FormatInt(head.Ordinal, 10) {
		t.Errorf("reflects %s, not %d", got, head.Ordinal)
	}
	if got := r.header.Get("Content-Disposition"); got != fmt.Sprintf(`attachment; filename="history-%d.jsonl"`, head.Ordinal) {
		t.Errorf("named %s", got)
	}
	var lines []api.Event
	for s := bufio.NewScanner(strings.NewReader(string(r.body))); s.Scan(); {
		var e api.Event
		check(t, json.Unmarshal(s.Bytes(), &e))
		lines = append(lines, e)
	}
	if int64(len(lines)) != head.Ordinal {
		t.Fatalf("%d lines for %d events", len(lines), head.Ordinal)
	}
	page := into[api.Events](t, w.do(call{who: "anton", path: "/api/v1/events?limit=100"}).want(t, 200))
	if jsonOf(lines[:100]) != jsonOf(page.Events) {
		t.Errorf("a line is not the event of the page: %s\n%s", jsonOf(lines[0]), jsonOf(page.Events[0]))
	}

	r = w.export("", "text/html;q=0.1, text/csv, */*;q=0.8").want(t, 200)
	if got := r.header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	if !strings.HasPrefix(string(r.body), "ordinal,id,type,") || strings.Count(string(r.body), "\r\n") != int(head.Ordinal)+1 {
		t.Errorf("no header row, or no CRLF: %.100q", r.body)
	}
	rows, err := csv.NewReader(strings.NewReader(string(r.body))).ReadAll()
	check(t, err)
	if int64(len(rows)) != head.Ordinal+1 {
		t.Fatalf("%d rows for %d events", len(rows), head.Ordinal)
	}
	for i, e := range lines {
		row := map[string]string{}
		for column, name := range rows[0] {
			row[name] = rows[i+1][column]
			if strings.ContainsRune("=+-@", []rune(row[name] + " ")[0]) {
				t.Fatalf("a spreadsheet would run %q", row[name])
			}
		}
		if row["ordinal"] != strconv.FormatInt(e.Ordinal, 10) || row["id"] != e.ID.String() || strings.TrimPrefix(row["actor"], "'") != e.Actor || row["data"] != string(e.Data) {
			t.Fatalf("row %v is not event %+v", row, e)
		}
	}
	if last := rows[len(rows)-1]; last[8] != "'=cmd|229" {
		t.Errorf("the actor became %q", last[8])
	}
}

func TestTheHistoryIsFilteredByTime(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	head, err := w.log.Head(t.Context())
	check(t, err)
	// Log times go on from the newest so far, at most two minutes ahead.
	day := head.LogTime.Add(time.Second)
	for i := range 4 {
		w.happened("system", day.Add(time.Duration(i)*time.Second))
	}
	w.run()
	at := func(i int) string {
		return url.QueryEscape(day.Add(time.Duration(i) * time.Second).Format(time.RFC3339Nano))
	}
	today, tomorrow := day.Format(time.DateOnly), day.AddDate(0, 0, 2).Format(time.DateOnly)
	first := head.Ordinal + 1
	for query, want := range map[string][]int64{
		"from=" + at(1):                              {first + 1, first + 2, first + 3},
		"from=" + at(1) + "&to=" + at(3):             {first + 1, first + 2}, // half open
		"from=" + strconv.FormatInt(first+2, 10):     {first + 2, first + 3},
		"from=" + at(0) + "&to=" + fmt.Sprint(first): nil,
		"from=" + tomorrow:                           nil,
		"from=" + at(0) + "&to=" + tomorrow:          {first, first + 1, first + 2, first + 3},
		"to=2000-01-01":                              nil,
	} {
		var got []int64
		for _, e := range into[api.Events](t, w.do(call{who: "anton", path: "/api/v1/events?limit=100&" + query}).want(t, 200)).Events {
			got = append(got, e.Ordinal)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, not %v", query, got, want)
		}
		if n := strings.Count(string(w.export(query, "").want(t, 200).body), "\n"); n != len(want) {
			t.Errorf("%s: %d events in the file, not %d", query, n, len(want))
		}
	}
	for query, code := range map[string]string{
		"from=yesterday": "bad-time", "to=0": "bad-ordinal", "from=-3": "bad-ordinal", "type=Nothing": "unknown-value", "format=xml": "bad-request", "limit=5": "bad-request",
	} {
		w.export(query, "text/csv").problem(t, 400, code)
	}
	w.export("from="+today, "application/pdf").problem(t, 406, "not-acceptable")
	w.export("", "text/csv;q=0, application/jsonl;q=0").problem(t, 406, "not-acceptable")
	w.do(call{who: "rita", path: "/api/v1/history"}).problem(t, 403, "not-an-auditor")
	w.do(call{path: "/api/v1/history"}).problem(t, 401, "sign-in")
}
