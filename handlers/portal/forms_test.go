package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/mail"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/portal"
)

func TestSearchFiltersAndPages(t *testing.T) {
	w := newWorld(t)
	w.category("soc", "SOC", category.Certifications)
	w.category("iso", "ISO", category.Certifications)
	for i := range 30 {
		d := document.Details{Title: domain.English(fmt.Sprintf("SOC 2 report %02d", i)), Categories: []string{"soc"}, Regions: []string{"eu"}}
		if i%3 == 0 {
			d.Categories = []string{"iso"}
		}
		w.publish(d, access.Everyone)
	}
	p := w.shown(nobody, "/documents?q=SOC2&category=soc")
	if !p.has("20 documents") || len(p.all("mark")) < 20 || textOf(p.all("mark")[0]) != "SOC 2" {
		t.Errorf("searched: %s", p.text())
	}
	checked := map[string]bool{}
	for _, in := range p.all("input") {
		for _, a := range in.Attr {
			checked[attr(in, "value")] = checked[attr(in, "value")] || a.Key == "checked"
		}
	}
	if !checked["soc"] || checked["iso"] || !p.has("ISO 10", "SOC 20") {
		t.Errorf("facets: %v, %s", checked, p.text())
	}
	if p.links()["Remove filter SOC ×"] != "/documents?q=SOC2" {
		t.Errorf("the chip leads to %q", p.links()["Remove filter SOC ×"])
	}
	seen, pages, path := map[string]bool{}, 0, "/documents?q=SOC2"
	for ; path != "" && pages < 3; pages++ {
		p := w.shown(nobody, path)
		for _, h := range p.all("h3") {
			if seen[textOf(h)] {
				t.Errorf("%s stands on two pages", textOf(h))
			}
			seen[textOf(h)] = true
		}
		path = p.links()["Next page"]
	}
	if len(seen) != 30 || pages != 2 {
		t.Errorf("%d documents on %d pages", len(seen), pages)
	}
	if p := w.shown(nobody, "/documents?q=nothing&category=soc"); !p.has("No document matches", "check the spelling", "remove a filter", "search superseded versions too") {
		t.Errorf("empty: %s", p.text())
	}
	for _, bad := range []string{"category=none", "from=yesterday", "to=0000-12-31", "series=x", "group=none", "q=" + strings.Repeat("x", 300), "after=nonsense"} {
		p := w.get(nobody, "/documents?"+bad)
		if p.Code != http.StatusBadRequest || p.links()["Show all documents"] != "/documents" {
			t.Errorf("%s: %d %s", bad, p.Code, p.text())
		}
	}
	if p := w.get(nobody, "/documents?category=none"); !p.has("iso, soc") {
		t.Errorf("the valid values are not listed: %s", p.text())
	}
}

func TestSavingMarksAndRemoves(t *testing.T) {
	w := newWorld(t)
	line := w.series("Yearly reports")
	id := w.publish(document.Details{Title: domain.English("Report"), Series: line}, access.Everyone)
	path := "/documents/" + id.String()
	before := w.shown(rosa, path)
	for range 2 { // a double click is one deed
		if p := w.press(rosa, before, path+"/save", nil); p.Code != http.StatusSeeOther || p.Header().Get("Location") != path+"?done=saved" {
			t.Fatalf("save: %d to %q", p.Code, p.Header().Get("Location"))
		}
	}
	if p := w.shown(rosa, path+"?done=saved"); !p.has("Saved to your library.", "In your library", "Remove from library") {
		t.Errorf("after saving: %s", p.text())
	}
	w.later(31 * 24 * time.Hour)
	w.version(id, 1, "Chapter 3 is new")
	p := w.shown(rosa, "/library")
	if !p.has("Version 1", "Version 2", "Updated 1 April 2026", "Chapter 3 is new", "followed because you saved a document in it") {
		t.Errorf("library: %s", p.text())
	}
	if s := p.all("summary"); len(s) != 1 || attr(s[0], "title") != "Chapter 3 is new" {
		t.Error("the mark has no tooltip")
	}
	if w.shown(lena, "/library").has("Report") {
		t.Error("another person's library holds it")
	}
	w.later(30*24*time.Hour + time.Second)
	if p := w.shown(rosa, "/library"); p.has("Updated") {
		t.Errorf("marked for longer than 30 days: %s", p.text())
	}
	_, err := w.publishing.Withdraw(t.Context(), w.ask(w.readers[paul]), handlers.WithdrawDocument{Document: id, Reason: domain.English("It was wrong")})
	w.ok(err)
	if p := w.shown(rosa, "/library"); !p.has("Withdrawn: It was wrong") || !strings.Contains(p.Body.String(), `class="entry faded"`) {
		t.Errorf("withdrawn: %s", p.text())
	}
	w.press(rosa, w.shown(rosa, "/library"), "/series/"+line.String()+"/unfollow", nil)
	if p := w.shown(rosa, "/library"); !p.has("You follow no series.") {
		t.Errorf("unfollowed: %s", p.text())
	}
	w.press(rosa, w.shown(rosa, "/library"), path+"/remove", nil)
	if p := w.shown(rosa, "/library"); !p.has("Your library is empty") {
		t.Errorf("removed: %s", p.text())
	}
}

