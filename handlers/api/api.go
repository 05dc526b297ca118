package api

// How the API is put together.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/bounces"
	"imprint/handlers/web"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
)

// Parts is what the API is made of; all of them are needed.
type Parts struct {
	Publishing *handlers.Publishing
	Libraries  *handlers.Libraries
	People     *handlers.People
	Domains    *handlers.MailDomains
	Catalog    catalog.Queries
	Library    library.Queries
	History    history.Queries
	Settings   Settings
	Store      web.Store
	// Head is the log's present end: event.Log's method.
	Head func(context.Context) (event.Checkpoint, error)
	// Wait returns when the read models named, or all, have passed a position:
	// projections.Group's method.
	Wait  func(ctx context.Context, p event.Position, names ...string) error
	Clock domain.Clock
	Keys  web.Keys
	// Reports takes in what mail servers report; bounces.Service does.
	Reports Reports
	// MaxUpload is the largest file taken, in bytes; 0: web.DefaultMaxUpload.
	MaxUpload int64
}

// Settings answers a person's own notification settings, the address unsealed;
// the zero Schedule where nothing was ever set.
type Settings interface {
	Settings(ctx context.Context, person uuid.UUID) (handlers.Chosen, error)
}

// Reports takes in what mail servers report of failed mails.
type Reports interface {
	Take(ctx context.Context, raw []byte) (bounces.Kind, error)
}

// api is the parts in use, and the routes while they are registered.
type api struct {
	Parts
	uploads   web.Uploads
	downloads web.Downloads
	waiter    web.Waiter

	mux     *http.ServeMux
	huma    huma.API
	pending map[string]Serves // routes of the table that nothing has registered yet
	faults  []error
}

// New makes the API's handler.
func New(parts Parts) (http.Handler, error) {
	if parts.MaxUpload == 0 {
		parts.MaxUpload = web.DefaultMaxUpload
	}
	a := &api{Parts: parts, mux: http.NewServeMux(), pending: map[string]Serves{}}
	a.uploads = web.Uploads{Store: parts.Store, MaxBytes: parts.MaxUpload}
	a.waiter = web.Waiter{Wait: parts.Wait}
	a.downloads = web.Downloads{Store: parts.Store, Catalog: parts.Catalog, Head: parts.Head, Waiter: a.waiter}
	for _, r := range Routes() {
		a.pending[r.Method+" "+r.Pattern] = r.Serves
	}
	a.huma = humago.New(a.mux, config())

	a.readDocuments()
	a.publish()
	a.changeDocuments()
	a.series()
	a.categories()
	a.library()
	a.settings()
	a.history()
	a.reports()
	a.accounts()
	if err := a.describe(); err != nil {
		return nil, err
	}
	for route := range a.pending {
		a.faults = append(a.faults, fmt.Errorf("the route %s is in the table and served by nothing", route))
	}
	if len(a.faults) > 0 {
		return nil, fmt.Errorf("api: %w", errors.Join(a.faults...))
	}
	return http.HandlerFunc(a.serve), nil
}

// serve answers what the mux has no route for as a problem.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	if fallback, pattern := a.mux.Handler(r); pattern == "" {
		web.ProblemsOnly(w, r, fallback)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// claim takes a route out of the table.
func (a *api) claim(method, pattern string) Serves {
	route := method + " " + pattern
	serves, ok := a.pending[route]
	if !ok {
		a.faults = append(a.faults, fmt.Errorf("the route %s is not in the table", route))
	}
	delete(a.pending, route)
	return serves
}

// page registers what is no part of the described API.
func (a *api) page(pattern string, h http.HandlerFunc) {
	a.claim(http.MethodGet, pattern)
	a.mux.HandleFunc(http.MethodGet+" "+pattern, h)
}

// operation is one route as it is described.
type operation struct {
	method, path string // below prefix
	id, tag      string
	summary      string
	text         string
	status       int  // of success; 0: 200
	streamed     bool // the handler reads the body itself
}

// register serves an operation: the guard, then the framework's parsing, then fn.
func register[I, O any](a *api, o operation, fn func(context.Context, *I) (*O, error)) *huma.Operation {
	serves := a.claim(o.method, prefix+o.path)
	op := huma.Operation{
		Method: o.method, Path: prefix + o.path, OperationID: o.id, Tags: []string{o.tag},
		Summary: o.summary, Description: o.text, DefaultStatus: o.status,
		MaxBodyBytes: maxBody + 1, BodyReadTimeout: -1, // both are the guard's business
		RejectUnknownQueryParameters: true,
		Middlewares:                  huma.Middlewares{a.guard(serves, o)},
		Responses:                    map[string]*huma.Response{"default": problemResponse(a.huma.OpenAPI().Components.Schemas)},
		Metadata:                     map[string]any{"serves": serves},
	}
	if serves != Everyone {
		op.Security = []map[string][]string{{"token": {}}}
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, web.Explain(ctx, err)
		}
		return out, nil
	})
	known := described(a.huma.OpenAPI(), o.method, prefix+o.path)
	for _, r := range known.Responses {
		if r.Headers == nil {
			r.Headers = map[string]*huma.Param{}
		}
		r.Headers[web.StaleHeader] = staleParam()
	}
	for _, p := range known.Parameters {
		// Said here and enforced by the guard and the handler, which know a better
		// answer than the framework's.
		p.Required = p.Required || p.Name == "If-Match" || p.Name == keyHeader && o.method == http.MethodPost
	}
	return known
}

// config is the framework's: JSON only, no remote scripts, no page of its own.
func config() huma.Config {
	c := huma.DefaultConfig("Imprint", apiVersion)
	c.CreateHooks = nil
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	c.Transformers = []huma.Transformer{problems}
	c.Info.Description = apiText
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An access token, from `imprint token issue`."},
	}
	return c
}

// unmarshal reads one JSON value and nothing after it.
func unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more after the JSON value")
	}
	return nil
}
