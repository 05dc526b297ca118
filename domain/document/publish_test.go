package document_test

import (
	"strings"
	"testing"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
)

func TestTheFirstVersionIsMajorAndNumberOne(t *testing.T) {
	d := draft("1")
	d.Major = false
	events, err := (document.State{}).Publish(id, details(), everyone, d, now)
	if err != nil {
		t.Fatal(err)
	}
	got := events[0].(document.Published)
	if v := got.Version; v.Number != 1 || !v.Major || !v.PublishedAt.Equal(now) || got.Origin != nil {
		t.Errorf("got %+v", got)
	}
	s := (document.State{}).Fold(events...)
	refused(t, domain.Conflict, "document-exists", "version 1")(s.Publish(id, details(), everyone, draft("2"), now))
}

func TestAMajorVersionNeedsASummary(t *testing.T) {
	s := published(t)
	for _, summary := range []domain.Text{nil, {"en": " "}, {"en": "x", "de": ""}} {
		d := draft("2")
		d.Summary = summary
		refused(t, domain.Invalid, "missing-summary")(s.Version(1, d, false, now))
		refused(t, domain.Invalid, "missing-summary")((document.State{}).Publish(id, details(), everyone, d, now))
	}
	d := draft("2")
	d.Major, d.Summary = false, nil
	s.does(s.Version(1, d, false, now))
}

func TestAConflictNamesTheCurrentVersion(t *testing.T) {
	s := published(t).with("2")
	refused(t, domain.Stale, "stale-version", "newest version is 2, not 1")(s.Version(1, draft("3"), false, now))
	refused(t, domain.Stale, "stale-version", "newest version is 2, not 9")(s.Version(9, draft("3"), false, now))
	refused(t, domain.Invalid, "no-base", "version 2")(s.Version(0, draft("3"), false, now))
	refused(t, domain.NotFound, "no-document")((document.State{}).Version(1, draft("3"), false, now))
}

func TestTheSameBytesAreRefusedUnlessForced(t *testing.T) {
	s := published(t).with("2")
	renamed := draft("2")
	renamed.Files[0].Name = "other.pdf"
	refused(t, domain.Conflict, "same-bytes", "version 2")(s.Version(2, renamed, false, now))
	s.does(s.Version(2, renamed, true, now))

	// The current version is the newest that is not withdrawn: readers have "2".
	s.with("4")
	s.does(s.WithdrawVersion(4, reason))
	refused(t, domain.Conflict, "same-bytes", "version 3")(s.Version(4, draft("2"), false, now))
	s.with("4")

	// The same bytes in another language, or one language more, are another version.
	more := draft("4")
	german := file("4")
	german.Locale = "de"
	more.Files = append(more.Files, german)
	s.does(s.Version(5, more, false, now))
	more.Files = more.Files[1:]
	s.does(s.Version(6, more, false, now))
}

func TestAVersionDoesNotChangeWithItsDraft(t *testing.T) {
	d := draft("1")
	events, _ := (document.State{}).Publish(id, details(), everyone, d, now)
	d.Files[0].Name = "changed.pdf"
	if got := events[0].(document.Published).Version.Files[0].Name; got != "report.pdf" {
		t.Errorf("the version's file is now called %q", got)
	}
}

func TestLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ä", n) }
	type change = func(*document.Details, *access.Audience, *document.Draft)
	files := func(n int) (fs []document.File) {
		for i := range n {
			f := file("1")
			f.Locale = "l" + string(rune('a'+i))
			fs = append(fs, f)
		}
		return fs
	}
	for name, c := range map[string]struct {
		code string
		edit change
	}{
		"title of 300":       {"", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Title = domain.English(long(300)) }},
		"title of 301":       {"text-too-long", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Title = domain.English(long(301)) }},
		"no title":           {"missing-title", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Title = nil }},
		"title on two lines": {"control-character", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Title = domain.English("a\nb") }},
		"bad locale":         {"bad-locale", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Title = domain.Text{"EN": "x"} }},
		"invalid UTF-8":      {"bad-utf8", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Title = domain.English("a\xff") }},
		"description 4,001": {"text-too-long", func(d *document.Details, _ *access.Audience, _ *document.Draft) {
			d.Description = domain.English(long(4001))
		}},
		"summary of 2,000": {"", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Summary = domain.English(long(2000))
		}},
		"summary of 1 MB": {"text-too-long", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Summary = domain.English(strings.Repeat("x", 1<<20))
		}},
		"capital category": {"bad-slug", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Categories = []string{"SOC"} }},
		"category twice":   {"named-twice", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Categories = []string{"a", "a"} }},
		"21 categories":    {"too-many-values", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Categories = make([]string, 21) }},
		"bad region":       {"bad-slug", func(d *document.Details, _ *access.Audience, _ *document.Draft) { d.Regions = []string{"e u"} }},
		"unknown audience": {"bad-audience", func(_ *document.Details, a *access.Audience, _ *document.Draft) { a.Kind = "friends" }},
		"no audience":      {"bad-audience", func(_ *document.Details, a *access.Audience, _ *document.Draft) { a.Kind = "" }},
		"no files":         {"no-files", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files = nil }},
		"20 files":         {"", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files = files(20) }},
		"21 files":         {"too-many-files", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files = files(21) }},
		"language twice": {"language-twice", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Files = append(v.Files, v.Files[0])
		}},
		"capital hash": {"bad-hash", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Files[0].SHA256 = strings.Repeat("A", 64)
		}},
		"short hash": {"bad-hash", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files[0].SHA256 = "abc" }},
		"0 bytes":    {"", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files[0].Bytes = 0 }},
		"-1 bytes":   {"bad-size", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files[0].Bytes = -1 }},
		"file's locale": {"bad-locale", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Files[0].Locale = "english language"
		}},
		"media type": {"bad-media-type", func(_ *document.Details, _ *access.Audience, v *document.Draft) { v.Files[0].MediaType = "pdf" }},
		"period reversed": {"bad-period", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Effective = &document.Period{From: domain.DateOf(now), To: domain.DateOf(now.AddDate(0, 0, -1))}
		}},
		"period of one day": {"", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Effective = &document.Period{From: domain.DateOf(now), To: domain.DateOf(now)}
		}},
		"open period": {"", func(_ *document.Details, _ *access.Audience, v *document.Draft) {
			v.Effective = &document.Period{To: domain.DateOf(now)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d, a, v := details(), everyone, draft("1")
			c.edit(&d, &a, &v)
			events, err := (document.State{}).Publish(id, d, a, v, now)
			if c.code == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			kind := domain.KindOf(err)
			if kind != domain.Invalid && kind != domain.TooLarge {
				t.Errorf("kind %q", kind)
			}
			refused(t, kind, c.code)(events, err)
			if len(err.Error()) > 300 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestFileNames(t *testing.T) {
	for _, good := range []string{"report.pdf", "SOC 2 (2026).pdf", "§1 – Bericht.docx", strings.Repeat("a", 200), ".htaccess"} {
		if err := document.CheckFileName(good); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for _, bad := range []string{"", " ", ".", "..", "../secret", "a/b", `a\b`, "a..b", "a\x00b", "a\nb", "a\u0085b", "\xff", strings.Repeat("a", 201)} {
		if err := document.CheckFileName(bad); domain.KindOf(err) != domain.Invalid && domain.KindOf(err) != domain.TooLarge {
			t.Errorf("%.20q: %v; want a refusal", bad, err)
		}
	}
}