func TestWhatIsNoLongerAvailableKeepsItsTitle(t *testing.T) {
	w := newWorld(t)
	id := w.titled("Report as saved")
	w.press(rosa, w.shown(rosa, "/documents/"+id.String()), "/documents/"+id.String()+"/save", nil)
	w.hide(id)
	p := w.shown(rosa, "/library")
	if !p.has("Report as saved", "No longer available to your organization.") || p.links()["Report as saved"] != "" {
		t.Errorf("library: %s", p.text())
	}
}

func TestBulkSaveTellsEachOutcome(t *testing.T) {
	w := newWorld(t)
	one, two := w.titled("One"), w.titled("Two")
	w.press(rosa, w.shown(rosa, "/documents/"+one.String()), "/documents/"+one.String()+"/save", nil)
	list := w.shown(rosa, "/documents?old=1")
	p := w.press(rosa, list, "/library", url.Values{"document": {one.String(), two.String(), uuid.NewString()}})
	to := p.Header().Get("Location")
	if p.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/documents?") || !w.shown(rosa, to).has("1 document saved to your library. 1 was there already. 1 is not available.") {
		t.Errorf("bulk: %d to %q", p.Code, to)
	}
	if p := w.press(rosa, list, "/library", url.Values{"document": {two.String()}}); p.Code != http.StatusUnprocessableEntity {
		t.Errorf("the same key for another choice: %d", p.Code)
	}
	if p := w.press(rosa, list, "/library", nil); p.Code != http.StatusBadRequest || !p.has("Nothing is ticked") {
		t.Errorf("nothing ticked: %d %s", p.Code, p.text())
	}
	if p := w.post(nobody, "/library", url.Values{"document": {two.String()}, "return": {"/documents"}}); p.Header().Get("Location") != "/sign-in?return=%2Fdocuments" {
		t.Errorf("anonymous: %d to %q", p.Code, p.Header().Get("Location"))
	}
}

func TestSettingsSayWhenTheNextMailIsDue(t *testing.T) {
	w := newWorld(t)
	good := url.Values{"frequency": {"weekly"}, "time": {"08:30"}, "weekday": {"5"}, "monthDay": {"1"}, "zone": {"Europe/Berlin"}, "language": {"en"}, "address": {"rosa@halden.example"}}
	form := w.shown(rosa, "/settings")
	if !form.has("Mails are off.") {
		t.Errorf("before: %s", form.text())
	}
	bad := url.Values{"zone": {"Mars/Olympus"}}
	for name, values := range good {
		if bad[name] == nil {
			bad[name] = values
		}
	}
	p := w.press(rosa, form, "/settings", bad)
	if p.Code != http.StatusBadRequest || !p.has("Europe/Berlin") || !strings.Contains(p.Body.String(), `value="Mars/Olympus" required autocomplete="off" spellcheck="false" aria-invalid="true"`) {
		t.Errorf("a zone that does not exist: %d %s", p.Code, p.text())
	}
	p = w.press(rosa, p, "/settings", good)
	if p.Code != http.StatusSeeOther {
		t.Fatalf("good settings: %d %s", p.Code, p.text())
	}
	// 1 March 2026 is a Sunday.
	if p := w.shown(rosa, p.Header().Get("Location")); !p.has("Your settings are saved.", "The next mail is due on 6 March 2026, 08:30 (Europe/Berlin)", "time zone Europe/Berlin") {
		t.Errorf("after: %s", p.text())
	}
}

