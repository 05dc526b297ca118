// Here the view goes through the two embedded templates.

package letter

import (
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed letter.html.tmpl letter.txt.tmpl
var files embed.FS

var (
	htmlPart = htmltemplate.Must(htmltemplate.ParseFS(files, "letter.html.tmpl"))
	textPart = texttemplate.Must(texttemplate.New("letter.txt.tmpl").Funcs(texttemplate.FuncMap{
		"isolate": isolate,
		"inc":     func(i int) int { return i + 1 },
	}).ParseFS(files, "letter.txt.tmpl"))
)

func renderText(v view) (string, error) {
	var b strings.Builder
	if err := textPart.Execute(&b, v); err != nil {
		return "", err
	}
	return wrap(b.String(), v.PortalURL), nil
}

func renderHTML(v view) (string, error) {
	var b strings.Builder
	if err := htmlPart.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}
