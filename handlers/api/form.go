package api

// The bodies that the API reads itself: JSON, or a form with JSON and files.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/handlers"
	"imprint/handlers/web"
)

const (
	jsonPart   = "document"
	filePart   = "file"
	multiParts = "multipart/form-data"
)

// receive reads a description into v and stores the files sent with it. The
// request's fingerprint covers all of it. Files are stored as they come, before
// anything is decided: if we die or refuse after that, bytes remain that no
// version names, and the request sent again finds them stored.
func (a *api) receive(ctx context.Context, in Streamed, v any) (handlers.Request, []document.File, error) {
	request := requestOf(ctx)
	media, params, _ := mime.ParseMediaType(in.r.Header.Get("Content-Type"))
	if media != multiParts {
		body, err := readJSON(in.w, in.r)
		if err != nil {
			return request, nil, err
		}
		if len(body) == 0 {
			return request, nil, domain.Refuse(domain.Invalid, "no-body", "the request has no body; send the description as JSON, or a form")
		}
		request.Fingerprint = a.Keys.Fingerprint(in.r.Method, in.r.URL.EscapedPath(), body)
		return request, nil, a.decode(body, v)
	}
	if params["boundary"] == "" {
		return request, nil, domain.Refuse(domain.Invalid, "bad-form", "the Content-Type of the form names no boundary; let your client write it").In("Content-Type")
	}
	// All files of a version together have the limit of one, and some room.
	if err := web.Limit(in.w, in.r, a.MaxUpload+2*maxBody); err != nil {
		return request, nil, err
	}
	web.Patient(in.w)
	f := form{api: a}
	if err := f.read(ctx, multipart.NewReader(in.r.Body, params["boundary"])); err != nil {
		return request, nil, err
	}
	request.Fingerprint = a.Keys.Fingerprint(in.r.Method, in.r.URL.EscapedPath(), f.prints...)
	if f.json == nil {
		return request, nil, domain.Refuse(domain.Invalid, "no-document", "the form has no part %q; send the description there, as JSON", jsonPart).In(jsonPart)
	}
	return request, f.files, a.decode(f.json, v)
}

// form is a form as far as it has been read.
type form struct {
	api    *api
	json   []byte
	files  []document.File
	prints [][]byte // what the fingerprint covers
}

func (f *form) read(ctx context.Context, parts *multipart.Reader) error {
	for {
		// Raw: nothing is decoded behind the hash's back.
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return err
			}
			return domain.Refuse(domain.Invalid, "bad-form", "the form cannot be read; send it again, and let your client write it").Because(err)
		}
		// The name as it was sent: the library's own reading would drop folders
		// from a file's name in silence, and such a name is refused.
		_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			return domain.Refuse(domain.Invalid, "bad-form", "a part of the form has no readable Content-Disposition").Because(err)
		}
		if err := f.part(ctx, part, params["name"], params["filename"]); err != nil {
			return err
		}
	}
}

func (f *form) part(ctx context.Context, part *multipart.Part, name, fileName string) error {
	kind, locale, localised := strings.Cut(name, ".")
	switch {
	case name == jsonPart && f.json == nil:
		body, err := io.ReadAll(io.LimitReader(part, maxBody+1))
		if err != nil {
			return err
		}
		if len(body) > maxBody {
			return domain.Refuse(domain.TooLarge, "body-too-large", "the part %q has more than %d bytes; send less", jsonPart, maxBody).In(jsonPart)
		}
		// curl sends a part without a type unless told; what it is, is clear here.
		if err := checkJSON("application/json", body); err != nil {
			return err
		}
		f.json = body
		f.prints = append(f.prints, []byte(jsonPart), body)
		return nil
	case kind == filePart:
		if !localised {
			locale = domain.DefaultLocale
		}
		if len(f.files) == document.MaxFiles {
			return domain.Refuse(domain.TooLarge, "too-many-files", "the form has more than %d files; a version has at most so many", document.MaxFiles).In("files")
		}
		file, err := f.api.uploads.Receive(ctx, part, fileName, part.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		file.Locale = locale
		f.files = append(f.files, file)
		f.prints = append(f.prints, []byte(name), []byte(fileName), []byte(file.MediaType), []byte(file.SHA256))
		return nil
	}
	return domain.Refuse(domain.Invalid, "unknown-part", "the form has a part %.40q that is unknown here or came twice; send one %q and files as %q or %q", name, jsonPart, filePart, filePart+".de").In("form")
}

// decode reads JSON into v, held against its schema as the framework holds the
// bodies that it reads.
func (a *api) decode(body []byte, v any) error {
	var loose any
	if err := unmarshal(body, &loose); err != nil {
		return badJSON(err)
	}
	registry := a.huma.OpenAPI().Components.Schemas
	path, result := huma.NewPathBuffer(nil, 0), &huma.ValidateResult{}
	huma.Validate(registry, registry.Schema(reflectType(v), true, ""), path, huma.ModeWriteToServer, loose, result)
	if len(result.Errors) > 0 {
		model := &huma.ErrorModel{}
		for _, err := range result.Errors {
			model.Add(err)
		}
		refused := domain.Refuse(domain.Invalid, "bad-request", "%s", describeFaults(model, nil))
		return refused.In(field(model.Errors[0].Location))
	}
	if err := json.Unmarshal(body, v); err != nil {
		return badJSON(err)
	}
	return nil
}

func badJSON(err error) error {
	return domain.Refuse(domain.Invalid, "bad-json", "the body is not the JSON that is wanted here: %s. See /docs", fmt.Sprint(err))
}