// address gives a person a mail address.
func (w *world) address(t testing.TB, who, address string) {
	t.Helper()
	id := uuid.MustParse(w.readers[who].Person)
	_, err := w.people.ChangeSettings(t.Context(), w.ask(w.readers[who]), handlers.Settings{Person: id, Language: "en", Address: address,
		Schedule: calendar.Schedule{Frequency: calendar.Daily, Hour: 8, Zone: "UTC", MonthDay: 1}})
	w.ok(err)
}

// mail keeps a digest of somebody's to an address and answers its id.
func (w *world) mail(t testing.TB, who, to string) string {
	t.Helper()
	w.later(time.Minute)
	raw := strings.ReplaceAll(`Date: `+w.now.Format(time.RFC1123Z)+`
Message-ID: <`+uuid.NewString()+`@halden.example>
To: <`+to+`>
List-Unsubscribe: <`+w.links.Unsubscribe(uuid.MustParse(w.readers[who].Person))+`>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Open http://127.0.0.1/documents, f=C3=BCr dich.
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PCFkb2N0eXBlIGh0bWw+PGh0bWw+PGhlYWQ+PC9oZWFkPjxib2R5PjxwPkhlbGxvPC9wPjwvYm9keT48L2h0bWw+
--b--
`, "\n", "\r\n")
	if o := w.mails.Send(t.Context(), mail.Message{ID: uuid.NewString(), To: to, Bytes: []byte(raw)}); o.Verdict != mail.Accepted {
		t.Fatalf("%+v", o)
	}
	kept, err := w.mails.List(t.Context(), 1)
	w.ok(err)
	return kept[0].ID
}

func TestMailsAreReadByWhomTheyWentTo(t *testing.T) {
	w := newWorld(t)
	w.address(t, rosa, "rosa@halden.example")
	w.address(t, lena, "rosa@halden.example") // to write an address down proves nothing
	id := w.mail(t, rosa, "rosa@halden.example")
	for who, sees := range map[string]bool{rosa: true, lena: false, paul: true} {
		if p := w.shown(who, "/mails"); p.has("Grüße") != sees {
			t.Errorf("%s sees in the list: %s", who, p.text())
		}
		for _, path := range []string{"/mails/" + id, "/mails/" + id + "/html"} {
			if p := w.get(who, path); (p.Code == http.StatusOK) != sees || !sees && p.Code != http.StatusNotFound {
				t.Errorf("%s opens %s: %d", who, path, p.Code)
			}
		}
	}
	p := w.shown(rosa, "/mails/"+id)
	if !p.has("Open http://127.0.0.1/documents, für dich.") || p.links()["http://127.0.0.1/documents"] != "http://127.0.0.1/documents" {
		t.Errorf("text part: %s", p.text())
	}
	frames := p.all("iframe")
	if len(frames) != 1 || strings.Contains(attr(frames[0], "sandbox"), "allow-scripts") || strings.Contains(attr(frames[0], "sandbox"), "allow-same-origin") {
		t.Fatal("the HTML part is not in one sandboxed frame")
	}
	part := w.shown(rosa, attr(frames[0], "src"))
	policy := part.Header().Get("Content-Security-Policy")
	if !part.has("Hello") || !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "script-src") || !strings.Contains(policy, "sandbox") {
		t.Errorf("HTML part under %q: %s", policy, part.text())
	}
}

