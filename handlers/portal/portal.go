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
	words     words
	pages     map[string]*template.Template
	style     asset
	icon      asset
	waiter    web.Waiter
	downloads web.Downloads
}

// New makes the handler of the pages. It answers every address; those of the API
// must be routed before it.
func New(parts Parts) (http.Handler, error) {
	p := &portal{Parts: parts, words: english, waiter: web.Waiter{Wait: parts.Wait}}
	p.downloads = web.Downloads{Store: parts.Store, Catalog: parts.Catalog, Head: parts.Head, Waiter: p.waiter}
	p.style, p.icon = newAsset("style", "css", "text/css; charset=utf-8", style), newAsset("icon", "svg", "image/svg+xml", icon)
	if p.Name == "" {
		p.Name = p.words.text("product")
	}
	var err error
	if p.pages, err = p.parse(); err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	return p.routes(), nil
}

func (p *portal) routes() http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, serve func(*visit) error) { mux.HandleFunc(pattern, p.handle(serve)) }
	const (
		doc     = "/documents/{document}"
		version = doc + "/versions/{number}"
		series  = "/series/{series}"
	)
	page("GET /{$}", p.home)
	page("GET /documents", p.documents)
	page("GET "+doc, p.document)
	page("GET "+version, p.version)
	page("GET "+version+"/files/{file}", p.file)
	page("POST "+doc+"/save", p.save)
	page("POST "+doc+"/remove", p.remove)

	page("GET /series", p.allSeries)
	page("GET "+series, p.series)
	page("POST "+series+"/follow", p.follow)
	page("POST "+series+"/unfollow", p.unfollow)

	page("GET /library", p.library)
	page("POST /library", p.saveAll)
	page("GET /settings", p.settings)
	page("POST /settings", p.changeSettings)

	page("GET /history/{document}", p.history)
	page("GET /as-of", p.asOf)

	page("GET /mails", p.mails)
	page("GET /mails/{mail}", p.mail)
	page("GET /mails/{mail}/html", p.mailHTML)
	page("GET /unsubscribe", p.askUnsubscribe)
	page("POST /unsubscribe", p.unsubscribe)

	page("GET /sign-in", p.signIn)
	page("POST /demo/person", p.becomePerson)

	mux.Handle("GET "+p.style.path, p.style)
	mux.Handle("GET "+p.icon.path, p.icon)
	page("/", func(v *visit) error { return v.absent() })
	return mux
}
