package api

// Publishing: new documents, new versions, and bytes on their own.

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/handlers"
	"imprint/handlers/web"
)

// FileRef names bytes that were uploaded before.
type FileRef struct {
	Locale    string `json:"locale,omitempty" doc:"en where it is absent."`
	Name      string `json:"name" example:"soc2-2026.pdf"`
	SHA256    string `json:"sha256" doc:"As the upload to /contents answered."`
	MediaType string `json:"mediaType,omitempty" doc:"Found from the first bytes where it is absent."`
}

// Draft is what a new version is, besides the files sent with it.
type Draft struct {
	Files     []FileRef   `json:"files,omitempty" doc:"Files whose bytes were uploaded before. Files sent with the request come after them."`
	Summary   domain.Text `json:"summary,omitempty" doc:"What changed, by language; required for a major version."`
	Effective *Period     `json:"effective,omitempty" doc:"The days that the report covers."`
	Urgent    bool        `json:"urgent,omitempty" doc:"Readers are told without the grace period."`
}

// Details is everything about a document that is not a version.
type Details struct {
	Title       domain.Text `json:"title"`
	Description domain.Text `json:"description,omitempty"`
	Series      uuid.UUID   `json:"series,omitzero" format:"uuid"`
	Categories  []string    `json:"categories,omitempty"`
	Services    []string    `json:"services,omitempty"`
	Regions     []string    `json:"regions,omitempty"`
	Industries  []string    `json:"industries,omitempty"`
}

// NewDocument begins a document with version 1.
type NewDocument struct {
	Details
	Draft
	ID       uuid.UUID `json:"id,omitzero" format:"uuid" doc:"Follows from the request where it is absent."`
	Audience string    `json:"audience" enum:"everyone,signed-in" doc:"Who may see it."`
}

// NewVersion adds a version.
type NewVersion struct {
	Draft
	Major bool `json:"major,omitempty" doc:"Readers are told."`
	Force bool `json:"force,omitempty" doc:"Also if the bytes are those of the current version."`
}

// Stored answers an upload.
type Stored struct {
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	MediaType string `json:"mediaType"`
}

// Streamed is embedded by inputs whose body the handler reads itself.
type Streamed struct {
	r *http.Request
	w http.ResponseWriter
}

// Resolve keeps the request; the framework calls it.
func (s *Streamed) Resolve(c huma.Context) []error {
	s.r, s.w = humago.Unwrap(c)
	return nil
}

type publishInput struct {
	Keyed
	Streamed
}

type versionOfInput struct {
	Keyed
	Streamed
	DocumentPath
	IfMatch string `header:"If-Match" doc:"The number of the version that the new one is based on, in quotes; as the document's ETag has it." example:"\"3\""`
}

type contentInput struct {
	Streamed
	Name string `query:"name" doc:"The file's name, where there is one; only checked here."`
}

const contentsPath = "/contents"

func (a *api) publish() {
	const forms = "Send the description as JSON that names bytes uploaded before, or a form (multipart/form-data) with the JSON as its part `document` and the files as parts `file` (English) or `file.LOCALE`, such as `file.de`."
	a.describeForm(register(a, operation{method: http.MethodPost, path: "/documents", id: "publish-document", tag: "Publishing", status: created, streamed: true,
		summary: "Publish a document", text: forms}, a.publishDocument), NewDocument{})
	a.describeForm(register(a, operation{method: http.MethodPost, path: "/documents/{document}/versions", id: "publish-version", tag: "Publishing", status: created, streamed: true,
		summary: "Publish a new version", text: forms + " If-Match names the version it is based on: a 412 names the newest one if that is another."}, a.publishVersion), NewVersion{})
	op := register(a, operation{method: http.MethodPost, path: contentsPath, id: "upload", tag: "Publishing", status: created, streamed: true,
		summary: "Upload bytes", text: "The body is the bytes, Content-Type what they are. The same bytes are stored once. A version names them by the SHA-256 answered here."}, a.upload)
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
}

func (a *api) publishDocument(ctx context.Context, in *publishInput) (*written[DocumentReceipt], error) {
	var body NewDocument
	request, files, err := a.receive(ctx, in.Streamed, &body)
	if err != nil {
		return nil, err
	}
	files, err = a.files(ctx, body.Draft, files)
	if err != nil {
		return nil, err
	}
	return a.wroteVersion(a.Publishing.Publish(ctx, request, handlers.PublishDocument{
		Document: body.ID, Details: detailsOf(body.Details), Audience: access.Audience{Kind: access.Kind(body.Audience)},
		Urgent: body.Urgent, Files: files, Summary: body.Summary, Effective: periodOf(body.Effective),
	}))
}

func (a *api) publishVersion(ctx context.Context, in *versionOfInput) (*written[DocumentReceipt], error) {
	based, err := basedOn(in.IfMatch)
	if err != nil {
		return nil, err
	}
	var body NewVersion
	request, files, err := a.receive(ctx, in.Streamed, &body)
	if err != nil {
		return nil, err
	}
	files, err = a.files(ctx, body.Draft, files)
	if err != nil {
		return nil, err
	}
	return a.wroteVersion(a.Publishing.Version(ctx, request, handlers.AddVersion{
		Document: in.Document, BasedOn: based, Major: body.Major, Urgent: body.Urgent, Files: files,
		Summary: body.Summary, Effective: periodOf(body.Effective), Force: body.Force,
	}))
}

func (a *api) upload(ctx context.Context, in *contentInput) (*written[Stored], error) {
	name := in.Name
	if name == "" {
		name = "content"
	}
	if in.r.ContentLength > a.MaxUpload {
		in.w.Header().Set("Connection", "close")
		return nil, web.TooLarge(name, a.MaxUpload)
	}
	web.Patient(in.w)
	f, err := a.uploads.Receive(ctx, in.r.Body, name, in.r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	return &written[Stored]{Body: Stored{SHA256: f.SHA256, Bytes: f.Bytes, MediaType: f.MediaType}}, nil
}

// files are those a draft refers to, and then those sent with it.
func (a *api) files(ctx context.Context, d Draft, sent []document.File) ([]document.File, error) {
	var all []document.File
	for _, ref := range d.Files {
		f := document.File{Locale: ref.Locale, Name: ref.Name, SHA256: ref.SHA256, MediaType: ref.MediaType}
		if f.Locale == "" {
			f.Locale = domain.DefaultLocale
		}
		f, err := a.uploads.Refer(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return append(all, sent...), nil
}

// basedOn reads If-Match: one strong tag with a version's number.
func basedOn(header string) (int, error) {
	if header == "" {
		return 0, web.Refuse(http.StatusPreconditionRequired, "no-if-match", "the header If-Match is missing; send the number of the version that yours is based on, for example If-Match: \"3\"").In("If-Match")
	}
	number := header
	if opened, is := strings.CutPrefix(header, `"`); is {
		if whole, closed := strings.CutSuffix(opened, `"`); closed {
			number = whole // a quote without its other half stays, and is no number
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return 0, domain.Refuse(domain.Invalid, "bad-if-match", "If-Match is %.40q; send the number of one version, for example If-Match: \"3\"", header).In("If-Match")
	}
	return n, nil
}

func detailsOf(d Details) document.Details {
	return document.Details{
		Title: d.Title, Description: d.Description, Series: d.Series, Categories: d.Categories,
		Services: d.Services, Regions: d.Regions, Industries: d.Industries,
	}
}

func periodOf(p *Period) *document.Period {
	if p == nil {
		return nil
	}
	return &document.Period{From: p.From, To: p.To}
}
