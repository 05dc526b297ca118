package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/handlers"
)

func TestHomeShowsTheGroupsAndWhatIsNew(t *testing.T) {
	w := newWorld(t)
	w.category("soc", "SOC", category.Certifications)
	w.category("closed", "Closed tile", category.Organization)
	w.publish(document.Details{Title: domain.English("Open report"), Categories: []string{"soc"}}, access.Everyone)
	w.publish(document.Details{Title: domain.English("Closed report"), Categories: []string{"soc", "closed"}}, access.SignedIn)
	anonymous, signedIn := w.shown(nobody, "/"), w.shown(rosa, "/")
	for _, p := range []page{anonymous, signedIn} {
		if !p.has("Certifications, Regulations and Standards", "Reports, Whitepapers and Artifacts", "Industry and Regional Resources", "Resources for your Organization", "Open report") {
			t.Errorf("home: %s", p.text())
		}
	}
	if anonymous.has("Closed") || !anonymous.has("1 document") {
		t.Errorf("an anonymous visitor sees %s", anonymous.text())
	}
	if !signedIn.has("Closed report", "Closed tile", "2 documents") {
		t.Errorf("a signed-in reader sees %s", signedIn.text())
	}
}

func TestPagesRefuseWhatTheyDoNotTake(t *testing.T) {
	w := newWorld(t)
	line := w.series("Line")
	id := w.publish(document.Details{Title: domain.English("Report"), Series: line}, access.Everyone)
	for _, path := range []string{"/documents", "/series", "/series/" + line.String(), "/library", "/history/" + id.String(), "/as-of", "/as-of?ordinal=3"} {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		for _, bad := range []string{"abc", "0", "-1", "101", "1.5", "99999999999999999999"} {
			if p := w.get(rosa, path+join+"limit="+bad); p.Code != http.StatusBadRequest || !p.has("limit is", "1 to 100") {
				t.Errorf("%s, limit %s: %d %s", path, bad, p.Code, p.text())
			}
		}
		for query, want := range map[string]string{"limitt=5": "takes no \"limitt\"", "limit=5&limit=6": "limit more than once", "limit=5%zz": "cannot be read", "limit=5;after=x": "cannot be read", "limit=5&utm_source=x": "takes no \"utm_source\""} {
			if p := w.get(rosa, path+join+query); p.Code != http.StatusBadRequest || !p.has(want) {
				t.Errorf("%s, %s: %d %s", path, query, p.Code, p.text())
			}
		}
		w.shown(rosa, path+join+"limit=100&done=saved")
	}
	for path, want := range map[string]string{
		"/documents?old=yes": "old is \"yes\"", "/as-of?day=2026-03-01&by=guess": "recorded, published", "/documents?from=x": "from is \"x\"", "/as-of?day=x": "day is \"x\"",
		"/documents?after=x": "cursor", "/series?after=x": "cursor", "/library?after=x": "cursor", "/history/" + id.String() + "?after=x": "cursor",
	} {
		if p := w.get(rosa, path); p.Code != http.StatusBadRequest || !p.has(want) {
			t.Errorf("%s: %d %s", path, p.Code, p.text())
		}
	}
	// A page that takes nothing reads nothing: a link may pick something up on its way.
	w.shown(rosa, "/documents/"+id.String()+"?utm_source=mail&limit=abc")
	// The size goes on from page to page.
	w.titled("Another report")
	next := w.shown(rosa, "/documents?limit=1").links()["Next page"]
	if !strings.Contains(next, "limit=1") || len(w.shown(rosa, next).all("h3")) != 1 {
		t.Errorf("the next page is %q", next)
	}
}

