package portal

// What views are made of: what the queries answer, in the reader's language and
// zone, ready for a template that decides nothing.

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/terms"
	"imprint/projections/catalog"
)

// phrase is a published text in one language. Lang and Label are set where it is
// not the language of the page or not the one that the reader wants.
type phrase struct {
	Parts []part
	Lang  string // "" where it is that of the page
	Label string // "in German"
}

type part struct {
	Text string
	Mark bool // it matches what the reader looks for
}

// String is the text alone.
func (p phrase) String() string {
	var s strings.Builder
	for _, part := range p.Parts {
		s.WriteString(part.Text)
	}
	return s.String()
}

// text chooses the language of a text, and marks what matches the query.
func (v *visit) text(t domain.Text, q terms.Query) phrase {
	s, used := t.In(v.locale)
	if s == "" {
		return phrase{}
	}
	var p phrase
	if used != v.words["locale"] {
		p.Lang = used
	}
	if language(used) != language(v.locale) {
		p.Label = v.words.text("only.in", v.words.language(used))
	}
	end := 0
	for _, span := range terms.Highlight(s, q) {
		p.Parts = append(p.Parts, part{Text: s[end:span.Start]}, part{Text: s[span.Start:span.End], Mark: true})
		end = span.End
	}
	p.Parts = append(p.Parts, part{Text: s[end:]})
	return p
}

// plain is text without anything marked.
func (v *visit) plain(t domain.Text) phrase { return v.text(t, terms.Query{}) }

// language is a locale without its region.
func language(locale string) string {
	l, _, _ := strings.Cut(locale, "-")
	return l
}

// link leads to a page of ours.
type link struct {
	Href string
	Name phrase
}

// item is one document in a list.
type item struct {
	ID             uuid.UUID
	Href           string
	Title          phrase
	Description    phrase
	Summary        phrase
	Series         *link
	Version        int
	MatchedVersion int
	MatchedHref    string
	Updated        time.Time
	Withdrawn      bool
	Restricted     bool
	Saved          bool
}

func (v *visit) item(it catalog.Item, q terms.Query) item {
	shown := item{
		ID: it.ID, Href: documentPath(it.ID), Title: v.title(it.Title, q), Description: v.text(it.Description, q),
		Summary: v.text(it.Summary, q), Series: v.seriesLink(it.Series, it.SeriesName), Version: it.Version, MatchedVersion: it.MatchedVersion,
		Updated: v.at(it.LastUpdated), Withdrawn: it.Withdrawn, Restricted: it.Audience.Restricted(),
	}
	if it.MatchedVersion > 0 {
		shown.MatchedHref = versionPath(it.ID, it.MatchedVersion)
	}
	return shown
}

// items shows a list, and which of it is in the reader's library.
func (v *visit) items(list []catalog.Item, q terms.Query) ([]item, error) {
	all := make([]item, len(list))
	ids := make([]uuid.UUID, len(list))
	for i, it := range list {
		all[i], ids[i] = v.item(it, q), it.ID
	}
	person, err := uuid.Parse(v.reader.Person)
	if err != nil || len(ids) == 0 {
		return all, nil // nobody in particular has no library
	}
	saved, err := v.portal.Library.Saved(v.ctx(), person, ids)
	for i := range all {
		all[i].Saved = saved[all[i].ID]
	}
	return all, err
}

// title never leaves a link without a name.
func (v *visit) title(t domain.Text, q terms.Query) phrase {
	if p := v.text(t, q); p.String() != "" {
		return p
	}
	return said(v.words.text("untitled"))
}

func (v *visit) seriesLink(id uuid.UUID, name domain.Text) *link {
	if id == uuid.Nil {
		return nil
	}
	return &link{Href: seriesPath(id), Name: v.title(name, terms.Query{})}
}

// version is one version of a document.
type version struct {
	Number     int
	Href       string
	Current    bool // the newest that is not withdrawn
	Superseded bool
	Major      bool
	Withdrawn  bool
	Reason     phrase
	Summary    phrase
	Published  time.Time
	Recorded   time.Time
	Claimed    bool // the publication time is what a source says, not what we saw
	Effective  *document.Period
	Files      []file
}

type file struct {
	Name, Href, Kind, Language, SHA256 string
	Bytes                              int64
}

func (v *visit) versionOf(d catalog.Document, it catalog.Version) version {
	shown := version{
		Number: it.Number, Href: versionPath(d.ID, it.Number), Current: it.Number == d.Version, Superseded: it.Number < d.Version,
		Major: it.Major, Withdrawn: it.Withdrawn, Reason: v.plain(it.Reason), Summary: v.plain(it.Summary),
		Published: v.at(it.PublishedAt), Recorded: v.at(it.RecordedAt), Claimed: it.Origin != nil, Effective: it.Effective,
	}
	for _, f := range it.Files {
		shown.Files = append(shown.Files, v.fileOf(shown.Href, f, it.Files))
	}
	return shown
}

// fileOf addresses a file by its name where that is its alone, else by its language.
func (v *visit) fileOf(version string, f document.File, all []document.File) file {
	name := f.Name
	alike := func(o document.File) bool { return o != f && (o.Name == f.Name || o.Locale == f.Name) }
	if slices.ContainsFunc(all, alike) {
		name = f.Locale
	}
	media, _, _ := strings.Cut(f.MediaType, ";")
	_, kind, _ := strings.Cut(media, "/")
	switch kind {
	case "pdf", "csv", "html", "json", "xml", "zip":
		kind = strings.ToUpper(kind)
	case "plain":
		kind = v.words.text("kind.text")
	case "markdown":
		kind = "Markdown"
	default:
		kind = media
	}
	return file{
		Name: f.Name, Href: version + "/files/" + url.PathEscape(name), Kind: kind,
		Language: v.words.language(f.Locale), SHA256: f.SHA256, Bytes: f.Bytes,
	}
}

// readable makes a name of a slug that has none: "financial-services" is
// Financial services, "eu" is EU.
func readable(slug string) string {
	if len(slug) <= 3 {
		return strings.ToUpper(slug)
	}
	return strings.ToUpper(slug[:1]) + strings.ReplaceAll(slug[1:], "-", " ")
}

func documentPath(id uuid.UUID) string { return "/documents/" + id.String() }

func versionPath(id uuid.UUID, n int) string {
	return documentPath(id) + "/versions/" + strconv.Itoa(n)
}

func seriesPath(id uuid.UUID) string { return "/series/" + id.String() }
