package importer

// Here: the walk through the lines, each turned into the commands it means.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
)

// NoSummary stands where the source gave no change summary.
const NoSummary = "(no summary was given by the source)"

// withdrawnAtSource is the public reason of an imported withdrawal.
var withdrawnAtSource = domain.English("Withdrawn by its source.")

// replacedAtSource is the public reason where another document took the name.
var replacedAtSource = domain.English("Its source gave its name to another document.")

// Report is what one run did.
type Report struct {
	Records int       // lines read
	Skipped int       // lines that added nothing
	Events  int       // events written
	Sources []string  // in the order of their first line
	Changed int       // of those skipped: they say otherwise than what they were recorded as
	First   []Changed // the first of them, at most maxChanged
}

// Changed is a line whose version or withdrawal was recorded before with
// something else in it. What is recorded stays.
type Changed struct {
	Line    int    // from 1 on
	Key     string // the document's, in its source
	Version int
}

// maxChanged bounds the lines that a report names.
const maxChanged = 10

// Importer turns the lines of a corpus into commands.
type Importer struct {
	publishing *handlers.Publishing
	contents   Contents
	actor      access.Reader

	ids     *identities
	defined map[string]bool // sources whose category exists
	opened  map[string]bool // series that exist
	report  Report
}

// New makes an importer; it serves one run.
func New(publishing *handlers.Publishing, contents Contents) *Importer {
	return &Importer{
		publishing: publishing,
		contents:   contents,
		actor:      access.Reader{Person: event.OperatorActor},
		ids:        newIdentities(),
		defined:    map[string]bool{},
		opened:     map[string]bool{},
	}
}

// Run reads the corpus to its end and tells how many lines are done. An error
// names the line; everything before it stays recorded, and the same run goes on
// from there.
func (im *Importer) Run(ctx context.Context, corpus io.Reader, progress func(done int)) (Report, error) {
	lines := bufio.NewScanner(corpus)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		im.report.Records++
		if len(strings.TrimSpace(lines.Text())) == 0 {
			im.report.Skipped++
			continue
		}
		if err := im.line(ctx, lines.Bytes()); err != nil {
			return im.report, fmt.Errorf("line %d of the corpus: %w", im.report.Records, err)
		}
		progress(im.report.Records)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return im.report, domain.Refuse(domain.TooLarge, "bad-corpus-line", "line %d of the corpus has more than %d bytes; is it the right file?", im.report.Records+1, maxLine)
	} else if err != nil {
		return im.report, fmt.Errorf("read the corpus: %w", err)
	}
	return im.report, nil
}

func (im *Importer) line(ctx context.Context, line []byte) error {
	r, err := ParseRecord(line)
	if err != nil {
		return err
	}
	if err := im.arrange(ctx, r); err != nil {
		return err
	}
	arranged := im.report.Events
	if r.Withdrawn {
		err = im.withdraw(ctx, r)
	} else {
		err = im.version(ctx, r)
	}
	if domain.KindOf(err) == domain.Reused {
		im.changed(r)
		err = nil
	}
	if err != nil {
		return err
	}
	if im.report.Events == arranged {
		im.report.Skipped++
	}
	return nil
}

// changed notes a line that was recorded before as another one.
func (im *Importer) changed(r Record) {
	im.report.Changed++
	if len(im.report.First) < maxChanged {
		im.report.First = append(im.report.First, Changed{Line: im.report.Records, Key: r.Doc, Version: r.Version})
	}
}

// arrange makes sure that the line's category and series exist.
func (im *Importer) arrange(ctx context.Context, r Record) error {
	if !im.defined[r.Source] {
		w, err := im.publishing.DefineCategory(ctx, im.request("category", r.Source), handlers.DefineCategory{
			Category: CategoryID(r.Source), Group: category.Reports, Name: domain.English(r.Source),
		})
		if err != nil {
			return fmt.Errorf("category of %s: %w", r.Source, err)
		}
		im.defined[r.Source] = true
		im.report.Sources = append(im.report.Sources, r.Source)
		im.report.Events += w.Events
	}
	if !im.opened[r.Series] {
		w, err := im.publishing.OpenSeries(ctx, im.request("series", r.Series), handlers.OpenSeries{
			Series: seriesID(r.Source, r.Series), Name: domain.English(r.Series),
		})
		if err != nil {
			return fmt.Errorf("series %s: %w", r.Series, err)
		}
		im.opened[r.Series] = true
		im.report.Events += w.Events
	}
	return nil
}

