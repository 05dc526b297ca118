// Here the mail is written that asks whether an address is the reader's.

package letter

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"
)

// Ask is everything that the mail tells which asks for a confirmation.
type Ask struct {
	Language   string // the reader's locale
	Portal     string // name of the portal
	PortalURL  string
	ConfirmURL string         // lies under PortalURL
	Expires    time.Time      // of the link
	Zone       *time.Location // the reader's; nil is UTC
}

type askView struct {
	W                          *words
	Subject, Portal, Fallback  string
	Lead, Confirm, Expires, No string
	PortalURL, URL             string
}

//go:embed ask.html.tmpl ask.txt.tmpl
var askFiles embed.FS

var (
	askHTML = htmltemplate.Must(htmltemplate.ParseFS(askFiles, "ask.html.tmpl"))
	askText = texttemplate.Must(texttemplate.New("ask.txt.tmpl").Funcs(texttemplate.FuncMap{"isolate": isolate}).ParseFS(askFiles, "ask.txt.tmpl"))
)

// RenderAsk writes the mail. It refuses one without the portal's name, or whose
// link is missing or elsewhere.
func RenderAsk(a Ask) (Mail, error) {
	at, err := newPortal(a.PortalURL)
	if err != nil {
		return Mail{}, fmt.Errorf("compose a mail that asks for confirmation: %w", err)
	}
	w, known := wordsFor(a.Language)
	if a.Zone == nil {
		a.Zone = time.UTC
	}
	v := askView{
		W: w, Portal: clean(a.Portal, maxName), PortalURL: at.base.String(), URL: at.link(a.ConfirmURL),
		Confirm: w.Confirm, No: w.ConfirmNo, Expires: fmt.Sprintf(w.ConfirmUntil, w.date(a.Expires.In(a.Zone)), a.Zone),
	}
	if v.Portal == "" || v.URL == "" {
		return Mail{}, errors.New("compose a mail that asks for confirmation: it needs the portal's name and a link under its address")
	}
	if !known {
		v.Fallback = englishOnly
	}
	v.Subject = fmt.Sprintf(w.ConfirmSubject, isolate(v.Portal))
	v.Lead = fmt.Sprintf(w.ConfirmLead, isolate(v.Portal))
	var text, html strings.Builder
	if err := errors.Join(askText.Execute(&text, v), askHTML.Execute(&html, v)); err != nil {
		return Mail{}, fmt.Errorf("render a mail that asks for confirmation: %w", err)
	}
	return Mail{Subject: v.Subject, Text: wrap(text.String(), v.PortalURL), HTML: html.String()}, nil
}
