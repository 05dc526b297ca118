package acceptance_test

// BEHAVIOUR §8: digest mail.

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/handlers"
)

// links are the addresses in a mail's body.
var links = regexp.MustCompile(`https?://[^\s"<>]+`)

func TestDigestMail(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	withGrace := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorldWith(t, 10*time.Minute)) })
	}
	// kept is a document that rita keeps, and her digests.
	kept := func(w *world, frequency string) uuid.UUID {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", frequency)
		return id
	}
	run("links to the updated documents, a description of each, to the portal, never to bytes", func(w *world) {
		id := kept(w, "immediate")
		w.version(id, 1, "Retention is shorter now", nil)
		l := w.told("rita", "of news")
		if !l.says("Retention is shorter now", "Report", portal+"/documents/"+id.String(), portal+"/settings", portal+"/unsubscribe?token=") {
			w.t.Errorf("told:\n%s\n%s", l.text, l.html)
		}
		for _, a := range links.FindAllString(l.text+l.html, -1) {
			if !strings.HasPrefix(a, portal) || strings.Contains(a, "/files/") || strings.Contains(a, "/contents") {
				w.t.Errorf("leads elsewhere: %s", a)
			}
		}
		equal(w, "to", l.header.Get("To"), "<rita@reader.example>")
	})
	run("one mail per window, never an empty one; windows follow each other", func(w *world) {
		id := kept(w, "daily")
		for n := range 4 {
			w.version(id, n+1, fmt.Sprint("Summary ", n), nil)
			w.version(w.publish(fmt.Sprint("Unkept ", n), nil), 1, "Of no concern", nil)
			w.react()
			w.pass(day)
			w.told("rita", "each day")
			w.react()
			w.pass(day)
			w.silent("rita", "on a day without news")
		}
		sent, _ := w.sent("rita")
		equal(w, "digests", len(sent), 4)
		for i := 1; i < len(sent); i++ {
			if sent[i].Window.From < sent[i-1].Window.Until || sent[i].MessageID == sent[i-1].MessageID {
				w.t.Errorf("%+v after %+v", sent[i], sent[i-1])
			}
		}
	})
	run("after an outage one mail covers the gap", func(w *world) {
		id := kept(w, "daily")
		for n := range 3 {
			w.version(id, n+1, fmt.Sprint("Summary ", n), nil)
			w.pass(day)
		}
		if l := w.told("rita", "after the outage"); !l.says("3 updates", "Summary 2") {
			w.t.Errorf("told:\n%s", l.text)
		}
		w.silent("rita", "after it")
	})
	run("updated three times, by library and series: one entry, the newest summary, 3 updates", func(w *world) {
		line := w.series("Line")
		id := w.publish("Report", object{"series": line})
		w.save("rita", id)
		w.asks(200, "rita", "PUT", "/api/v1/library/series/"+line.String(), nil)
		w.choose("rita", "daily")
		for n := range 3 {
			w.version(id, n+1, fmt.Sprint("Summary ", n), nil)
		}
		w.react()
		w.pass(day)
		l := w.told("rita", "the next day")
		if !l.says("3 updates", "Summary 2") || l.says("Summary 1") || strings.Count(l.text, "version 4") != 1 {
			w.t.Errorf("told:\n%s", l.text)
		}
		sent, _ := w.sent("rita")
		equal(w, "entries", sent[0].Count, 1)
	})
	run("more than 50 entries: the newest 50 and N more", func(w *world) {
		var ids []uuid.UUID
		for n := range 53 {
			ids = append(ids, w.publish(fmt.Sprintf("Report %02d.", n), nil))
		}
		w.asks(200, "rita", "POST", "/api/v1/library", object{"documents": ids})
		w.choose("rita", "daily")
		for _, id := range ids {
			w.version(id, 1, "Second", nil)
		}
		w.react()
		w.pass(day)
		l := w.told("rita", "the next day")
		if !l.says("and 3 more", "Report 52.", "Report 03.") || l.says("Report 02.") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("access is decided when the mail is made ready, and again before another attempt", func(w *world) {
		id, other := kept(w, "daily"), w.publish("Other", nil)
		w.save("rita", other)
		w.version(id, 1, "Second", nil)
		w.version(other, 1, "Second", nil)
		w.react()
		w.hide(id)
		w.pass(day)
		w.outcomes.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Reason: "busy"}}
		w.silent("rita", "refused for now")
		w.hide(other)
		w.pass(time.Hour)
		w.silent("rita", "after access to all has ended")
		_, withheld := w.sent("rita")
		if len(withheld) != 1 || len(withheld[0].Items) != 2 {
			w.t.Errorf("recorded: %+v", withheld)
		}
	})
	run("a series' end is told only to those who may see one of its documents", func(w *world) {
		line, next := w.series("Line"), w.series("Hidden line")
		id := w.publish("Report", object{"series": line})
		w.hide(w.publish("Hidden", object{"series": next}))
		w.save("rita", id)
		w.save("ruth", id)
		w.choose("rita", "immediate")
		w.choose("ruth", "daily")
		w.asks(200, "paula", "POST", "/api/v1/series/"+line.String()+"/discontinue", object{"reason": english("Ended"), "successor": next})
		if l := w.told("rita", "of the end"); l.says("Hidden line") || strings.Contains(l.html, next.String()) {
			w.t.Errorf("names a successor that is hidden:\n%s", l.text)
		}
		w.hide(id)
		w.pass(day)
		w.silent("ruth", "of a series that is hidden now")
	})
	run("an immediate reader is told after a temporary refusal, and of what came meanwhile", func(w *world) {
		id := kept(w, "immediate")
		w.version(id, 1, "Second", nil)
		w.outcomes.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Reason: "busy"}}
		equal(w, "deferred", w.react().Deferred, 1)
		w.version(id, 2, "Third", nil)
		w.silent("rita", "before the next attempt")
		w.pass(2 * time.Minute)
		w.react()
		w.react() // what a round sends wakes the next one
		sent, _ := w.sent("rita")
		all := w.mails("rita")
		if len(sent) != 2 || len(all) != 2 || sent[0].Window.Until > sent[1].Window.From {
			w.t.Fatalf("%d mails, %+v", len(all), sent)
		}
		updates := sent[0].Items[0].Updates + sent[1].Items[0].Updates
		equal(w, "updates told", updates, 2)
		w.version(id, 3, "Fourth", nil)
		w.told("rita", "of what comes after")
	})
	withGrace("withdrawn within the grace period: never mailed as new", func(w *world) {
		id := kept(w, "immediate")
		w.pass(time.Hour)
		w.react()
		w.version(id, 1, "A mistake", nil)
		w.react()
		w.pass(5 * time.Minute)
		w.withdrawVersion(id, 2, "It was a mistake")
		w.silent("rita", "within the grace period")
		w.pass(time.Hour)
		if l, is := w.news("rita"); is {
			w.t.Errorf("told of what was never told:\n%s", l.text)
		}
	})
	withGrace("a grace period lies before the release; urgent is told at once", func(w *world) {
		id := kept(w, "immediate")
		w.version(id, 1, "Second", nil)
		w.silent("rita", "at once")
		w.pass(10*time.Minute - time.Microsecond)
		w.silent("rita", "a microsecond before its end")
		w.pass(time.Microsecond)
		w.told("rita", "at its end")
		w.version(id, 2, "Third", object{"urgent": true})
		w.told("rita", "at once, of an urgent one")
	})
	run("withdrawn before the digest: named as withdrawn, not as new", func(w *world) {
		id, wrong := kept(w, "daily"), w.publish("Wrong version", nil)
		w.save("rita", wrong)
		w.version(id, 1, "Novelty", nil)
		w.version(wrong, 1, "Novelty", nil)
		w.react()
		w.withdraw(id, "It was wrong")
		w.withdrawVersion(wrong, 2, "Wrong file")
		w.react()
		w.pass(day)
		if l := w.told("rita", "the next day"); !l.says("It was wrong", "Wrong file", "Withdrawn", "Version withdrawn") || l.says("Novelty") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("a withdrawal is itself an entry, also for followers of the series", func(w *world) {
		line := w.series("Line")
		id := w.publish("Report", object{"series": line})
		w.asks(200, "rita", "PUT", "/api/v1/library/series/"+line.String(), nil)
		w.choose("rita", "immediate")
		w.withdraw(id, "It was wrong")
		if l := w.told("rita", "of the withdrawal"); !l.says("It was wrong", "Report") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("imported history is never released", func(w *world) {
		line := w.series("Line")
		w.publish("Seen", object{"series": line})
		w.asks(200, "rita", "PUT", "/api/v1/library/series/"+line.String(), nil)
		w.choose("rita", "immediate")
		origin := document.Origin{Source: "acme", Key: "a.pdf"}
		for n := range 2 {
			file := document.File{Locale: "en", Name: "a.pdf", SHA256: w.upload(fmt.Sprint("imported ", n)), Bytes: 1, MediaType: "application/pdf"}
			req := handlers.Request{ID: fmt.Sprint("import-", n), Actor: access.Reader{Person: event.OperatorActor}}
			_, err := w.publishing.ImportVersion(t.Context(), req, handlers.ImportVersion{
				Document: domain.Derive(uuid.Nil, "acme", "a.pdf"), Details: document.Details{Title: domain.English("Imported"), Series: line},
				Audience: access.Audience{Kind: access.Everyone}, Major: true, Files: []document.File{file}, Summary: domain.English("Long ago"),
				PublishedAt: start.AddDate(-1, n, 0), Origin: origin,
			})
			w.check(err)
		}
		w.follow()
		equal(w, "imported", w.list("", "q=imported").Total.Number, 1)
		w.silent("rita", "of the past")
	})
	run("plain text and HTML, why, unsubscribe headers, a stable Message-ID", func(w *world) {
		id := kept(w, "immediate")
		w.version(id, 1, "Second", nil)
		l := w.told("rita", "of news")
		sent, _ := w.sent("rita")
		equal(w, "Message-ID", l.header.Get("Message-ID"), "<"+sent[0].MessageID+">")
		equal(w, "one click", l.header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click")
		equal(w, "unsubscribe", l.header.Get("List-Unsubscribe"), "<"+w.links.Unsubscribe(w.person("rita"))+">")
		if !l.says("You get this mail because") {
			w.t.Errorf("does not say why:\n%s", l.text)
		}
	})
	run("the person's language, with untranslated items labelled", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.settings("rita", object{"frequency": "immediate", "language": "de"})
		w.version(id, 1, "Second", nil)
		if l := w.told("rita", "of news"); !l.says("Version 2", "nur auf Englisch") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("once turned off, a prepared mail does not start", func(w *world) {
		id := kept(w, "immediate")
		w.version(id, 1, "Second", nil)
		w.outcomes.script = []mail.Outcome{{Verdict: mail.Doubtful}}
		w.silent("rita", "in doubt")
		w.choose("rita", "off")
		w.pass(day)
		w.silent("rita", "after turning off")
	})
}
