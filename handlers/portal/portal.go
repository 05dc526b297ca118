package portal

// How the pages are put together: parts, routes and templates.

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"imprint/handlers/web"
)

//go:embed templates
var templates embed.FS

//go:embed assets/style.css
var style []byte

//go:embed assets/icon.svg
var icon []byte

// portal is the parts in use.
type portal struct {
	Parts
	pages     map[string]map[string]*template.Template // by locale and name
	style     asset
	icon      asset
	waiter    web.Waiter
	downloads web.Downloads
}

// New makes the handler of the pages. It answers every address; those of the API
// must be routed before it.
func New(parts Parts) (http.Handler, error) {
	p := &portal{Parts: parts, pages: map[string]map[string]*template.Template{}, waiter: web.Waiter{Wait: parts.Wait}}
	p.downloads = web.Downloads{Store: parts.Store, Catalog: parts.Catalog, Head: parts.Head, Waiter: p.waiter}
	p.style, p.icon = newAsset("style", "css", "text/css; charset=utf-8", style), newAsset("icon", "svg", "image/svg+xml", icon)
	if p.Name == "" {
		p.Name = tables[0]["product"]
	}
	for _, w := range tables {
		pages, err := parsed(w)
		if err != nil {
			return nil, fmt.Errorf("portal, %s: %w", w["locale"], err)
		}
		p.pages[w["locale"]] = pages
	}
	return p.routes(), nil
}

// route is one page: its address, as http.ServeMux writes it, and the inputs in
// the address that it takes. One without any reads none, whatever stands there.
type route struct {
	pattern string
	serve   func(*visit) error
	takes   []string
}

// table lists the pages.
func (p *portal) table() []route {
	const (
		doc     = "/documents/{document}"
		version = doc + "/versions/{number}"
		series  = "/series/{series}"
	)
	paged := []string{"after", "limit"}
	return []route{
		{"GET /{$}", p.home, nil},
		{"GET /documents", p.documents, append([]string{"after"}, listInputs[:]...)},
		{"GET " + doc, p.document, nil},
		{"GET " + version, p.version, nil},
		{"GET " + version + "/files/{file}", p.file, nil},
		{"GET " + doc + "/preview", p.preview, previewInputs},
		{"GET " + doc + "/preview/mail", p.previewMail, previewInputs},
		{"POST " + doc + "/save", p.save, nil},
		{"POST " + doc + "/remove", p.remove, nil},

		{"GET /series", p.allSeries, paged},
		{"GET " + series, p.series, paged},
		{"POST " + series + "/follow", p.follow, nil},
		{"POST " + series + "/unfollow", p.unfollow, nil},

		{"GET /library", p.library, paged},
		{"POST /library", p.saveAll, nil},
		{"GET /settings", p.settings, nil},
		{"POST /settings", p.changeSettings, nil},
		{"POST /settings/address", p.askAgain, nil},
		{"GET /confirm", p.askConfirm, nil},
		{"POST /confirm", p.confirm, nil},

		{"GET /history/{document}", p.history, paged},
		{"GET /as-of", p.asOf, append([]string{"day", "ordinal", "by", "document"}, paged...)},

		{"GET /mails", p.mails, nil},
		{"GET /mails/{mail}", p.mail, nil},
		{"GET /mails/{mail}/html", p.mailHTML, nil},
		{"GET /unsubscribe", p.askUnsubscribe, nil},
		{OneClick, p.unsubscribe, nil},

		{"GET /sign-in", p.signIn, nil},
		{"POST /demo/person", p.becomePerson, nil},
		{"/", func(v *visit) error { return v.absent() }, nil},
	}
}

func (p *portal) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range p.table() {
		mux.HandleFunc(r.pattern, p.handle(func(v *visit) error {
			if err := v.inputs(r.takes); err != nil {
				return err
			}
			return r.serve(v)
		}))
	}
	mux.Handle("GET "+p.style.path, p.style)
	mux.Handle("GET "+p.icon.path, p.icon)
	return mux
}
