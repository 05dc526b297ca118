package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/handlers"
)

// TestThePagesBehindMailsAreInTheReadersLanguage: by the settings of whoever is known,
// else as the browser asks; refusals too.
func TestThePagesBehindMailsAreInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	w.accepts = "de-DE,de;q=0.9,en;q=0.5"
	in := func(language string, p page, status int, texts ...string) page {
		t.Helper()
		if got := attr(p.all("html")[0], "lang"); p.Code != status || got != language || !p.has(texts...) {
			t.Errorf("%d in %s, want %d in %s with %q: %s", p.Code, got, status, language, texts, p.text())
		}
		return p
	}
	settings := in("de", w.get(rosa, "/settings"), 200, "Benachrichtigungen", "Wie oft", "Wöchentlich", "E-Mails sind ausgeschaltet.", "Montag", "Einstellungen speichern")
	choose := func(from page, language string, changes url.Values) page {
		t.Helper()
		form := url.Values{"frequency": {"daily"}, "time": {"08:00"}, "weekday": {"1"}, "monthDay": {"1"}, "zone": {"Europe/Berlin"}, "language": {language}}
		for name, values := range changes {
			form[name] = values
		}
		return w.press(rosa, from, "/settings", form)
	}
	in("de", choose(settings, "de", url.Values{"time": {"soon"}}), 400, "Die Uhrzeit muss wie 08:30 aussehen.")
	in("de", choose(settings, "de", url.Values{"zone": {"Mars/Olympus"}}), 400, "Diese Zeitzone ist hier nicht bekannt")
	in("de", choose(settings, "de", url.Values{"frequency": {"often"}}), 400, "Diese Zeit gibt es nicht")
	in("de", choose(settings, "x_y", nil), 400, "Diese Sprache gibt es nicht")
	in("de", choose(settings, "de", url.Values{"address": {"rosa"}}), 400, "Das ist keine E-Mail-Adresse")
	if p := choose(settings, "de", url.Values{"address": {"rosa@halden.example"}}); p.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", p.Code, p.text())
	}
	w.accepts = "en" // the settings win
	in("de", w.get(rosa, "/settings?done=settings"), 200, "Ihre Einstellungen sind gespeichert.", "Die nächste E-Mail ist fällig am 2. März 2026, 08:00 Uhr (Europe/Berlin)",
		"Ein Link wurde gesendet an rosa@halden.example", "Neuen Link senden")
	for range 10 { // each is sent a mail
		w.later(time.Second)
		if p := w.press(rosa, w.get(rosa, "/settings"), "/settings/address", nil); p.Code == http.StatusTooManyRequests {
			in("de", p, 429, "Das ging nicht", "Heute wurden schon zu viele Adressen angegeben")
			break
		}
	}

	// Nobody is signed in: the person whom the link names decides, else the browser.
	id := w.readers[rosa].Person
	unsubscribe := strings.TrimPrefix(w.links.Unsubscribe(uuid.MustParse(id)), "https://trust.example")
	in("de", w.get(nobody, unsubscribe), 200, "Abbestellen", "Ihre Bibliothek bleibt, wie sie ist.", "E-Mails ausschalten")
	in("de", w.post(nobody, unsubscribe, url.Values{"List-Unsubscribe": {"One-Click"}}), 200, "E-Mails sind ausgeschaltet.")
	in("en", w.get(nobody, "/unsubscribe?token=x"), 200, "Turn mails off")
	w.accepts = "de"
	in("de", w.post(nobody, "/unsubscribe?token=x", url.Values{"List-Unsubscribe": {"One-Click"}}), 404, "Dieser Link gilt nicht.")
	in("de", w.post(nobody, unsubscribe, nil), 400, "Das Formular muss List-Unsubscribe=One-Click enthalten")
	own, err := w.people.Settings(context.Background(), uuid.MustParse(id))
	w.ok(err)
	confirm := func(expires time.Time) string {
		return strings.TrimPrefix(w.links.Confirm(own.Person, own.AddressID, expires), "https://trust.example")
	}
	in("de", w.get(nobody, confirm(own.Expires)), 200, "Adresse bestätigen", "Ja, das ist meine Adresse")
	in("de", w.post(nobody, confirm(w.now.Add(-time.Second)), nil), 409, "Dieser Link ist abgelaufen")
	in("de", w.post(nobody, "/confirm?token=x", nil), 404, "Dieser Link gilt nicht.")
	in("de", w.post(nobody, confirm(own.Expires), nil), 200, "Benachrichtigungen gehen von nun an an diese Adresse.")
	w.accepts = ""
	in("de", w.get(nobody, confirm(own.Expires)), 200, "Adresse bestätigen")
	in("en", w.get(nobody, "/confirm?token=x"), 200, "Confirm your address")

	// A language without a table: English, and it says so.
	_, err = w.people.ChangeSettings(context.Background(), w.ask(w.readers[lena]), handlers.Settings{Person: uuid.MustParse(w.readers[lena].Person), Language: "pt-br",
		Schedule: calendar.Schedule{Frequency: calendar.Off, Zone: "UTC", MonthDay: 1}})
	w.ok(err)
	w.accepts = "de"
	in("en", w.get(lena, "/settings"), 200, "Notification settings", "These pages are not available in Portuguese yet.")
}
