// Here the view goes through the two embedded templates, part by part.

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

// frame is what stands around the entries, but for the subject and the end of the
// mail, which are one reader's own.
type frame struct {
	open, head, foot   string // HTML; the subject comes after open
	textHead, textFoot string
}

// frame renders the parts that many readers' mails have in common.
func (v view) frame() (f frame, err error) {
	for name, to := range map[string]*string{"open": &f.open, "head": &f.head, "foot": &f.foot} {
		if *to, err = part(htmlParts, name, v); err != nil {
			return f, fmt.Errorf("render the %s of a letter's HTML: %w", name, err)
		}
	}
	for name, to := range map[string]*string{"head": &f.textHead, "foot": &f.textFoot} {
		if *to, err = textPart(name, v, v.PortalURL); err != nil {
			return f, fmt.Errorf("render the %s of a letter's text: %w", name, err)
		}
	}
	return f, nil
}

// render puts a mail together.
func (v view) render(f frame) (Mail, error) {
	subject, err := part(htmlParts, "subject", v)
	if err != nil {
		return Mail{}, fmt.Errorf("render the subject of a letter: %w", err)
	}
	end, err := part(htmlParts, "end", v)
	if err != nil {
		return Mail{}, fmt.Errorf("render the end of a letter's HTML: %w", err)
	}
	textEnd, err := textPart("end", v, v.PortalURL)
	if err != nil {
		return Mail{}, fmt.Errorf("render the end of a letter's text: %w", err)
	}
	text, html := []string{f.textHead}, []string{f.open, subject, f.head}
	for i, e := range v.Entries {
		before, rest, _ := strings.Cut(e.text, firstNumber)
		text, html = append(text, before, fmt.Sprintf("%3d", i+1), rest), append(html, e.html)
	}
	text, html = append(text, f.textFoot, textEnd), append(html, f.foot, end)
	return Mail{Subject: v.Subject, Text: strings.Join(text, ""), HTML: strings.Join(html, "")}, nil
}
