package api

// What happens to a request between the router and its handler.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/handlers"
	"imprint/handlers/web"
)

// maxBody bounds a body of JSON, in bytes: far more than the longest texts.
const maxBody = 1 << 20

const keyHeader = "Idempotency-Key"

// Keyed is embedded by the input of every command.
type Keyed struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Names this request, so that sending it again does nothing twice: 1 to 200 printable ASCII characters, a new UUID say. Required on POST." example:"6f1c3f0e-5d1b-4a43-9d0a-0d3f1f0f7c11"`
}

// Waiting is embedded by the input of every question.
type Waiting struct {
	Wait      string `header:"Wait" doc:"A wait token: the answer reflects at least the write that gave it."`
	WaitQuery string `query:"wait" doc:"The same as the header Wait."`
}

// Paged is embedded by the input of every list.
type Paged struct {
	After string `query:"after" doc:"The cursor next of the page before."`
	Limit int    `query:"limit" minimum:"1" maximum:"100" doc:"Items on the page; 25 where it is absent."`
}

// requestKey marks the handlers.Request in a context.
type requestKey struct{}

// requestOf is who asks for what, for the handlers of commands.
func requestOf(ctx context.Context) handlers.Request {
	r, _ := ctx.Value(requestKey{}).(handlers.Request)
	return r
}

// guard admits, identifies and bounds a request before anything is parsed. A
// streamed body is left to the handler, which sets the fingerprint.
func (a *api) guard(serves Serves, o operation) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		request, err := a.identify(r, serves, o)
		if err == nil {
			var query url.Values
			if query, err = web.Query(r); err == nil {
				err = once(c.Operation(), query)
			}
		}
		if err == nil && !o.streamed {
			var body []byte
			if body, err = readJSON(w, r); err == nil {
				request.Fingerprint = a.Keys.Fingerprint(r.Method, r.URL.EscapedPath(), body)
			}
		}
		if err == nil && r.Method == http.MethodGet {
			err = a.await(r)
		}
		if err != nil {
			web.WriteProblem(w, r, err)
			return
		}
		next(&exchange{humaContext: huma.WithValue(c, requestKey{}, request)})
	}
}

// once refuses a parameter that is given twice and can hold one value only: the
// framework would read the first and pass over the other.
func once(op *huma.Operation, query url.Values) error {
	for _, p := range op.Parameters {
		if p.In == "query" && len(query[p.Name]) > 1 && p.Schema.Type != huma.TypeArray {
			return domain.Refuse(domain.Invalid, "bad-request", "the request cannot be read: %s is given %d times; give it once", p.Name, len(query[p.Name])).In(p.Name)
		}
	}
	return nil
}

// identify checks who asks, and what names the request.
func (a *api) identify(r *http.Request, serves Serves, o operation) (handlers.Request, error) {
	reader := web.Reader(r.Context())
	if err := serves.admit(reader); err != nil {
		return handlers.Request{}, err
	}
	if o.method != http.MethodGet && !reader.Role.MayChange() {
		return handlers.Request{}, handlers.AuditorChangesNothing() // before its body is stored
	}
	request := handlers.Request{ID: r.Header.Get(keyHeader), Actor: reader, Correlation: web.Correlation(r.Context())}
	if request.ID != "" {
		return request, nil
	}
	if o.method == http.MethodPost && o.path != contentsPath && o.path != reportsPath {
		return handlers.Request{}, domain.Refuse(domain.Invalid, "no-idempotency-key", "the header %s is missing; send a new one with each new request and the same one when you repeat it, for example \"%s: 6f1c3f0e-5d1b-4a43-9d0a-0d3f1f0f7c11\"", keyHeader, keyHeader).In(keyHeader)
	}
	// PUT and DELETE may come without: a fresh id each time, see the package.
	request.ID = uuid.NewString()
	return request, nil
}

// readJSON reads a body to its end and puts it back for the framework.
func readJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := web.Limit(w, r, maxBody); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return nil, nil
	}
	return body, checkJSON(r.Header.Get("Content-Type"), body)
}

