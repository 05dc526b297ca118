package acceptance_test

// BEHAVIOUR §7: notification settings.

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/api"
)

func TestNotificationSettings(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	run("off by default", func(w *world) {
		equal(w, "frequency", read[api.NotificationSettings](w, "rita", "/api/v1/settings").Frequency, "off")
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.version(id, 1, "Second", nil)
		w.react()
		w.pass(40 * day)
		w.silent("rita", "who never chose anything")
	})
	run("hour, weekday, day of month, zone, language", func(w *world) {
		id := w.publish("Report", nil)
		for who, chosen := range map[string]object{
			"rita":  {"frequency": "daily", "hour": 9, "minute": 30, "zone": "Asia/Kolkata", "language": "de"},
			"ruth":  {"frequency": "weekly", "weekday": 3, "zone": "Europe/Berlin"},
			"peter": {"frequency": "monthly", "monthDay": 31},
		} {
			w.save(who, id)
			w.settings(who, chosen)
		}
		w.version(id, 1, "Second", nil)
		w.react()
		for _, is := range []struct {
			who string
			due time.Time
		}{
			{"rita", time.Date(2027, 3, 2, 4, 0, 0, 0, time.UTC)}, // 09:30 in Kolkata
			{"ruth", time.Date(2027, 3, 3, 7, 0, 0, 0, time.UTC)}, // Wednesday, 08:00 in Berlin
			{"peter", time.Date(2027, 3, 31, 8, 0, 0, 0, time.UTC)},
		} {
			w.at(is.due.Add(-time.Microsecond))
			w.silent(is.who, "before it is due")
			w.at(is.due)
			if l := w.told(is.who, "when it is due"); l.says("Aktualisiert") != (is.who == "rita") {
				w.t.Errorf("in the wrong language:\n%s", l.text)
			}
		}
	})
	run("changing frequency inside a window loses nothing and sends nothing twice", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", "monthly")
		w.version(id, 1, "Second", nil)
		w.react()
		w.pass(day)
		w.choose("rita", "weekly")
		w.version(id, 2, "Third", nil)
		w.react()
		w.pass(day)
		w.choose("rita", "immediate") // what is pending goes out at once
		all := w.mails("rita")
		if len(all) != 1 || !all[0].says("Third", "2 updates") {
			w.t.Errorf("told: %+v", all)
		}
		w.choose("rita", "daily")
		w.pass(40 * day)
		w.silent("rita", "after all was told")
		sent, _ := w.sent("rita")
		equal(w, "digests", len(sent), 1)
	})
	run("turning on starts now; off and on again brings no flood", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.version(id, 1, "Second", nil)
		w.choose("rita", "immediate")
		w.silent("rita", "of the back catalogue")
		w.choose("rita", "off")
		w.version(id, 2, "Third", nil)
		w.silent("rita", "while off")
		w.choose("rita", "daily")
		w.pass(2 * day)
		w.silent("rita", "of the gap")
		w.version(id, 3, "Fourth", nil)
		w.react()
		w.pass(day)
		if l := w.told("rita", "of news"); l.says("updates)") || !l.says("Fourth") || l.says("Third") {
			w.t.Errorf("told:\n%s", l.text)
		}
	})
	run("the address is confirmed by a mailed link before the first digest; until then the old address stays in force", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		give := func(address string) {
			w.asks(200, "rita", "PUT", "/api/v1/settings", object{"frequency": "immediate", "zone": "UTC", "language": "en", "address": address})
			w.react()
		}
		follow := func(l letter) {
			token := l.text[strings.Index(l.text, "/confirm?token=")+len("/confirm?token="):]
			who, address, err := w.links.Confirmed(strings.Fields(token)[0], w.clock())
			w.check(err)
			_, err = w.people.ConfirmAddress(context.Background(), handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: who.String()}}, who, address)
			w.check(err)
			w.react()
		}
		give("rita@first.example")
		asked := w.kept("rita@first.example")
		equal(w, "mails that ask", len(asked), 1)
		w.version(id, 1, "Second", nil)
		w.react()
		equal(w, "before it is confirmed", len(w.kept("rita@first.example")), 1)
		equal(w, "confirmed", read[api.CurrentSettings](w, "rita", "/api/v1/settings").Confirmed, false)
		follow(asked[0])
		first := w.kept("rita@first.example")
		equal(w, "once it is confirmed", len(first), 2)
		give("rita@second.example")
		s := read[api.CurrentSettings](w, "rita", "/api/v1/settings")
		equal(w, "in force", s.InForce, "rita@first.example")
		equal(w, "chosen", s.Address, "rita@second.example")
		w.version(id, 2, "Third", nil)
		w.react()
		equal(w, "to the old address", len(w.kept("rita@first.example")), 3)
		asked = w.kept("rita@second.example")
		equal(w, "to the new one", len(asked), 1)
		follow(asked[0])
		w.version(id, 3, "Fourth", nil)
		w.react()
		equal(w, "to the old address", len(w.kept("rita@first.example")), 3)
		equal(w, "to the new one", len(w.kept("rita@second.example")), 2)
	})
	run("a hard bounce suspends, shows it in the settings and says why; confirmed anew, nothing is lost", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", "immediate")
		own, err := w.people.Settings(context.Background(), w.person("rita"))
		w.check(err)
		_, err = w.people.Bounced(context.Background(), handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: event.SystemActor}}, w.person("rita"),
			person.Failure{AddressID: own.AddressID, Digest: uuid.New(), NoSuch: true, Status: "5.1.1"})
		w.check(err)
		w.version(id, 1, "Second", nil)
		w.silent("rita", "while suspended")
		s := read[api.CurrentSettings](w, "rita", "/api/v1/settings")
		equal(w, "suspended", s.Suspended, "bad-address")
		equal(w, "because of", s.Bounced, "5.1.1")
		w.asks(200, "rita", "POST", "/api/v1/settings/address/link", nil)
		w.vouch("rita")
		w.told("rita", "what happened while suspended")
		equal(w, "suspended", read[api.CurrentSettings](w, "rita", "/api/v1/settings").Suspended, "")
	})
	run("a disabled account gets nothing, and no flood when it is enabled", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", "daily")
		administrator := func() handlers.Request {
			return handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: event.OperatorActor}}
		}
		w.version(id, 1, "Second", nil)
		w.react()
		_, err := w.people.Disable(context.Background(), administrator(), w.person("rita"))
		w.check(err)
		w.pass(2 * day)
		w.silent("rita", "while disabled")
		_, err = w.people.Enable(context.Background(), administrator(), w.person("rita"))
		w.check(err)
		w.pass(2 * day)
		w.silent("rita", "of the gap")
	})
	run("one-click unsubscribe works without signing in and only reduces mail", func(w *world) {
		id := w.publish("Report", nil)
		w.save("rita", id)
		w.choose("rita", "immediate")
		w.version(id, 1, "Second", nil)
		l := w.told("rita", "of news")
		equal(w, "one click", l.header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click")
		link, err := url.Parse(l.header.Get("List-Unsubscribe")[1 : len(l.header.Get("List-Unsubscribe"))-1])
		w.check(err)
		who, err := w.links.Verify(link.Query().Get("token"))
		w.check(err)
		equal(w, "whose link", who, w.person("rita"))
		for range 2 {
			_, err = w.people.TurnOff(context.Background(), handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: who.String()}}, who)
			w.check(err)
		}
		s := read[api.NotificationSettings](w, "rita", "/api/v1/settings")
		equal(w, "frequency", s.Frequency, "off")
		equal(w, "the rest stays", s.Address, "rita@reader.example")
		w.version(id, 2, "Third", nil)
		w.silent("rita", "after unsubscribing")
	})
}
