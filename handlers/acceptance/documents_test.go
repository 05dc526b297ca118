package acceptance_test

// BEHAVIOUR §3: documents, versions, series.

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

func TestDocumentsVersionsSeries(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	run("version numbers are gapless from 1", func(w *world) {
		id := w.publish("Report", nil)
		w.version(id, 1, "Second", nil)
		w.asks(412, "paula", "POST", at(id, "versions"), object{"major": true, "summary": english("Late"), "files": w.files("late")}, "If-Match", `"1"`)
		w.withdrawVersion(id, 2, "Wrong")
		w.version(id, 2, "Third", nil)
		var numbers []int
		for _, v := range w.document("", id).Versions {
			numbers = append(numbers, v.Number)
		}
		same(w, "numbers", numbers, []int{3, 2, 1})
	})
	run("bytes are named by their SHA-256 and stay", func(w *world) {
		id := w.publish("Report", object{"files": w.files("the first")})
		w.version(id, 1, "Second", nil)
		f := w.document("", id).Versions[1].Files[0]
		got := w.asks(200, "", "GET", f.Href, nil)
		equal(w, "ETag", strings.Trim(got.header.Get("ETag"), `"`), f.SHA256)
		if !bytes.Contains(got.body, []byte("the first")) {
			w.t.Errorf("other bytes: %s", got.body)
		}
	})
	run("a major version needs a summary and tells readers, a minor one is silent", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", "immediate")
		w.asks(400, "paula", "POST", at(id, "versions"), object{"major": true, "files": w.files("x")}, "If-Match", `"1"`)
		w.asks(201, "paula", "POST", at(id, "versions"), object{"files": w.files("y")}, "If-Match", `"1"`)
		w.silent("rita", "after a minor version")
		w.version(id, 2, "Told", nil)
		if l := w.told("rita", "after a major version"); !l.says("Told") {
			w.t.Errorf("the mail lacks the summary:\n%s", l.text)
		}
	})
	run("the document's link leads to the newest version the reader may see", func(w *world) {
		const many = 20
		id := w.publish("Report", nil)
		for n := 2; n <= many; n++ {
			w.version(id, n-1, fmt.Sprint("Summary ", n), nil)
		}
		w.correct(id, 2, "Summary 2, put right")
		for n := many; n > 2; n-- {
			w.withdrawVersion(id, n, "Wrong")
			equal(w, "newest", w.document("", id).Version, n-1)
		}
		d := w.document("", id)
		equal(w, "summary", d.Summary["en"], "Summary 2, put right")
		equal(w, "in the list", w.list("", "").Items[0].Version, 2)
		equal(w, "its summary in the list", w.list("", "").Items[0].Summary["en"], "Summary 2, put right")
		same(w, "found by title and summary", w.find("", "report right"), []string{"Report"})
		same(w, "not by a summary withdrawn", w.find("", `"summary 3"`), []string{})
		w.withdrawVersion(id, 1, "Wrong, too")
		w.asks(200, "paula", "POST", at(id, "versions", 1, "reinstate"), object{})
		w.withdrawVersion(id, 2, "Wrong")
		equal(w, "the first again", w.document("", id).Version, 1)
		same(w, "found by its summary", titles(w.list("", "q=issue")), []string{"Report"})
	})
	run("a version's link leads to it for ever and says if it is superseded", func(w *world) {
		id := w.publish("Report", nil)
		version := func(n int) api.Version { return read[api.Version](w, "", at(id, "versions", n)) }
		equal(w, "alone", version(1).Superseded, false)
		w.version(id, 1, "Second", nil)
		equal(w, "the old one", version(1).Superseded, true)
		equal(w, "the new one", version(2).Superseded, false)
		w.withdrawVersion(id, 2, "Wrong")
		equal(w, "the old one, current again", version(1).Superseded, false)
		equal(w, "withdrawn alone", version(2).Withdrawn, true)
		w.withdraw(id, "All of it")
		w.asks(200, "", "GET", at(id, "versions", 1), nil)
		w.asks(200, "", "GET", version(1).Files[0].Href, nil)
	})
	run("of publishers at once one wins, the others get a conflict that names the current version", func(w *world) {
		id := w.publish("Report", nil)
		bodies := make([]object, 6)
		for i := range bodies {
			bodies[i] = object{"major": true, "summary": english("Mine"), "files": w.files(fmt.Sprint(i))}
		}
		answers := make([]answer, len(bodies))
		var all sync.WaitGroup
		for i, b := range bodies {
			all.Go(func() {
				var err error
				if answers[i], err = w.send([]string{"paula", "peter"}[i%2], "POST", at(id, "versions"), b, "If-Match", `"1"`); err != nil {
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		w.follow()
		won := 0
		for _, a := range answers {
			switch {
			case a.status == 201:
				won++
			case a.status != 412 || !bytes.Contains(a.body, []byte("version is 2")):
				w.t.Errorf("%d %s", a.status, a.body)
			}
		}
		equal(w, "winners", won, 1)
		equal(w, "versions", len(w.document("", id).Versions), 2)
	})
	run("the same request sent twice is one version", func(w *world) {
		id := w.publish("Report", nil)
		body := object{"major": true, "summary": english("Second"), "files": w.files("x")}
		first := w.asks(201, "paula", "POST", at(id, "versions"), body, "If-Match", `"1"`, "Idempotency-Key", "once")
		again := w.asks(201, "paula", "POST", at(id, "versions"), body, "If-Match", `"1"`, "Idempotency-Key", "once")
		equal(w, "version", into[api.DocumentReceipt](w, again).Version, into[api.DocumentReceipt](w, first).Version)
		equal(w, "versions", len(w.document("", id).Versions), 2)
	})
	run("the same bytes are refused unless forced", func(w *world) {
		id := w.publish("Report", object{"files": w.files("x")})
		body := object{"major": true, "summary": english("Again"), "files": w.files("x")}
		w.asks(409, "paula", "POST", at(id, "versions"), body, "If-Match", `"1"`)
		body["force"] = true
		w.asks(201, "paula", "POST", at(id, "versions"), body, "If-Match", `"1"`)
	})
	run("corrections do not rewrite", func(w *world) {
		id := w.publish("Old title", object{"summary": english("Wrogn")})
		before := w.document("", id)
		w.pass(time.Hour)
		w.correct(id, 1, "Right")
		w.details(id, "New title", nil)
		claimed := start.Add(-48 * time.Hour)
		w.asks(200, "paula", "POST", at(id, "versions", 1, "corrections"), object{"publishedAt": claimed})
		d := w.document("", id)
		equal(w, "readers see the summary", d.Summary["en"], "Right")
		equal(w, "and the title", d.Title["en"], "New title")
		sameTime(w, "and the date", d.Versions[0].PublishedAt, claimed)
		sameTime(w, "which is no update", d.LastUpdated, before.LastUpdated)
		same(w, "the old summary finds nothing", titles(w.list("", "q=wrogn")), []string{})
		then := read[api.Document](w, "anton", at(id)+fmt.Sprintf("?asOf=%d", before.Reflects))
		equal(w, "as of before: title", then.Title["en"], "Old title")
		equal(w, "as of before: summary", then.Summary["en"], "Wrogn")
		sameTime(w, "as of before: date", then.Versions[0].PublishedAt, start)
		said := w.asks(200, "anton", "GET", at(id, "events"), nil).body
		for _, both := range []string{"Wrogn", "Right", "Old title", "New title"} {
			if !bytes.Contains(said, []byte(both)) {
				w.t.Errorf("the auditor does not see %q", both)
			}
		}
		if said := w.asks(200, "rita", "GET", at(id, "events"), nil).body; bytes.Contains(said, []byte("Wrogn")) {
			w.t.Error("a reader sees what was corrected")
		}
	})
	run("withdrawing needs a public reason; the page stays and shows it; reinstating is possible", func(w *world) {
		id := w.publish("Report", nil)
		w.asks(400, "paula", "POST", at(id, "withdraw"), object{})
		w.withdraw(id, "It was wrong")
		d := w.document("", id)
		equal(w, "withdrawn", d.Withdrawn, true)
		equal(w, "reason", d.Reason["en"], "It was wrong")
		w.asks(200, "paula", "POST", at(id, "reinstate"), object{})
		equal(w, "reinstated", w.document("", id).Withdrawn, false)
	})
	run("a wrong version is withdrawn alone", func(w *world) {
		id := w.publish("Report", nil)
		w.version(id, 1, "Second", nil)
		w.asks(400, "paula", "POST", at(id, "versions", 2, "withdraw"), object{})
		w.withdrawVersion(id, 2, "Wrong file")
		d := w.document("", id)
		equal(w, "current", d.Version, 1)
		equal(w, "the document stays", d.Withdrawn, false)
		equal(w, "reason", d.Versions[0].Reason["en"], "Wrong file")
		w.asks(200, "paula", "POST", at(id, "versions", 2, "reinstate"), object{})
		equal(w, "reinstated", w.document("", id).Version, 2)
	})
	run("a document moves between series; its followers stay, with one notice", func(w *world) {
		a, b := w.series("Line A"), w.series("Line B")
		id := w.publish("Report", object{"series": a})
		w.save("rita", id)
		w.asks(200, "ruth", "PUT", "/api/v1/library/series/"+a.String(), nil)
		w.choose("rita", "immediate")
		w.choose("ruth", "immediate")
		w.details(id, "Report", object{"series": b})
		before := len(w.mails("ruth"))
		if l := w.told("rita", "after the move"); strings.Count(l.text, "Report") < 1 {
			w.t.Errorf("the mail does not name it:\n%s", l.text)
		}
		equal(w, "mails to a follower of the series left", len(w.mails("ruth")), before+1)
		w.silent("rita", "after the one notice")
		equal(w, "still kept", w.entry("rita", id).Series, b)
		same(w, "follows where it went", w.follows("rita"), []uuid.UUID{b})
		equal(w, "documents of the series left", len(read[api.Series](w, "rita", "/api/v1/series/"+b.String()).Documents.Items), 1)
		w.version(id, 1, "Second", nil)
		w.told("rita", "after a version in its new series")
		equal(w, "mails to a follower of the series left", len(w.mails("ruth")), before+1)
	})
	run("a series ends with one last notice and a successor", func(w *world) {
		a, b := w.series("Line A"), w.series("Line B")
		id := w.publish("Report", object{"series": a})
		w.publish("Next", object{"series": b})
		w.save("rita", id)
		w.choose("rita", "immediate")
		w.asks(200, "paula", "POST", "/api/v1/series/"+a.String()+"/discontinue", object{"reason": english("Replaced"), "successor": b})
		l := w.told("rita", "after the end")
		if !l.says("Replaced", "Line A", b.String()) {
			w.t.Errorf("the last notice:\n%s", l.text)
		}
		s := read[api.Series](w, "rita", "/api/v1/series/"+a.String())
		equal(w, "discontinued", s.Discontinued, true)
		equal(w, "successor", s.Successor, b)
		w.asks(409, "paula", "POST", documents, object{"title": english("Late"), "audience": "everyone", "summary": english("x"), "files": w.files("z"), "series": a})
		w.silent("rita", "after the last notice")
	})
	run("the effective period is separate from the publication time", func(w *world) {
		id := w.publish("Report", object{"effective": object{"from": "2025-01-01", "to": "2025-12-31"}})
		v := w.document("", id).Versions[0]
		sameTime(w, "published", v.PublishedAt, start)
		equal(w, "from", v.Effective.From.String(), "2025-01-01")
		equal(w, "to", v.Effective.To.String(), "2025-12-31")
	})
}