func TestPagesThatAreBehindSayAndHide(t *testing.T) {
	w := newWorld(t)
	restricted, public := w.publish(document.Details{Title: domain.English("Internal report")}, access.SignedIn), w.titled("Public report")
	w.shown(rosa, "/") // the read models know them
	_, err := w.libraries.Save(t.Context(), w.ask(w.readers[rosa]), restricted)
	w.ok(err)
	const banner = "These pages are not up to date."
	if p := w.shown(rosa, "/documents"); !p.has("Internal report", "Public report") || p.has(banner) {
		t.Fatalf("up to date: %s", p.text())
	}
	w.stale = true
	for _, path := range []string{"/", "/documents", "/documents?q=report", "/library", "/as-of?ordinal=100", "/documents/" + public.String()} {
		for _, who := range []string{nobody, rosa, paul} {
			if who == nobody && path == "/library" {
				continue // it leads to the sign-in page
			}
			p := w.shown(who, path)
			if !p.has(banner) || path != "/library" && p.has("Internal report") {
				t.Errorf("%s as %q: %s", path, who, p.text())
			}
		}
	}
	if p := w.shown(rosa, "/library"); !p.has("No longer available") {
		t.Errorf("the library of a reader: %s", p.text())
	}
	p := w.get(rosa, "/documents/"+restricted.String())
	if p.Code != http.StatusNotFound || !p.has(banner) {
		t.Errorf("a restricted document: %d %s", p.Code, p.text())
	}
	for _, o := range p.all("option") { // the reader is still who the reader is
		if _, selected := attrOf(o, "selected"); selected != (attr(o, "value") == rosa) {
			t.Errorf("the person %q is chosen: %v", attr(o, "value"), selected)
		}
	}
}

func TestTheHistoryIsOfferedAsAFileToAuditors(t *testing.T) {
	w := newWorld(t)
	id := w.titled("Report")
	for path, want := range map[string]string{"/history/" + id.String(): "document=" + id.String() + "&format=csv", "/as-of": "format=csv"} {
		if got := w.shown(ada, path).links()["CSV"]; got != "/api/v1/history?"+want {
			t.Errorf("%s offers the auditor %q", path, got)
		}
		if got, offered := w.shown(rosa, path).links()["CSV"]; offered {
			t.Errorf("%s offers a reader %q", path, got)
		}
	}
}

func TestADocumentShowsItsVersions(t *testing.T) {
	w := newWorld(t)
	line := w.series("Yearly reports")
	id := w.publish(document.Details{Title: domain.English("Report"), Series: line, Services: []string{"vault"}}, access.Everyone)
	w.version(id, 1, "Second issue")
	w.version(id, 2, "Third issue")
	_, err := w.publishing.WithdrawVersion(t.Context(), w.ask(w.readers[paul]), handlers.WithdrawVersion{Document: id, Number: 3, Reason: domain.English("Wrong file")})
	w.ok(err)
	_, err = w.publishing.CorrectDates(t.Context(), w.ask(w.readers[paul]), handlers.CorrectDates{Document: id, Number: 2, PublishedAt: &w.now,
		Effective: &document.Period{From: domain.DateOf(w.now.AddDate(-1, 0, 0)), To: domain.DateOf(w.now)}})
	w.ok(err)
	path := "/documents/" + id.String()
	p := w.shown(nobody, path)
	from, to := w.now.AddDate(-1, 0, 0), w.now
	if !p.has(from.Format("2 January 2006")+" to "+to.Format("2 January 2006")) || !strings.Contains(p.Body.String(), `<time datetime="`+to.Format(time.DateOnly)+`">`) {
		t.Errorf("the days covered: %s", p.text())
	}
	if !p.has("Current version: Version 2", "Second issue", "Version 3 Withdrawn", "Reason: Wrong file", "Version 1 Superseded", "Yearly reports", "Everyone") {
		t.Errorf("document: %s", p.text())
	}
	if p.has("Publish the next version") || !w.shown(paul, path).has(`If-Match: "3"`, "Imprint-Person: paul", "https://trust.example/api/v1"+path+"/versions") {
		t.Error("the line that publishes is for publishers, and names the newest version recorded")
	}
	for number, banner := range map[string]string{"1": "This version has been superseded. The current one is Version 2", "3": "This version has been withdrawn. Reason: Wrong file The current one is Version 2"} {
		if v := w.shown(nobody, path+"/versions/"+number); !v.has(banner) || v.links()["Version 2"] != path+"/versions/2" {
			t.Errorf("version %s: %s", number, v.text())
		}
	}
	if v := w.shown(nobody, path+"/versions/2"); v.has("superseded") || v.has("withdrawn") {
		t.Errorf("the current version: %s", v.text())
	}
	for _, a := range p.all("a") {
		if strings.Contains(attr(a, "href"), "/versions/1/files/") {
			file := w.get(nobody, attr(a, "href"))
			if file.Body.String() != "first of Report" || !strings.HasPrefix(file.Header().Get("Content-Disposition"), "attachment") {
				t.Errorf("file: %d %q %v", file.Code, file.Body, file.Header())
			}
			return
		}
	}
	t.Error("the page links no file of version 1")
}

