package api

// The OpenAPI document, and the pages made from it.

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"imprint/handlers/web"
)

const apiVersion = "1.0.0"

const apiText = `Publish documents and versions, keep and follow them, look back.

Every POST needs an Idempotency-Key. A key names one request once that has recorded something; a key whose first request recorded nothing, because it was refused or nothing had to change, may be used again, also with another body. Every write answers with a Wait-Token; a read that carries it in the header Wait (or ?wait=) reflects the write. Every error is a problem document (RFC 9457). An answer with the header Imprint-Stale comes from read models that are behind: it shows only what everyone may see. Texts are given by language: {"en": "…", "de": "…"}.`

var (
	//go:embed docs.html
	docsText string
	//go:embed problem.html
	problemText string
	//go:embed style.css
	styleText []byte
)

// describe makes the OpenAPI document, once, and serves it and its pages.
func (a *api) describe() error {
	spec := a.huma.OpenAPI()
	// The framework's own form of errors is never sent: see problems.
	delete(spec.Components.Schemas.Map(), "ErrorModel")
	delete(spec.Components.Schemas.Map(), "ErrorDetail")
	asJSON, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	asYAML, err := spec.YAML()
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	page, err := docsPage(spec)
	if err != nil {
		return fmt.Errorf("docs: %w", err)
	}
	problem, err := template.New("problem").Parse(problemText)
	if err != nil {
		return fmt.Errorf("problem page: %w", err)
	}
	a.page("/openapi.json", fixed("application/json", asJSON))
	a.page("/openapi.yaml", fixed("application/yaml", asYAML))
	a.page("/docs", fixed("text/html; charset=utf-8", page))
	a.page("/api/style.css", fixed("text/css; charset=utf-8", styleText))
	a.page("/problems/{code}", explain(problem))
	return nil
}

// fixed serves what never changes while the program runs.
func fixed(media string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body) // the client may be gone
	}
}

// docsTag is one chapter of the readable page.
type docsTag struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	*huma.Operation
	Serves Serves
	Body   []docsBody
	Answer []docsBody
}

// docsBody is what one media type or status holds.
type docsBody struct {
	Name   string
	Schema string // the name of a schema, or a type
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

type docsField struct {
	Name, Type, Text string
	Required         bool
}

// docsPage renders the document for people, without any script.
func docsPage(spec *huma.OpenAPI) ([]byte, error) {
	var tags []docsTag
	for _, r := range Routes() { // the order of the table, which tells a story
		op := described(spec, r.Method, r.Pattern)
		if op == nil {
			continue
		}
		i := slices.IndexFunc(tags, func(t docsTag) bool { return t.Name == op.Tags[0] })
		if i < 0 {
			i, tags = len(tags), append(tags, docsTag{Name: op.Tags[0]})
		}
		tags[i].Operations = append(tags[i].Operations, docsOf(op, r.Serves))
	}
	var schemas []docsSchema
	for name, s := range spec.Components.Schemas.Map() {
		schemas = append(schemas, schemaOf(name, s))
	}
	slices.SortFunc(schemas, func(a, b docsSchema) int { return strings.Compare(a.Name, b.Name) })
	t, err := template.New("docs").Parse(docsText)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, map[string]any{"Info": spec.Info, "Tags": tags, "Schemas": schemas})
	return page.Bytes(), err
}

func docsOf(op *huma.Operation, serves Serves) docsOperation {
	out := docsOperation{Operation: op, Serves: serves}
	if op.RequestBody != nil {
		for media, content := range op.RequestBody.Content {
			out.Body = append(out.Body, docsBody{Name: media, Schema: typeOf(content.Schema)})
		}
	}
	for status, response := range op.Responses {
		body := docsBody{Name: status}
		for _, content := range response.Content {
			body.Schema = typeOf(content.Schema)
		}
		out.Answer = append(out.Answer, body)
	}
	byName := func(a, b docsBody) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(out.Body, byName)
	slices.SortFunc(out.Answer, byName)
	return out
}

func schemaOf(name string, s *huma.Schema) docsSchema {
	out := docsSchema{Name: name}
	for field, f := range s.Properties {
		out.Fields = append(out.Fields, docsField{Name: field, Type: typeOf(f), Text: f.Description, Required: slices.Contains(s.Required, field)})
	}
	slices.SortFunc(out.Fields, func(a, b docsField) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// typeOf names a schema for people.
func typeOf(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Type == huma.TypeArray:
		return "list of " + typeOf(s.Items)
	case s.Type == huma.TypeObject:
		if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
			return typeOf(values) + " by language"
		}
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprint(v)
		}
		return strings.Join(values, " | ")
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return s.Type
}

// described finds an operation in the document; nil if it is none of it.
func described(spec *huma.OpenAPI, method, path string) *huma.Operation {
	item := spec.Paths[path]
	if item == nil {
		return nil
	}
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodDelete:
		return item.Delete
	}
	return nil
}

// problemResponse describes what every error looks like.
func problemResponse(registry huma.Registry) *huma.Response {
	return &huma.Response{
		Description: "A problem document (RFC 9457).",
		Content:     map[string]*huma.MediaType{web.ProblemType: {Schema: registry.Schema(reflect.TypeFor[web.Problem](), true, "")}},
	}
}

// staleParam describes the header that any answer may carry.
func staleParam() *huma.Param {
	return &huma.Param{
		Description: "\"true\" while the read models are behind the log: the answer shows only what everyone may see, and what was written lately may be missing. Absent otherwise.",
		Schema:      &huma.Schema{Type: huma.TypeString, Enum: []any{"true"}},
	}
}

// describeForm describes a body that the handler reads itself. The framework is
// told only now: had it known, it would have read the files into memory.
func (a *api) describeForm(op *huma.Operation, v any) {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflectType(v), true, "")
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: schema},
		multiParts: {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{jsonPart},
			Properties: map[string]*huma.Schema{jsonPart: schema, filePart: binary, filePart + ".de": binary},
		}, Encoding: map[string]*huma.Encoding{jsonPart: {ContentType: "application/json"}}},
	}}
}

// reflectType is the struct type of a value or of what it points to.
func reflectType(v any) reflect.Type {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
