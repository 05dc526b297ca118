package portal

// A document, one of its versions for ever, and its files.

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/terms"
	"imprint/projections/catalog"
)

type documentView struct {
	item
	Reason      phrase // of the withdrawal
	WithdrawnAt string
	Categories  []link
	Facets      []facetLinks
	Current     *version // nil where every version is withdrawn
	Versions    []version
	History     string
	AsOf        string
	Curl        string // for publishers: how to publish the next version
	Preview     string // for them too: whom it would be told to
}

type facetLinks struct {
	Label string
	Links []link
}

func (p *portal) document(v *visit) error {
	d, err := v.find()
	if err != nil {
		return err
	}
	view, err := v.documentView(d)
	if err != nil {
		return err
	}
	if v.reader.Role.MayPublish() {
		view.Curl, view.Preview = v.curl(d), previewPath(d.ID)
	}
	return v.show(http.StatusOK, "document", "documents", view.Title.String(), view)
}

// find reads the document of the address.
func (v *visit) find() (catalog.Document, error) {
	id, err := v.id("document")
	if err != nil {
		return catalog.Document{}, err
	}
	return v.portal.Catalog.Document(v.ctx(), v.reader, id)
}

func (v *visit) documentView(d catalog.Document) (documentView, error) {
	items, err := v.items([]catalog.Item{d.Item}, terms.Query{})
	if err != nil {
		return documentView{}, err
	}
	view := documentView{
		item: items[0], Reason: v.plain(d.Reason),
		History: "/history/" + d.ID.String(), AsOf: "/as-of?" + url.Values{"document": {d.ID.String()}}.Encode(),
	}
	if !d.WithdrawnAt.IsZero() {
		view.WithdrawnAt = v.words.date(v.at(d.WithdrawnAt))
	}
	for _, it := range d.Versions {
		shown := v.versionOf(d, it)
		view.Versions = append(view.Versions, shown)
		if shown.Current {
			view.Current = &shown
		}
	}
	for _, id := range d.Categories {
		name := said(readable(id))
		c, err := v.portal.Catalog.Category(v.ctx(), v.reader, id)
		switch domain.KindOf(err) {
		case "":
			name = v.title(c.Name, terms.Query{})
		case domain.NotFound, domain.Unauthenticated: // not defined (any more)
		default:
			return documentView{}, err
		}
		view.Categories = append(view.Categories, link{Href: listPath(nil, "category", id), Name: name})
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"service", d.Details.Services}, {"region", d.Details.Regions}, {"industry", d.Details.Industries}} {
		shown := facetLinks{Label: v.words.text("facet." + f.name)}
		for _, value := range f.values {
			shown.Links = append(shown.Links, link{Href: listPath(nil, f.name, value), Name: said(readable(value))})
		}
		if len(shown.Links) > 0 {
			view.Facets = append(view.Facets, shown)
		}
	}
	return view, nil
}

// curl is a line that publishes the next version, ready to paste.
func (v *visit) curl(d catalog.Document) string {
	credential := `-H "Authorization: Bearer $IMPRINT_TOKEN"`
	if i := slices.IndexFunc(v.portal.Persons, func(p Person) bool { return p.Reader.Person == v.reader.Person }); i >= 0 {
		credential = "-H 'Imprint-Person: " + v.portal.Persons[i].Key + "'"
	}
	return "printf 'The new text, %s\\n' \"$(date)\" > new-version.txt\n" +
		"curl -X POST '" + v.origin() + "/api/v1" + documentPath(d.ID) + "/versions' \\\n" +
		"  " + credential + " \\\n" +
		"  -H 'If-Match: \"" + strconv.Itoa(d.NewestRecorded) + "\"' -H 'Idempotency-Key: " + uuid.NewString() + "' \\\n" +
		"  -F 'document={\"major\":true,\"summary\":{\"en\":\"What changed\"}}' -F 'file=@new-version.txt'"
}

// origin is where the portal stands.
func (v *visit) origin() string {
	if v.portal.URL != "" {
		return strings.TrimSuffix(v.portal.URL, "/")
	}
	scheme, host := "http", v.r.Host
	if v.r.TLS != nil {
		scheme = "https"
	}
	if !plainHost(host) {
		host = "localhost"
	}
	return scheme + "://" + host
}

// plainHost refuses what could break out of a shell line: the host is what the
// browser sent.
func plainHost(host string) bool {
	return host != "" && len(host) < 256 && !slices.ContainsFunc([]byte(host), func(c byte) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '-' && c != ':' && c != '[' && c != ']'
	})
}

type versionView struct {
	version
	Document      link
	Retired       bool // the document as a whole is withdrawn
	RetiredReason phrase
	Newest        *link // the current version, where it is another one
}

func (p *portal) version(v *visit) error {
	d, err := v.find()
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(v.r.PathValue("number"))
	i := slices.IndexFunc(d.Versions, func(it catalog.Version) bool { return it.Number == number })
	if err != nil || i < 0 {
		return v.absent()
	}
	view := versionView{
		version: v.versionOf(d, d.Versions[i]), Retired: d.Withdrawn, RetiredReason: v.plain(d.Reason),
		Document: link{Href: documentPath(d.ID), Name: v.title(d.Title, terms.Query{})},
	}
	if d.Version != number && d.Version > 0 {
		view.Newest = &link{Href: versionPath(d.ID, d.Version), Name: said(v.words.text("version", d.Version))}
	}
	return v.show(http.StatusOK, "version", "documents", view.Document.Name.String()+", "+v.words.text("version", number), view)
}

// file hands over the bytes. What is absent or hidden gets a page here, not a
// problem document.
func (p *portal) file(v *visit) error {
	id, err := v.id("document")
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(v.r.PathValue("number"))
	if err != nil {
		return v.absent()
	}
	found, err := p.downloads.Find(v.ctx(), id, number, v.r.PathValue("file"))
	if err != nil {
		return err
	}
	found.ServeHTTP(v.w, v.r)
	return nil
}
