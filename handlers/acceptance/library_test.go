package acceptance_test

// BEHAVIOUR §6: My Library.

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

func TestMyLibrary(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	run("saving keeps the first time, removing twice is removing", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.pass(time.Hour)
		w.version(id, 1, "Second", nil)
		w.save("rita", id)
		e := w.entry("rita", id)
		sameTime(w, "saved", e.SavedAt, start)
		equal(w, "version saved", e.SavedVersion, 1)
		equal(w, "version now", e.Version, 2)
		w.remove("rita", id)
		w.remove("rita", id)
		equal(w, "entries", len(w.shelf("rita").Entries), 0)
	})
	run("what one may not see cannot be saved", func(w *world) {
		id := w.publish("Report", nil)
		w.hide(id)
		hidden := w.asks(404, "rita", "PUT", "/api/v1/library/"+id.String(), nil)
		missing := w.asks(404, "rita", "PUT", "/api/v1/library/"+uuid.NewString(), nil)
		equal(w, "length of the answers", len(hidden.body), len(missing.body))
	})
	run("a bulk answers per item and does not tell hidden from missing", func(w *world) {
		saved, fresh, hidden := w.publish("A", nil), w.publish("B", nil), w.publish("C", nil)
		w.save("rita", saved)
		w.hide(hidden)
		body := object{"documents": []uuid.UUID{saved, fresh, hidden, uuid.New()}}
		for range 2 { // the second is a retry
			var got []string
			for _, r := range into[api.BulkSaving](w, w.asks(200, "rita", "POST", "/api/v1/library", body, "Idempotency-Key", "bulk")).Results {
				got = append(got, r.Outcome)
			}
			same(w, "outcomes", got, []string{"already", "saved", "not-available", "not-available"})
		}
	})
	run("updated in the last 30 days, to the microsecond, without notifications", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		equal(w, "the first publication", w.entry("rita", id).Updated, false)
		w.minor(id, 1)
		equal(w, "a minor version", w.entry("rita", id).Updated, false)
		w.version(id, 2, "Third", nil)
		w.pass(time.Hour)
		w.version(id, 3, "Fuorth", nil)
		updated := w.clock()
		e := w.entry("rita", id)
		equal(w, "tooltip", e.Summary["en"], "Fuorth")
		equal(w, "others", e.MoreUpdates, 1)
		w.pass(20 * day)
		w.correct(id, 4, "Fourth")
		e = w.entry("rita", id)
		equal(w, "tooltip, corrected", e.Summary["en"], "Fourth")
		sameTime(w, "the date is not", e.UpdatedAt, updated)
		w.at(updated.Add(30 * day))
		e = w.entry("rita", id)
		equal(w, "at 30 days", e.Updated, true)
		equal(w, "others at 30 days", e.MoreUpdates, 0)
		w.pass(time.Microsecond)
		e = w.entry("rita", id)
		equal(w, "a microsecond later", e.Updated, false)
		equal(w, "tooltip a microsecond later", e.Summary["en"], "")
		w.correct(id, 4, "Fourth, again")
		equal(w, "a late correction", w.entry("rita", id).Updated, false)
	})
	run("saving follows the series; removing the last unfollows; an explicit unfollow keeps", func(w *world) {
		line := w.series("Line")
		a, b := w.publish("A", object{"series": line}), w.publish("B", object{"series": line})
		follow := "/api/v1/library/series/" + line.String()
		w.save("rita", a)
		w.save("rita", b)
		same(w, "after saving two", w.follows("rita"), []uuid.UUID{line})
		w.remove("rita", a)
		same(w, "after removing one", w.follows("rita"), []uuid.UUID{line})
		w.remove("rita", b)
		same(w, "after removing the last", w.follows("rita"), []uuid.UUID{})
		w.save("rita", a)
		w.asks(200, "rita", "DELETE", follow, nil)
		same(w, "after an unfollow", w.follows("rita"), []uuid.UUID{})
		equal(w, "still kept", len(w.shelf("rita").Entries), 1)
		w.version(a, 1, "Of the kept one", nil)
		w.choose("rita", "immediate")
		w.publish("C", object{"series": line})
		w.silent("rita", "of a series unfollowed")
		w.version(a, 2, "Again", nil)
		w.told("rita", "of a document kept")
		w.asks(200, "rita", "PUT", follow, nil)
		same(w, "after following again", w.follows("rita"), []uuid.UUID{line})
		w.asks(200, "rita", "DELETE", follow, nil)
		w.save("rita", b)
		same(w, "after saving again", w.follows("rita"), []uuid.UUID{line})
		w.silent("rita", "nothing of between")
		w.publish("D", object{"series": line})
		if l := w.told("rita", "of a series followed again"); l.says("C") && !l.says("D") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("saved before it joined: followed from the joining on, nothing older", func(w *world) {
		line := w.series("Line")
		other, id := w.publish("Other", object{"series": line}), w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", "daily")
		w.version(other, 1, "Before the joining", nil)
		w.details(id, "Report", object{"series": line})
		same(w, "from the joining", w.follows("rita"), []uuid.UUID{line})
		w.version(other, 2, "After the joining", nil)
		w.react()
		w.at(start.Add(2 * time.Hour))
		l := w.told("rita", "at 08:00")
		if !l.says("After the joining") || l.says("Before the joining") || strings.Contains(l.text, "version 3 · 2 updates") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("withdrawn, the entry stays with the reason", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.version(id, 1, "Second", nil)
		w.withdraw(id, "It was wrong")
		e := w.entry("rita", id)
		equal(w, "withdrawn", e.Withdrawn, true)
		equal(w, "available", e.Available, true)
		equal(w, "reason", e.Reason["en"], "It was wrong")
		equal(w, "no longer marked", e.Updated, false)
	})
	run("no longer available: the title as it was saved; later renames do not show", func(w *world) {
		id := w.publish("As saved", nil)
		w.save("rita", id)
		w.details(id, "Renamed", nil)
		equal(w, "while it may be seen", w.entry("rita", id).Title["en"], "Renamed")
		w.hide(id)
		w.details(id, "Renamed again", nil)
		w.version(id, 1, "Hidden news", nil)
		e := w.entry("rita", id)
		equal(w, "title", e.Title["en"], "As saved")
		equal(w, "available", e.Available, false)
		equal(w, "marked", e.Updated, false)
		equal(w, "tooltip", e.Summary["en"], "")
	})
}
