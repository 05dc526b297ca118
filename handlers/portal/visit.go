package portal

// One request for a page: who asks, in which language and zone, and how an
// answer or an error goes out.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/handlers"
	"imprint/handlers/web"
)

// visit is one request for a page.
type visit struct {
	portal *portal
	w      http.ResponseWriter
	r      *http.Request
	reader access.Reader
	own    handlers.Chosen // zero for an anonymous visitor
	zone   *time.Location  // never nil
	locale string          // the language in which published texts are wanted
	words  words           // those of the page, in that language where there are any
}

// handle serves a page and answers its errors.
func (p *portal) handle(serve func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{portal: p, w: w, r: r, reader: web.Reader(r.Context()), zone: time.UTC, words: guessed(r.Header.Get("Accept-Language"))}
		v.locale = v.words["locale"]
		err := v.recognise()
		if err == nil {
			err = serve(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// recognise reads the settings of the person who asks.
func (v *visit) recognise() error {
	person, err := uuid.Parse(v.reader.Person)
	if err != nil {
		return nil // an anonymous visitor, or the operator, who has no settings
	}
	if v.own, err = v.portal.Settings.Settings(v.ctx(), person); err != nil {
		return err
	}
	v.own.Person = person
	if v.own.Schedule.Zone != "" {
		v.zone, _ = calendar.Zone(v.own.Schedule.Zone)
	}
	v.speak(v.own.Language)
	return nil
}

// speak goes over to a language that was chosen; "": none was.
func (v *visit) speak(locale string) {
	if locale != "" {
		v.locale = locale
		v.words, _ = chosen(locale)
	}
}

// speakTo goes over to the language of the person whom a link in a mail names, where
// nobody is signed in. Who has the link has read the mail, which is in that language.
func (v *visit) speakTo(token string) error {
	person, known := v.portal.Addressee(token)
	if !known || v.own.Person != uuid.Nil {
		return nil
	}
	own, err := v.portal.Settings.Settings(v.ctx(), person)
	v.speak(own.Language)
	return err
}

func (v *visit) ctx() context.Context { return v.r.Context() }

func (v *visit) now() time.Time { return v.portal.Clock() }

// at is a time in the reader's zone; zero stays zero.
func (v *visit) at(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(v.zone)
}

// id reads an identifier from the address; what is none names nothing.
func (v *visit) id(name string) (uuid.UUID, error) {
	id, err := uuid.Parse(v.r.PathValue(name))
	if err != nil {
		return uuid.Nil, v.absent()
	}
	return id, nil
}

// absent is the answer for what is not there and for what is hidden.
func (v *visit) absent() error { return web.Absent(v.ctx(), "page", v.r.URL.Path) }

// frame is what every page has around its own view.
type frame struct {
	Portal   string // its name
	Title    string
	Section  string // the entry of the navigation that is current
	Path     string // of this page with its query, to come back to
	Reader   access.Reader
	Persons  []Person
	HasMails bool
	Notice   string
	Stale    bool // the pages show what was known a while ago
	Zone     string
	Fallback string // the language that the pages are wanted in and do not have
	Style    string // address of the style sheet
	Icon     string
	View     any
}

// show answers with a page.
func (v *visit) show(status int, name, section, title string, view any) error {
	page := frame{
		Portal: v.portal.Name,
		Title:  title, Section: section, Path: v.path(), Reader: v.reader, Persons: v.portal.Persons,
		HasMails: v.portal.Mails != nil && v.reader.SignedIn(), Notice: v.notice(), Zone: v.zone.String(),
		Stale: web.Stale(v.ctx()), Style: v.portal.style.path, Icon: v.portal.icon.path, View: view,
	}
	if _, known := chosen(v.locale); !known {
		page.Fallback = v.words.language(v.locale)
	}
	var b bytes.Buffer
	if err := v.portal.pages[v.words["locale"]][name].ExecuteTemplate(&b, "layout", page); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // the client may be gone
	return nil
}

// path is this page's address without what a redirect added to it.
func (v *visit) path() string {
	u := url.URL{Path: v.r.URL.Path, RawPath: v.r.URL.RawPath, RawQuery: v.r.URL.RawQuery}
	if q := v.r.URL.Query(); q.Has(noticeKey) {
		for _, key := range []string{noticeKey, savedKey, alreadyKey, missingKey} {
			q.Del(key)
		}
		u.RawQuery = q.Encode()
	}
	return u.RequestURI()
}

// fail answers with an error: the way to sign in, the one page for what is absent
// or hidden, or what is wrong and what to do.
func (v *visit) fail(err error) {
	kind := domain.KindOf(err)
	if kind == domain.Unauthenticated && !v.reader.SignedIn() {
		back := v.r.URL.RequestURI()
		if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
			back = v.back("/")
		}
		http.Redirect(v.w, v.r, "/sign-in?"+url.Values{returnKey: {back}}.Encode(), http.StatusSeeOther)
		return
	}
	t := v.words.text
	if kind == domain.NotFound {
		if err := v.show(http.StatusNotFound, "absent", "", t("absent.title"), nil); err != nil {
			web.WriteProblem(v.w, v.r, err)
		}
		return
	}
	problem := web.Explain(v.ctx(), err)
	for name, values := range problem.GetHeaders() {
		v.w.Header()[name] = values
	}
	view := problemView{Detail: said(problem.Detail), Back: v.back("")}
	if refused := (*domain.Error)(nil); errors.As(err, &refused) && kind != domain.Internal {
		view.Detail = v.refusal(refused)
	}
	if problem.Status >= http.StatusInternalServerError {
		view.Instance = problem.Instance
	}
	title := t("problem.refused")
	if problem.Status >= http.StatusInternalServerError {
		title = t("problem.failed")
	}
	if err := v.show(problem.Status, "problem", "", title, view); err != nil {
		web.WriteProblem(v.w, v.r, err)
	}
}

type problemView struct {
	Detail         phrase
	Instance, Back string
}