func TestAnAddressIsConfirmedByTheLinkAndAPost(t *testing.T) {
	w := newWorld(t)
	w.address(t, rosa, "rosa@halden.example")
	id := uuid.MustParse(w.readers[rosa].Person)
	link := func() string {
		own, err := w.people.Settings(t.Context(), id)
		w.ok(err)
		u, err := url.Parse(w.links.Confirm(id, own.AddressID, own.Expires))
		w.ok(err)
		return u.RequestURI()
	}
	waits := func() bool {
		return w.shown(rosa, "/settings").has("A link was sent to rosa@halden.example", "Until then no mail is sent")
	}
	first := link()
	if ask := w.shown(nobody, first); !waits() || !ask.has("Shall notifications be sent to this address?") {
		t.Fatal("opening the link confirmed the address, or asks nothing")
	}
	if p := w.post(nobody, "/confirm?token=forged", nil); p.Code != http.StatusNotFound || !p.has("not valid") || !waits() {
		t.Errorf("a forged token: %d %s", p.Code, p.text())
	}
	// A new link ends the one before.
	form := w.shown(rosa, "/settings")
	if p := w.press(rosa, form, "/settings/address", nil); p.Code != http.StatusSeeOther || !w.shown(rosa, p.Header().Get("Location")).has("A new link is on its way.") {
		t.Fatalf("another link: %d %s", p.Code, p.text())
	}
	if p := w.post(nobody, first, nil); p.Code != http.StatusConflict || !p.has("another address was chosen") || !waits() {
		t.Errorf("the link before: %d %s", p.Code, p.text())
	}
	second := link()
	for range 2 {
		if p := w.post(nobody, second, nil); p.Code != http.StatusOK || !p.has("Notifications go to this address") || waits() {
			t.Errorf("the link: %d %s", p.Code, p.text())
		}
	}
	own, err := w.people.Settings(t.Context(), id)
	w.ok(err)
	_, err = w.people.Bounced(t.Context(), w.ask(operator), id, person.Failure{AddressID: own.AddressID, Digest: uuid.New(), NoSuch: true, Status: "5.1.1"})
	w.ok(err)
	if p := w.shown(rosa, "/settings"); !p.has("Mails are suspended: your mail server says that there is no such address.", "Send a new link") {
		t.Errorf("suspended: %s", p.text())
	}
	// The link to the same address is on its way, and no mail until it is followed.
	form = w.shown(rosa, "/settings")
	w.press(rosa, form, "/settings/address", nil)
	if p := w.shown(rosa, "/settings"); !p.has("A link was sent to rosa@halden.example", "Mails are suspended: your mail server says") || p.has("mails go to") || p.has("next mail is due") || p.has("Mails go out as soon") {
		t.Errorf("suspended, and asked: %s", p.text())
	}
	w.post(nobody, link(), nil)
	own, err = w.people.Settings(t.Context(), id)
	w.ok(err)
	_, err = w.people.Complained(t.Context(), w.ask(operator), id, own.AddressID)
	w.ok(err)
	if p := w.shown(rosa, "/settings"); !p.has("Mails are suspended: one was reported as unwanted.", "Send a new link") || p.has("next mail is due") {
		t.Errorf("after a complaint: %s", p.text())
	}
	w.address(t, rosa, "")
	if p := w.shown(rosa, "/settings"); !p.has("No mail is sent before you give an address below.") || p.has("next mail is due") || p.has("Mails go out as soon") {
		t.Errorf("without an address: %s", p.text())
	}
}