func (im *Importer) version(ctx context.Context, r Record) error {
	if err := im.measure(ctx, r); err != nil {
		return err
	}
	doc, occupant := im.ids.resolve(r)
	summary := r.Summary
	if strings.TrimSpace(summary) == "" {
		summary = NoSummary
	}
	w, err := im.publishing.ImportVersion(ctx, im.of(r, "version"), handlers.ImportVersion{
		Document: doc.id,
		Details: document.Details{
			Title:      domain.English(r.Title),
			Series:     seriesID(r.Source, r.Series),
			Categories: []string{CategoryID(r.Source)},
		},
		Audience: access.Audience{Kind: access.Everyone},
		Major:    true,
		Files: []document.File{{
			Locale: domain.DefaultLocale, Name: path.Base(r.Doc), SHA256: r.SHA256, Bytes: r.Bytes, MediaType: r.MediaType,
		}},
		Summary:     domain.English(summary),
		PublishedAt: r.PublishedAt,
		Origin:      origin(r),
	})
	var refused *domain.Error
	if errors.As(err, &refused) && refused.Code == "no-content" {
		return domain.Refuse(domain.Invalid, "no-content", "%s, version %d: its bytes (SHA-256 %s) are neither in the archive nor stored; give the blobs.tar.gz that belongs to this corpus and run the import again, it goes on where it stopped", r.Doc, r.Version, r.SHA256).In("sha256")
	}
	if err != nil {
		return fmt.Errorf("%s, version %d: %w", r.Doc, r.Version, err)
	}
	doc.withdrawn = false
	im.report.Events += w.Events
	if occupant == nil {
		return nil
	}
	// Behind the version: a changed line is refused by now, and withdraws nothing.
	// If we die between the two, the same line goes on here.
	w, err = im.publishing.ImportWithdrawal(ctx, im.of(r, "replaced"), handlers.ImportWithdrawal{
		Document: occupant.id, Reason: replacedAtSource, WithdrawnAt: r.PublishedAt, Origin: origin(r),
	})
	if err != nil {
		return fmt.Errorf("withdraw the document that %s replaces: %w", r.Doc, err)
	}
	occupant.withdrawn = true
	im.report.Events += w.Events
	return nil
}

func (im *Importer) withdraw(ctx context.Context, r Record) error {
	doc, known := im.ids.byKey[r.Doc]
	if !known {
		return bad("doc", "it withdraws %.100q, which no line before it has published", r.Doc)
	}
	w, err := im.publishing.ImportWithdrawal(ctx, im.of(r, "withdrawal"), handlers.ImportWithdrawal{
		Document: doc.id, Reason: withdrawnAtSource, WithdrawnAt: r.PublishedAt, Origin: origin(r),
	})
	if err != nil {
		return fmt.Errorf("withdraw %s: %w", r.Doc, err)
	}
	doc.withdrawn = true
	im.report.Events += w.Events
	return nil
}

// request names a command after the line it comes from, so that a repeated run
// finds its own events.
func (im *Importer) request(parts ...string) handlers.Request {
	id := domain.Derive(namespace, append([]string{"request"}, parts...)...)
	return handlers.Request{ID: "import-" + id.String(), Actor: im.actor, Correlation: id}
}

// of is the request of one line. Its fingerprint is the line's, so that a line
// that changed is told from one that is repeated.
func (im *Importer) of(r Record, what string) handlers.Request {
	req := im.request(what, r.Doc, strconv.Itoa(r.Version))
	req.Fingerprint = r.fingerprint()
	return req
}

func origin(r Record) document.Origin {
	return document.Origin{Source: r.Source, Key: r.Doc, Label: strconv.Itoa(r.Version), Release: r.Commit}
}

// CategoryID is the category of a source: its name as a slug.
func CategoryID(source string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		}
		return '-'
	}, source)
	return strings.Trim(slug, "-")
}
