package document

import (
	"regexp"
	"slices"
	"strings"

	"imprint/domain"
)

// Here: what may be written down about a document at all, whatever its state.

// The limits, counted in characters per language where they are of texts.
const (
	MaxTitle       = 300
	MaxDescription = 4000
	MaxSummary     = 2000
	MaxReason      = 1000
	MaxFiles       = 20  // of one version
	MaxCategories  = 20  // of one document; also of each filter
	MaxFileName    = 200 // bytes
	maxMediaType   = 120 // bytes
)

// tidy checks details and brings them to the form in which they are kept: an
// empty list of categories is a list, so that equal details have equal bytes.
func (d Details) tidy() (Details, error) {
	if err := d.Title.RequireLine("title", MaxTitle); err != nil {
		return d, err
	}
	if err := d.Description.Check("description", MaxDescription); err != nil {
		return d, err
	}
	lists := []struct {
		field string
		slugs []string
	}{{"categories", d.Categories}, {"services", d.Services}, {"regions", d.Regions}, {"industries", d.Industries}}
	for _, list := range lists {
		if err := checkSlugs(list.field, list.slugs); err != nil {
			return d, err
		}
	}
	if d.Categories == nil {
		d.Categories = []string{}
	}
	return d, nil
}

func checkSlugs(field string, slugs []string) error {
	if len(slugs) > MaxCategories {
		return domain.Refuse(domain.TooLarge, "too-many-values", "%s has %d values; at most %d are allowed", field, len(slugs), MaxCategories).In(field)
	}
	for i, s := range slugs {
		if err := domain.CheckSlug(field, s); err != nil {
			return err
		}
		if slices.Contains(slugs[:i], s) {
			return domain.Refuse(domain.Invalid, "named-twice", "%s names %q twice; name it once", field, s).In(field)
		}
	}
	return nil
}

// equal compares details as readers see them: lists as sets.
func (d Details) equal(o Details) bool {
	return d.Title.Equal(o.Title) && d.Description.Equal(o.Description) && d.Series == o.Series &&
		sameSet(d.Categories, o.Categories) && sameSet(d.Services, o.Services) &&
		sameSet(d.Regions, o.Regions) && sameSet(d.Industries, o.Industries)
}

// sameSet compares lists that name nothing twice.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// sha256Hex is a SHA-256 as it is written in events: 64 lower-case hex digits.
var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkFiles refuses files that cannot be kept, named or told apart: a version
// has one file for each language at most.
func checkFiles(files []File) error {
	if len(files) == 0 {
		return domain.Refuse(domain.Invalid, "no-files", "a version needs at least one file; upload it first and name it here").In("files")
	}
	if len(files) > MaxFiles {
		return domain.Refuse(domain.TooLarge, "too-many-files", "the version has %d files; at most %d are allowed", len(files), MaxFiles).In("files")
	}
	locales := domain.Text{}
	for _, f := range files {
		if err := f.check(); err != nil {
			return err
		}
		if _, twice := locales[f.Locale]; twice {
			return domain.Refuse(domain.Invalid, "language-twice", "the version has two files for language %q; a version has one file for each language", f.Locale).In("files")
		}
		locales[f.Locale] = f.Name
	}
	return locales.Check("files", MaxFileName) // the locales
}

func (f File) check() error {
	if err := CheckFileName(f.Name); err != nil {
		return err
	}
	if !sha256Hex.MatchString(f.SHA256) {
		return domain.Refuse(domain.Invalid, "bad-hash", "file %q: %.80q is not a SHA-256; write 64 lower-case hex digits", f.Name, f.SHA256).In("files")
	}
	if f.Bytes < 0 {
		return domain.Refuse(domain.Invalid, "bad-size", "file %q has %d bytes; a size is 0 or more", f.Name, f.Bytes).In("files")
	}
	if err := domain.CheckLine("mediaType", f.MediaType, maxMediaType, false); err != nil {
		return err
	}
	if !strings.Contains(f.MediaType, "/") {
		return domain.Refuse(domain.Invalid, "bad-media-type", "file %q: %q is not a media type; write one such as \"application/pdf\"", f.Name, f.MediaType).In("files")
	}
	return nil
}

// CheckFileName refuses a name that could lead outside a folder or hide what it
// is: empty, "." or "..", with a path separator, with "..", with control,
// invisible or direction-turning characters, not UTF-8, or over 200 bytes. It is checked before bytes are
// stored and again before the name is written down.
func CheckFileName(name string) error {
	if len(name) > MaxFileName {
		return domain.Refuse(domain.TooLarge, "file-name-too-long", "the file name has %d bytes; at most %d are allowed, shorten it", len(name), MaxFileName).In("files")
	}
	if err := domain.CheckLine("files", name, MaxFileName, false); err != nil {
		return err
	}
	if strings.TrimSpace(name) == "" || name == "." || strings.Contains(name, "..") || strings.ContainsAny(name, `/\`) {
		return domain.Refuse(domain.Invalid, "bad-file-name", "%q is not a plain file name; leave out \"..\", slashes and folders", name).In("files")
	}
	return nil
}

// tidy checks a period and keeps a copy of its own; one open at both ends says
// nothing and is none.
func (p *Period) tidy() (*Period, error) {
	if p == nil || *p == (Period{}) {
		return nil, nil
	}
	if !p.To.IsZero() && p.To.Compare(p.From) < 0 {
		return nil, domain.Refuse(domain.Invalid, "bad-period", "the effective period ends before it begins; swap its ends").In("effective")
	}
	kept := *p
	return &kept, nil
}

// equal tells whether two periods are the same one or both none.
func (p *Period) equal(o *Period) bool {
	if p == nil || o == nil {
		return p == o
	}
	return *p == *o
}