func TestUnsubscribeOnlyByPost(t *testing.T) {
	w := newWorld(t)
	w.address(t, rosa, "rosa@halden.example")
	link, err := url.Parse(w.links.Unsubscribe(uuid.MustParse(w.readers[rosa].Person)))
	w.ok(err)
	on := func() bool { return !w.shown(rosa, "/settings").has("Mails are off.") }
	ask := w.shown(nobody, link.RequestURI())
	if !on() || !ask.has("Turn off all mails") {
		t.Fatal("opening the link turned mails off, or asks nothing")
	}
	if p := w.post(nobody, link.RequestURI(), url.Values{}); p.Code != http.StatusBadRequest || !on() {
		t.Errorf("a post that says nothing: %d", p.Code)
	}
	if p := w.post(nobody, "/unsubscribe?token=forged", url.Values{"List-Unsubscribe": {"One-Click"}}); p.Code != http.StatusNotFound || !p.has("not valid") {
		t.Errorf("a forged token: %d %s", p.Code, p.text())
	}
	// As a mail program sends it: no cookie, an origin of its own or none, either encoding.
	for _, origin := range []string{"null", "https://mail.example"} {
		r := httptest.NewRequest(http.MethodPost, link.RequestURI(), strings.NewReader("List-Unsubscribe=One-Click"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		if p := w.send(nobody, r); p.Code != http.StatusOK || on() {
			t.Errorf("one click from %s: %d %s", origin, p.Code, p.text())
		}
		w.address(t, rosa, "rosa@halden.example")
	}
	r := httptest.NewRequest(http.MethodPost, link.RequestURI(), strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if p := w.send(nobody, r); p.Code != http.StatusOK || on() {
		t.Errorf("one click: %d %s", p.Code, p.text())
	}
	w.address(t, rosa, "rosa@halden.example")
	if p := w.press(nobody, ask, link.RequestURI(), nil); p.Code != http.StatusOK || on() {
		t.Errorf("the button: %d %s", p.Code, p.text())
	}
}

func TestThePast(t *testing.T) {
	w := newWorld(t)
	id := w.titled("Former title")
	head, err := w.log.Head(t.Context())
	w.ok(err)
	w.later(48 * time.Hour)
	_, err = w.publishing.Revise(t.Context(), w.ask(w.readers[paul]), handlers.ReviseDetails{Document: id, Details: document.Details{Title: domain.English("Present title")}})
	w.ok(err)
	then := fmt.Sprintf("/as-of?ordinal=%d", head.Ordinal)
	for _, path := range []string{then, then + "&document=" + id.String(), "/as-of?day=2026-03-01", "/as-of?day=2026-03-01&document=" + id.String()} {
		if p := w.shown(nobody, path); !p.has("Former title", "As recorded, at no. "+fmt.Sprint(head.Ordinal)) || p.has("Present title") || p.has("Provisional") {
			t.Errorf("%s: %s", path, p.text())
		}
	}
	if p := w.shown(nobody, "/as-of?day=2027-01-01"); !p.has("Present title", "Provisional:") {
		t.Errorf("in the future: %s", p.text())
	}
	if p := w.shown(nobody, "/as-of?day=2026-03-01&by=published"); !p.has("By the publication dates claimed", "Present title") {
		t.Errorf("by the dates claimed: %s", p.text())
	}
	w.press(rosa, w.shown(rosa, "/documents/"+id.String()), "/documents/"+id.String()+"/save", nil)
	reader, auditor := w.shown(nobody, "/history/"+id.String()), w.shown(ada, "/history/"+id.String())
	if !reader.has("Published Version 1", "Title, description or place changed") || reader.has("Commitment") || reader.has("Saved to a library") || reader.has(w.readers[paul].Person) {
		t.Errorf("a reader sees %s", reader.text())
	}
	if !auditor.has("Commitment", "Saved to a library", "DetailsRevised", w.readers[paul].Person, `"en": "Former title"`) {
		t.Errorf("an auditor sees %s", auditor.text())
	}
}

// Every form but those that a signed link opens, and the demo's choice of a person,
// which writes nothing.
func TestNoFormServesAnAuditor(t *testing.T) {
	w := newWorld(t)
	line := w.series("Line")
	id := w.publish(document.Details{Title: domain.English("Report"), Series: line}, access.Everyone)
	before, err := w.log.Head(t.Context())
	w.ok(err)
	tried := 0
	for _, pattern := range portal.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodPost || slices.Contains([]string{"/unsubscribe", "/confirm", "/demo/person"}, path) {
			continue
		}
		tried++
		path = strings.NewReplacer("{document}", id.String(), "{series}", line.String()).Replace(path)
		form := url.Values{"key": {uuid.NewString()}, "document": {id.String()}, "frequency": {"daily"}, "time": {"08:00"}, "weekday": {"1"}, "monthDay": {"1"}, "zone": {"UTC"}, "language": {"en"}}
		if p := w.post(ada, path, form); p.Code != http.StatusForbidden || !p.has("An auditor changes nothing") && !p.has("an auditor changes nothing") {
			t.Errorf("%s: %d %s", path, p.Code, p.text())
		}
	}
	after, err := w.log.Head(t.Context())
	w.ok(err)
	if tried < 6 || after != before {
		t.Errorf("%d forms, and the log went from %d to %d", tried, before.Ordinal, after.Ordinal)
	}
	for _, path := range []string{"/documents", "/documents/" + id.String(), "/series/" + line.String(), "/library"} {
		for _, f := range w.shown(ada, path).all("form") {
			if attr(f, "method") == "post" && attr(f, "action") != "/demo/person" {
				t.Errorf("%s offers the auditor %s", path, attr(f, "action"))
			}
		}
	}
}
