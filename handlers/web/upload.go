package web

// Bytes that come in: bounded, named safely, sniffed, stored.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"imprint/domain"
	"imprint/domain/content"
	"imprint/domain/document"
)

// Store takes and gives back bytes by their hash.
type Store interface {
	Put(ctx context.Context, r io.Reader) (content.Stored, error)
	Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error)
}

// DefaultMaxUpload is the largest file taken unless a setting says otherwise:
// 100 MiB.
const DefaultMaxUpload = 100 << 20

// Uploads receives files.
type Uploads struct {
	Store    Store
	MaxBytes int64 // of one file
}

// sniffed is how much of a file http.DetectContentType looks at.
const sniffed = 512

// Receive stores a file as it comes and says what it was. What is refused for
// its name, its type or its first bytes has not been stored. Bytes that are
// stored and then named by no version stay without harm.
func (u Uploads) Receive(ctx context.Context, r io.Reader, name, declared string) (document.File, error) {
	if err := document.CheckFileName(name); err != nil {
		return document.File{}, err
	}
	body := bufio.NewReaderSize(&limited{r: r, left: u.MaxBytes, limit: u.MaxBytes, name: name}, 64<<10)
	head, err := body.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return document.File{}, broken(name, err)
	}
	media, err := mediaType(name, declared, head)
	if err != nil {
		return document.File{}, err
	}
	stored, err := u.Store.Put(ctx, body)
	if err != nil {
		return document.File{}, broken(name, err)
	}
	return document.File{Name: name, SHA256: stored.SHA256, Bytes: stored.Bytes, MediaType: media}, nil
}

// Refer completes a file that names bytes which were uploaded before: the length
// is that of the bytes, and its type is held against them. Bytes that are not
// held are left to the command to refuse, whatever their type would have been found
// to be.
func (u Uploads) Refer(ctx context.Context, f document.File) (document.File, error) {
	if err := document.CheckFileName(f.Name); err != nil {
		return document.File{}, err
	}
	bytes, size, err := u.Store.Read(ctx, f.SHA256)
	if domain.KindOf(err) == domain.NotFound {
		if f.MediaType == "" {
			f.MediaType = "application/octet-stream" // what is unknown
		}
		return f, nil
	}
	if err != nil {
		return document.File{}, err
	}
	defer func() { _ = bytes.Close() }() // only read
	head, err := io.ReadAll(io.LimitReader(bytes, sniffed))
	if err != nil {
		return document.File{}, fmt.Errorf("read %s: %w", f.SHA256, err)
	}
	f.Bytes = size
	f.MediaType, err = mediaType(f.Name, f.MediaType, head)
	return f, err
}

// broken words what goes wrong when the sender goes away.
func broken(name string, err error) error {
	var g *gone
	if errors.As(err, &g) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, http.ErrBodyReadAfterClose) {
		return domain.Refuse(domain.Invalid, "broken-upload", "the bytes of %q broke off; send the file again", name).In("files").Because(err)
	}
	return err
}

// mediaType holds what was declared against what the first bytes are. Types that
// a browser would run must be declared as what they are; nothing else is
// second-guessed, since no list of types is complete.
func mediaType(name, declared string, head []byte) (string, error) {
	found := http.DetectContentType(head)
	if declared == "" {
		return found, nil
	}
	media, params, err := mime.ParseMediaType(declared)
	if err != nil {
		return "", domain.Refuse(domain.Invalid, "bad-media-type", "file %q: %.80q is not a media type; write one such as \"application/pdf\"", name, declared).In("files")
	}
	if media == "application/octet-stream" {
		return found, nil
	}
	actual, _, err := mime.ParseMediaType(found)
	if err != nil {
		return "", err
	}
	// Markdown may begin with HTML and is still no page.
	if Active(actual) && actual != media && media != "text/markdown" && !(actual == "text/xml" && isXML(media)) {
		return "", domain.Refuse(domain.Invalid, "disguised-content", "file %q is declared as %s but its bytes are %s; declare what it is, or send another file", name, media, actual).In("files")
	}
	return mime.FormatMediaType(media, params), nil
}

// Active tells whether a browser may run or render a type as a page of ours.
func Active(media string) bool {
	switch media {
	case "text/html", "text/xml", "text/xsl", "text/javascript", "application/javascript", "application/ecmascript",
		"application/x-shockwave-flash", "application/xml", "multipart/x-mixed-replace":
		return true
	}
	return isXML(media)
}

func isXML(media string) bool {
	return strings.HasSuffix(media, "+xml") || media == "application/xml" || media == "text/xml"
}

// limited ends in domain.TooLarge once more than the limit has come.
type limited struct {
	r     io.Reader
	left  int64
	limit int64
	name  string
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1] // one more than may come, to see whether it does
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, TooLarge(l.name, l.limit)
	}
	return n, err
}

// TooLarge refuses a file over the limit.
func TooLarge(name string, limit int64) error {
	return domain.Refuse(domain.TooLarge, "content-too-large", "the file %.80q is larger than the limit of %d bytes; send a smaller one, or have the limit raised", name, limit).In("files")
}
