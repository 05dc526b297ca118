// Here the view goes through the two embedded templates: head, entries and foot.

package letter

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
)

//go:embed letter.html.tmpl letter.txt.tmpl
var files embed.FS

var (
	htmlParts = htmltemplate.Must(htmltemplate.ParseFS(files, "letter.html.tmpl"))
	textParts = texttemplate.Must(texttemplate.New("").Funcs(texttemplate.FuncMap{"isolate": isolate}).ParseFS(files, "letter.txt.tmpl"))
)

// firstNumber is how the text template begins every entry; render puts the number
// there, which is as wide.
const firstNumber = "  1"

// part renders one part of a template.
func part(parts interface {
	ExecuteTemplate(io.Writer, string, any) error
}, name string, data any) (string, error) {
	var b strings.Builder
	err := parts.ExecuteTemplate(&b, name, data)
	return b.String(), err
}

// textPart renders one part of the text, with its line breaks.
func textPart(name string, data any, portalURL string) (string, error) {
	text, err := part(textParts, name, data)
	return wrap(text, portalURL), err
}

// print renders an entry.
func (e entry) print(portalURL string) (p printed, err error) {
	p.subject = e.Kind + ": " + isolate(cut(e.Title.Text, maxSubjectTitle))
	if p.text, err = textPart("entry", e, portalURL); err != nil {
		return p, fmt.Errorf("render an entry's text: %w", err)
	}
	if p.html, err = part(htmlParts, "entry", e); err != nil {
		return p, fmt.Errorf("render an entry's HTML: %w", err)
	}
	return p, nil
}

// render puts a mail together.
func (v view) render() (Mail, error) {
	var text, html strings.Builder
	frame := func(name string) error {
		t, err := textPart(name, v, v.PortalURL)
		if err != nil {
			return fmt.Errorf("render the %s of a letter's text: %w", name, err)
		}
		h, err := part(htmlParts, name, v)
		if err != nil {
			return fmt.Errorf("render the %s of a letter's HTML: %w", name, err)
		}
		text.WriteString(t)
		html.WriteString(h)
		return nil
	}
	if err := frame("head"); err != nil {
		return Mail{}, err
	}
	for i, e := range v.Entries {
		before, rest, _ := strings.Cut(e.text, firstNumber)
		fmt.Fprintf(&text, "%s%3d%s", before, i+1, rest)
		html.WriteString(e.html)
	}
	if err := frame("foot"); err != nil {
		return Mail{}, err
	}
	return Mail{Subject: v.Subject, Text: text.String(), HTML: html.String()}, nil
}
