package acceptance_test

// BEHAVIOUR §15: history for auditors.

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

// happened lists the types of the events that a query finds.
func (w *world) happened(query string) []string {
	w.t.Helper()
	all := []string{}
	for _, e := range read[api.Events](w, "anton", "/api/v1/events?limit=100&"+query).Events {
		all = append(all, e.Type)
	}
	return all
}

func TestHistoryForAuditors(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	run("every version, correction, withdrawal and digest, by document, series, person, type and place", func(w *world) {
		line := w.series("Line")
		id := w.publish("Report", object{"series": line})
		w.save("rita", id)
		w.choose("rita", "immediate")
		w.version(id, 1, "Second", nil)
		w.told("rita", "of news")
		w.correct(id, 2, "Put right")
		w.withdrawVersion(id, 2, "Wrong")
		w.withdraw(id, "All of it")
		ofDocument := w.happened("document=" + id.String())
		for _, want := range []string{"DocumentPublished", "DocumentVersioned", "SummaryCorrected", "VersionWithdrawn", "DocumentWithdrawn", "LibrarySaved", "NoticeReleased"} {
			if !slices.Contains(ofDocument, want) {
				w.t.Errorf("%s is missing of the document: %v", want, ofDocument)
			}
		}
		ofPerson := w.happened("person=" + w.person("rita").String())
		for _, want := range []string{"PersonJoined", "NotificationSettingsChanged", "LibrarySaved", "DigestSent"} {
			if !slices.Contains(ofPerson, want) {
				w.t.Errorf("%s is missing of the person: %v", want, ofPerson)
			}
		}
		if slices.Contains(ofPerson, "DocumentPublished") {
			w.t.Errorf("of the person: %v", ofPerson)
		}
		if ofSeries := w.happened("series=" + line.String()); !slices.Contains(ofSeries, "SeriesOpened") || !slices.Contains(ofSeries, "SeriesUpdated") {
			w.t.Errorf("of the series: %v", ofSeries)
		}
		same(w, "by type", w.happened("type=DocumentWithdrawn&type=VersionWithdrawn"), []string{"VersionWithdrawn", "DocumentWithdrawn"})
		equal(w, "by place", len(w.happened("from=2&to=4")), 2)
		w.asks(400, "anton", "GET", "/api/v1/events?type=Nonsense", nil)
		w.asks(403, "rita", "GET", "/api/v1/events", nil)
		w.asks(401, "", "GET", "/api/v1/events", nil)
	})
	run("filterable by time; as CSV and JSON Lines, which say the ordinal that they reflect", func(w *world) {
		id := w.publish("Report", nil)
		w.pass(day)
		w.version(id, 1, "Second", nil)
		same(w, "on the first day", w.happened("document="+id.String()+"&to=2027-03-01"), []string{"DocumentPublished"})
		same(w, "after it", w.happened("document="+id.String()+"&type=DocumentVersioned&from=2027-03-02"), []string{"DocumentVersioned"})
		reflects := fmt.Sprint(w.document("", id).Reflects)
		for format, events := range map[string]string{"csv": "DocumentPublished,1", "jsonl": `"type":"DocumentPublished","schema":1`} {
			file := w.asks(200, "anton", "GET", "/api/v1/history?to=2027-03-01&document="+id.String()+"&format="+format, nil)
			if !bytes.Contains(file.body, []byte(events)) || bytes.Contains(file.body, []byte("DocumentVersioned")) {
				w.t.Errorf("%s: %s", format, file.body)
			}
			equal(w, "reflects", file.header.Get("Reflects"), reflects)
			w.asks(403, "rita", "GET", "/api/v1/history?format="+format, nil)
		}
	})
	run("as of any moment, by the order of recording, never changing; published by is another", func(w *world) {
		id := w.publish("Report", nil)
		w.asks(200, "paula", "POST", at(id, "versions", 1, "corrections"), object{"publishedAt": start.AddDate(-1, 0, 0)})
		w.pass(day)
		ordinal := w.document("", id).Reflects
		asked := "/api/v1/catalog?ordinal=" + fmt.Sprint(ordinal)
		then := read[api.Listing](w, "anton", asked)
		byTime := read[api.Listing](w, "anton", "/api/v1/catalog?asOf=2027-03-01T12:00:00Z")
		w.version(id, 1, "Second", nil)
		w.publish("Later", nil)
		w.details(id, "Renamed", nil)
		w.withdraw(id, "Wrong")
		for _, before := range []struct {
			l    api.Listing
			path string
		}{{then, asked}, {byTime, "/api/v1/catalog?asOf=2027-03-01T12:00:00Z"}} {
			now := read[api.Listing](w, "anton", before.path)
			same(w, before.path, titles(now), []string{"Report"})
			same(w, before.path, titles(before.l), []string{"Report"})
			equal(w, before.path, fmt.Sprint(now.Items, now.Total, now.AsOf.Ordinal), fmt.Sprint(before.l.Items, before.l.Total, before.l.AsOf.Ordinal))
			equal(w, "by", now.AsOf.By, "recorded")
		}
		equal(w, "provisional at first", byTime.AsOf.Provisional, true)
		claimed := read[api.Listing](w, "anton", "/api/v1/catalog?publishedBy=2026-12-31")
		equal(w, "by", claimed.AsOf.By, "published")
		equal(w, "ordinal", claimed.AsOf.Ordinal, claimed.Reflects)
		equal(w, "published by then", len(claimed.Items), 1)
		equal(w, "its version then", claimed.Items[0].Version, 1)
		equal(w, "recorded by then", len(read[api.Listing](w, "anton", "/api/v1/catalog?asOf=2026-12-31").Items), 0)
	})
	run("as of a moment, what was hidden then or is hidden now is not shown to readers", func(w *world) {
		id := w.publish("Report", nil)
		before := w.document("", id).Reflects
		w.asks(200, "paula", "PUT", at(id, "audience"), object{"audience": "signed-in"})
		past := "/api/v1/catalog?ordinal=" + fmt.Sprint(before)
		equal(w, "a visitor", len(read[api.Listing](w, "", past).Items), 0)
		equal(w, "a member", len(read[api.Listing](w, "rita", past).Items), 1)
		hidden := w.asks(401, "", "GET", at(id)+"?asOf="+fmt.Sprint(before), nil)
		missing := w.asks(401, "", "GET", at(uuid.New())+"?asOf="+fmt.Sprint(before), nil)
		equal(w, "length of the answers", len(hidden.body), len(missing.body))
	})
	run("personal data is not shown", func(w *world) {
		w.choose("rita", "daily")
		if all := w.asks(200, "anton", "GET", "/api/v1/events?limit=100", nil).body; bytes.Contains(all, []byte("rita@")) {
			w.t.Error("the history shows a mail address")
		}
	})
	run("an auditor changes nothing", func(w *world) {
		id := w.publish("Report", nil)
		head, err := w.log.Head(t.Context())
		w.check(err)
		for _, c := range []struct{ method, path string }{
			{"POST", documents}, {"POST", contents}, {"POST", at(id, "versions")}, {"PUT", at(id, "details")},
			{"PUT", at(id, "audience")}, {"POST", at(id, "withdraw")}, {"POST", at(id, "reinstate")},
			{"POST", at(id, "versions", 1, "corrections")}, {"POST", at(id, "versions", 1, "withdraw")},
			{"POST", at(id, "versions", 1, "reinstate")}, {"POST", "/api/v1/series"}, {"PUT", "/api/v1/categories/soc"},
			{"POST", "/api/v1/categories/soc/move"}, {"DELETE", "/api/v1/categories/soc"},
			{"POST", "/api/v1/library"}, {"PUT", "/api/v1/library/" + id.String()}, {"DELETE", "/api/v1/library/" + id.String()}, {"PUT", "/api/v1/settings"},
		} {
			w.asks(403, "anton", c.method, c.path, object{}, "If-Match", `"1"`)
		}
		after, err := w.log.Head(t.Context())
		w.check(err)
		equal(w, "the log's end", after.Ordinal, head.Ordinal)
	})
}
