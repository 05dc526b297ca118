package web

// Bytes that go out: one implementation for the API and the pages.

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/projections/catalog"
)

// Downloads finds the files of versions for those who may have them.
type Downloads struct {
	Store   Store
	Catalog interface {
		Document(ctx context.Context, r access.Reader, id uuid.UUID) (catalog.Document, error)
	}
	// Head is the log's present end.
	Head   func(context.Context) (event.Checkpoint, error)
	Waiter Waiter
}

// Download is one file that its reader may have.
type Download struct {
	store  Store
	file   document.File
	public bool
}

// Find finds a file of a version, by its language or its name, and decides access
// now: on a read model that has passed the log's present end. So a narrowed
// audience counts from the moment it is recorded, and a read model that stands
// still shows nothing at all (domain.Unavailable).
func (d Downloads) Find(ctx context.Context, id uuid.UUID, number int, name string) (Download, error) {
	head, err := d.Head(ctx)
	if err != nil {
		return Download{}, err
	}
	if err := d.Waiter.Until(ctx, head.Position, catalog.Name); err != nil {
		return Download{}, err
	}
	reader := Reader(ctx)
	reader.Unsure = false // the wait has just made sure
	doc, err := d.Catalog.Document(ctx, reader, id)
	if err != nil {
		return Download{}, err
	}
	at := slices.IndexFunc(doc.Versions, func(v catalog.Version) bool { return v.Number == number })
	if at < 0 {
		return Download{}, Absent(ctx, "version", strconv.Itoa(number))
	}
	files := doc.Versions[at].Files
	of := slices.IndexFunc(files, func(f document.File) bool { return f.Locale == name })
	if of < 0 {
		of = slices.IndexFunc(files, func(f document.File) bool { return f.Name == name })
	}
	if of < 0 {
		return Download{}, Absent(ctx, "file", name)
	}
	return Download{store: d.Store, file: files[of], public: !doc.Audience.Restricted()}, nil
}

// ServeHTTP answers with the file. Ranges and If-None-Match are those of RFC 9110;
// the ETag is the SHA-256.
func (d Download) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bytes, _, err := d.store.Read(r.Context(), d.file.SHA256)
	if domain.KindOf(err) == domain.NotFound {
		// The catalog names bytes that the store has lost: our fault, no 404.
		err = fmt.Errorf("a version names bytes that are not there: %v", err)
	}
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	defer func() { _ = bytes.Close() }() // only read
	Patient(w)
	h := w.Header()
	h.Set("ETag", `"`+d.file.SHA256+`"`)
	if sum, err := hex.DecodeString(d.file.SHA256); err == nil {
		h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum)+":") // RFC 9530
	}
	h.Set("Content-Type", servedType(d.file.MediaType))
	h.Set("Content-Disposition", attachment(d.file.Name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	// Whoever keeps a copy asks again each time, by the ETag: access may have ended,
	// also to what everyone may have today.
	h.Set("Cache-Control", "private, no-cache")
	if d.public {
		h.Set("Cache-Control", "public, no-cache")
	}
	ProblemsOnly(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes)
	}))
}

// servedType never lets a browser run what was uploaded.
func servedType(media string) string {
	base, _, err := mime.ParseMediaType(media)
	if err != nil || Active(base) {
		return "application/octet-stream"
	}
	return media
}

// attachment is a Content-Disposition (RFC 6266) with the name twice: for old
// readers without what is not ASCII, and whole in UTF-8 (RFC 8187).
func attachment(name string) string {
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%' {
			return '_'
		}
		return c
	}, name)
	// PathEscape leaves some marks that RFC 8187 does not allow.
	escaped := strings.NewReplacer("+", "%2B", "$", "%24", "&", "%26", ":", "%3A", "=", "%3D", "@", "%40").Replace(url.PathEscape(name))
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + escaped
}