// checkJSON refuses what is declared as something else, and what is not UTF-8:
// the decoder would put replacement characters in its place without a word.
func checkJSON(declared string, body []byte) error {
	if media, _, err := mime.ParseMediaType(declared); err != nil || media != "application/json" {
		return notSupported(declared, "application/json")
	}
	if !utf8.Valid(body) {
		return domain.Refuse(domain.Invalid, "bad-utf8", "the body is not valid UTF-8; save it as UTF-8 and send it again")
	}
	return unambiguous(body)
}

func notSupported(declared string, taken ...string) error {
	return web.Refuse(http.StatusUnsupportedMediaType, "bad-content-type", "the body is declared as %.80q; send %s and say so in Content-Type", declared, strings.Join(taken, " or ")).In("Content-Type")
}

// await waits for the token of a read, if it carries one.
func (a *api) await(r *http.Request) error {
	token := r.Header.Get("Wait")
	if token == "" {
		token = r.URL.Query().Get("wait")
	}
	if token == "" {
		return nil
	}
	position, err := a.Keys.Position(token)
	if err != nil {
		return err
	}
	return a.waiter.Until(r.Context(), position)
}

type humaContext huma.Context

// exchange lets a problem that the framework found have the status that we give
// such problems.
type exchange struct {
	humaContext
	status int
}

// Unwrap leads to the request and its writer.
func (e *exchange) Unwrap() huma.Context { return e.humaContext }

// SetStatus implements huma.Context.
func (e *exchange) SetStatus(status int) {
	if e.status != 0 {
		status = e.status
	}
	e.humaContext.SetStatus(status)
}

// maxFaults bounds how many faults of one body are told at once.
const maxFaults = 5

// problems makes our problem documents of the framework's. Values are left out:
// what was sent may be long or personal.
func problems(c huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	var err error = fmt.Errorf("framework: %s", model.Detail) // a fault of ours unless it is a 4xx
	if model.Status < http.StatusInternalServerError {
		refused := domain.Refuse(domain.Invalid, "bad-request", "%s", describeFaults(model, c.Operation()))
		if len(model.Errors) > 0 {
			refused.Field = field(model.Errors[0].Location)
		}
		err = refused
	}
	p := web.Explain(c.Context(), err)
	if e, ok := c.(*exchange); ok {
		e.status = p.Status
	}
	return p, nil
}

// describeFaults tells what is wrong with a request for an operation; nil: with a
// body alone.
func describeFaults(m *huma.ErrorModel, op *huma.Operation) string {
	if len(m.Errors) == 0 {
		return m.Detail
	}
	var told []string
	for i, f := range m.Errors {
		if i == maxFaults {
			told = append(told, fmt.Sprintf("and %d more", len(m.Errors)-i))
			break
		}
		text := f.Message
		if name := field(f.Location); name != "" {
			text = name + ": " + text
			if op != nil && !strings.HasPrefix(f.Location, "body") {
				text += wanted(op, name)
			}
		}
		told = append(told, text)
	}
	return "the request cannot be read: " + strings.Join(told, "; ") + ". See /docs"
}

// wanted says what an operation takes as a parameter, where that can be said in a
// few words; and which parameters it takes, if it takes none of that name.
func wanted(op *huma.Operation, name string) string {
	var taken []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			taken = append(taken, p.Name)
		}
		if p.Name != name || p.Schema == nil {
			continue
		}
		switch s := p.Schema; {
		case s.Type == huma.TypeInteger && s.Minimum != nil && s.Maximum != nil:
			return fmt.Sprintf(" (it is a whole number, %.0f to %.0f)", *s.Minimum, *s.Maximum)
		case s.Type == huma.TypeInteger && s.Minimum != nil:
			return fmt.Sprintf(" (it is a whole number, %.0f or more)", *s.Minimum)
		}
		return ""
	}
	if len(taken) == 0 {
		return " (this address takes no parameters)"
	}
	return fmt.Sprintf(" (this address takes %s)", strings.Join(taken, ", "))
}

// field is the name of an input: "body.title" is title, "query.limit" limit.
func field(location string) string {
	if _, name, nested := strings.Cut(location, "."); nested {
		location = name
	}
	const most = 100 // a name may be as long as the body
	if len(location) > most {
		location = strings.ToValidUTF8(location[:most], "") + "…"
	}
	return location
}