func TestHiddenAndAbsentAreOneAnswer(t *testing.T) {
	w := newWorld(t)
	closed := w.publish(document.Details{Title: domain.English("Closed")}, access.SignedIn)
	nobodys := w.titled("Nobody's")
	w.hide(nobodys)
	open := w.titled("Open")
	absent := uuid.NewString()
	var pages []string
	for _, path := range []string{"/documents/" + nobodys.String(), "/documents/" + absent, "/documents/nonsense", "/documents/" + open.String() + "/versions/9", "/history/" + nobodys.String(), "/series/" + absent, "/documents/" + nobodys.String() + "/versions/1/files/en"} {
		p := w.get(rosa, path)
		if p.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.Code)
		}
		pages = append(pages, strings.ReplaceAll(p.Body.String(), path, "PATH"))
	}
	for _, p := range pages {
		if p != pages[0] {
			t.Errorf("two pages for what is not there:\n%s\n%s", p, pages[0])
		}
	}
	for _, path := range []string{"/documents/" + closed.String(), "/documents/" + absent, "/documents/nonsense", "/documents/" + closed.String() + "/versions/1", "/documents/" + absent + "/versions/1", "/documents/" + closed.String() + "/versions/1/files/en", "/history/" + closed.String(), "/library", "/settings", "/mails"} {
		p := w.get(nobody, path+"?limit=5")
		want := "/sign-in?return=" + url.QueryEscape(path+"?limit=5")
		if p.Code != http.StatusSeeOther || p.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", path, p.Code, p.Header().Get("Location"), want)
		}
	}
	if p := w.get(rosa, "/documents/"+closed.String()); p.Code != http.StatusOK {
		t.Errorf("signed in: %d", p.Code)
	}
}

