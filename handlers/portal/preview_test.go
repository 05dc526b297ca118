package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/handlers"
)

// keeps is somebody who joins, keeps a document and gets mails so often; with an address that is
// confirmed, or none.
func (w *world) keeps(name string, doc uuid.UUID, f calendar.Frequency, address string) access.Reader {
	w.t.Helper()
	ctx := context.Background()
	joined, err := w.people.Join(ctx, w.ask(operator), name)
	w.ok(err)
	r := access.Reader{Person: joined.Person.String(), Role: access.Member}
	if f != "" {
		_, err = w.people.ChangeSettings(ctx, w.ask(r), handlers.Settings{Person: joined.Person, Language: "en", Address: address,
			Schedule: calendar.Schedule{Frequency: f, Hour: 8, Weekday: 1, MonthDay: 1, Zone: "UTC"}})
		w.ok(err)
		_, err = w.people.Vouch(ctx, w.ask(operator), joined.Person)
		w.ok(err)
	}
	_, err = w.libraries.Save(ctx, w.ask(r), doc)
	w.ok(err)
	return r
}

// TestAPublisherSeesWhoWouldBeToldAndTheMail: numbers and never a name, and the mail
// as digests are rendered.
func TestAPublisherSeesWhoWouldBeToldAndTheMail(t *testing.T) {
	w := newWorld(t)
	line := w.series("SOC reports")
	id := w.publish(document.Details{Title: domain.Text{"en": "SOC 2 report", "de": "SOC-2-Bericht"}, Series: line}, access.SignedIn)
	sibling := w.publish(document.Details{Title: domain.English("SOC 1 report"), Series: line}, access.Everyone)
	other := w.titled("Something else")
	w.shown(paul, "/") // folds
	w.keeps("daily one", id, calendar.Daily, "one@reader.example")
	w.keeps("daily two", id, calendar.Daily, "two@reader.example")
	w.keeps("at once, by the series", sibling, calendar.Immediate, "three@reader.example")
	w.keeps("not concerned", other, calendar.Immediate, "four@reader.example")
	w.keeps("off", id, calendar.Off, "five@reader.example")
	w.keeps("never chosen", id, "", "")
	w.keeps("no address", id, calendar.Weekly, "")
	gone := w.keeps("unfollowed", sibling, calendar.Monthly, "six@reader.example")
	_, err := w.libraries.Unfollow(context.Background(), w.ask(gone), line)
	w.ok(err)
	path := "/documents/" + id.String() + "/preview"
	if to := w.shown(paul, "/documents/"+id.String()).links()["See who would be told, and the mail"]; to != path {
		t.Errorf("the document's page leads to %q", to)
	}
	p := w.shown(paul, path+"?"+url.Values{"summary.en": {"Chapter 3\r\nis new <script>"}, "summary.de": {"Kapitel 3 ist neu"}, "language": {"en"}}.Encode())
	if !p.has("Before you publish version 2", "Immediately1", "Daily2", "All of them3", "1 more is told once mail can go", "2 more keep or follow it and have mails turned off",
		"Updated: SOC 2 report", "Chapter 3 is new <script>") || p.has("Weekly") || p.has("Monthly") {
		t.Errorf("%s", p.text())
	}
	for _, told := range []string{"@reader.example", "daily one", "never chosen"} {
		if strings.Contains(p.Body.String(), told) {
			t.Errorf("the page tells of %q", told)
		}
	}
	w.sound("preview", p)
	frames := p.all("iframe")
	if len(frames) != 1 || !strings.HasPrefix(attr(frames[0], "src"), path+"/mail?") || !strings.HasPrefix(attr(frames[0], "sandbox"), "allow-top-navigation") ||
		!strings.Contains(p.Header().Get("Content-Security-Policy"), "frame-src 'self'") {
		t.Fatalf("%d frames, policy %s", len(frames), p.Header().Get("Content-Security-Policy"))
	}
	mail := w.shown(paul, attr(frames[0], "src"))
	if !mail.has("SOC 2 report", "Chapter 3 is new <script>", "version 2", "In your library") || len(mail.all("script")) != 0 ||
		!strings.Contains(mail.Header().Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(mail.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%s\n%s", mail.Header().Get("Content-Security-Policy"), mail.text())
	}
	german := w.shown(paul, path+"?summary.de=Kapitel+3+ist+neu&language=de")
	if !german.has("Aktualisiert: SOC-2-Bericht", "Kapitel 3 ist neu") {
		t.Errorf("in German: %s", german.text())
	}
	if bare := w.shown(paul, path); !bare.has("All of them3", "Updated: SOC 2 report") {
		t.Errorf("with nothing typed: %s", bare.text())
	}
	if nobodys := w.shown(paul, "/documents/"+w.titled("New").String()+"/preview"); !nobodys.has("Nobody who gets mails keeps this document") {
		t.Errorf("%s", nobodys.text())
	}

	for _, bad := range []string{"?language=fr", "?summary.fr=x", "?language=en&language=de", "?summary.en=%00"} {
		if p := w.get(paul, path+bad); p.Code != http.StatusBadRequest {
			t.Errorf("%.30s: %d", bad, p.Code)
		}
	}
	if p := w.get(paul, path+"?summary.en="+strings.Repeat("x", 2001)); p.Code != http.StatusRequestEntityTooLarge || len(p.all("textarea")) != 2 || !p.has("2000") {
		t.Errorf("a summary that is too long: %d %s", p.Code, p.text())
	}
	// Whoever may not publish finds nothing there; nobody known is led to sign in.
	for _, at := range []string{path, path + "/mail"} {
		for _, who := range []string{rosa, ada} {
			if p := w.get(who, at); p.Code != http.StatusNotFound {
				t.Errorf("%s for %s: %d", at, who, p.Code)
			}
		}
		if p := w.get(nobody, at); p.Code != http.StatusSeeOther {
			t.Errorf("%s for nobody: %d", at, p.Code)
		}
	}
	w.hide(id)
	if p := w.get(paul, path); p.Code != http.StatusNotFound {
		t.Errorf("of a document that the publisher may not see: %d", p.Code)
	}
}