func TestTextsFromOutsideStayTexts(t *testing.T) {
	w := newWorld(t)
	evil := `<script>alert(1)</script> "quoted" مرحبا`
	id := w.publish(document.Details{Title: domain.English(evil), Description: domain.Text{"de": "Nur auf Deutsch"}}, access.Everyone)
	for _, path := range []string{"/", "/documents", "/documents?q=%3Cscript%3E", "/documents/" + id.String(), "/history/" + id.String(), "/as-of?ordinal=9999"} {
		p := w.shown(nobody, path)
		if len(p.all("script")) > 0 {
			t.Errorf("%s holds a script", path)
		}
		found := path == "/documents?q=%3Cscript%3E"
		for _, b := range p.all("bdi") {
			found = found || textOf(b) == evil
		}
		if !found {
			t.Errorf("%s: the title stands in no <bdi>", path)
		}
	}
	if p := w.shown(nobody, "/documents/"+id.String()); !p.has("Nur auf Deutsch in German") || !strings.Contains(p.Body.String(), `<bdi lang="de">Nur auf`) {
		t.Errorf("a text in another language is not labelled: %s", p.text())
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
		p := w.post(nobody, "/demo/person", url.Values{"person": {rosa}, "return": {to}})
		if p.Header().Get("Location") != "/" {
			t.Errorf("return to %q leads to %q", to, p.Header().Get("Location"))
		}
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, "/documents/"+w.titled("Report").String()+"/save", strings.NewReader("key=k"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if p := w.send(rosa, r); p.Code != http.StatusForbidden {
		t.Errorf("a post from another site: %d", p.Code)
	}
}

// TestPagesAreSound walks every page as everybody: one heading, landmarks, labels,
// a key in each form, nothing inline, and no link that leads nowhere.
func TestPagesAreSound(t *testing.T) {
	w := newWorld(t)
	line := w.series("Line")
	w.category("soc", "SOC", category.Certifications)
	id := w.publish(document.Details{Title: domain.English("Report"), Series: line, Categories: []string{"soc"}, Services: []string{"vault"}}, access.Everyone)
	w.version(id, 1, "Second issue")
	w.press(rosa, w.shown(rosa, "/documents/"+id.String()), "/documents/"+id.String()+"/save", nil)
	mail := w.mail(t, rosa, "rosa@halden.example")
	w.address(t, rosa, "rosa@halden.example")
	doc := "/documents/" + id.String()
	for _, who := range []string{nobody, rosa, paul, ada} {
		led := map[string]bool{}
		for _, path := range []string{"/", "/documents", "/documents?q=report&category=soc&from=2026-01-01", "/documents?q=zzz", "/documents?service=none", doc, doc + "/versions/1", doc + "/versions/2", doc + "/preview", "/series", "/series/" + line.String(), "/library", "/settings", "/history/" + id.String(), "/as-of", "/as-of?ordinal=3", "/as-of?day=2026-03-01&by=published", "/as-of?day=2026-03-01&document=" + id.String(), "/as-of?day=x", "/mails", "/mails/" + mail, "/unsubscribe?token=x", "/sign-in", "/nowhere"} {
			p := w.get(who, path)
			if p.Code == http.StatusSeeOther && who == nobody {
				continue
			}
			name := who + " " + path
			if p.Code >= 500 || len(p.all("h1")) != 1 || len(p.all("main")) != 1 || len(p.all("nav")) == 0 || attr(p.all("html")[0], "lang") != "en" || textOf(p.all("title")[0]) == "" {
				t.Errorf("%s: %d, %d headings, %s", name, p.Code, len(p.all("h1")), p.text())
			}
			w.sound(name, p)
			for text, to := range p.links() {
				if led[to] || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "/docs") || strings.HasPrefix(to, "/api/") { // not of the pages
					continue
				}
				led[to] = true
				if l := w.get(who, to); l.Code != http.StatusOK && l.Code != http.StatusSeeOther {
					t.Errorf("%s: the link %q to %s answers %d", name, text, to, l.Code)
				}
			}
		}
	}
}

func (w *world) sound(name string, p page) {
	w.t.Helper()
	ids, labelled := map[string]bool{}, map[string]bool{}
	for _, l := range p.all("label") {
		labelled[attr(l, "for")] = true
	}
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" || n.Data == "style" {
			w.t.Errorf("%s: <%s> inline", name, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				w.t.Errorf("%s: attribute %s inline", name, a.Key)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					w.t.Errorf("%s: id %s twice", name, a.Val)
				}
				ids[a.Val] = true
			}
		}
		control := n.Data == "input" && attr(n, "type") != "hidden" || n.Data == "select"
		if control && !labelled[attr(n, "id")] && attr(n, "aria-label") == "" && n.Parent.Data != "label" {
			w.t.Errorf("%s: the input %q has no label", name, attr(n, "name"))
		}
		if n.Data == "form" && attr(n, "method") == "post" && attr(n, "action") != "/demo/person" && !strings.HasPrefix(attr(n, "action"), "/unsubscribe") {
			key := ""
			for _, in := range under(n, "input") {
				if attr(in, "name") == "key" {
					key = attr(in, "value")
				}
			}
			if len(key) < 32 {
				w.t.Errorf("%s: the form %s has no key", name, attr(n, "action"))
			}
		}
	}
}
