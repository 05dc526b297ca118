package sample

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// edited is the embedded sample with changes to its files; an empty text removes
// a file. It stands for what somebody might do to the sample.
func edited(t *testing.T, changes map[string]string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	err := fs.WalkDir(embedded, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(embedded, name)
		all[name] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range changes {
		delete(all, name)
		if text != "" {
			all[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return all
}

func TestLoadNamesTheFileAtFault(t *testing.T) {
	t.Parallel()
	v1, err := fs.ReadFile(embedded, "files/soc-bridge-letter/v1.en.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file, text, want string
	}{
		{"a missing file", "files/soc-bridge-letter/v2.en.md", "", "add files/soc-bridge-letter/v2.en.md"},
		{"a file of no version", "files/soc-bridge-letter/v9.en.md", "x", "files/soc-bridge-letter/v9 belongs to no version"},
		{"the same bytes again", "files/soc-bridge-letter/v2.en.md", string(v1), "bytes are those of the version before"},
		{"a name without a locale", "files/soc-bridge-letter/v2.md", "x", "v<number>.<locale>.<extension>"},
		{"an unknown extension", "files/soc-bridge-letter/v2.en.doc", "x", "no media type is known for .doc"},
		{"a PDF without a title", "files/soc-3-report/v1.en.pdf.md", "text", "# title"},
		{"a character no font has", "files/soc-3-report/v1.en.pdf.md", "# 東", "cannot show '東'"},
		{"a misspelt field", "people.json", `[{"key": "x", "nmae": "y"}]`, `unknown field "nmae"`},
		{"broken JSON", "documents/reports.json", `[{`, "documents/reports.json"},
		{"no company", "company.json", "", "company.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(edited(t, map[string]string{c.file: c.text}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; it should say %q", err, c.want)
			}
		})
	}
}

func TestLocalesBecomeFilesOfOneVersion(t *testing.T) {
	t.Parallel()
	for _, step := range mustLoad(t).Steps {
		if step.Document != "gdpr-dpa" || step.Number != 2 {
			continue
		}
		if len(step.Files) != 2 || step.Files[0].Locale != "de" || step.Files[1].Locale != "en" ||
			step.Files[0].Name != "gdpr-dpa-v2-de.md" || step.Files[0].MediaType != "text/markdown" {
			t.Errorf("the files are %v", step.Files)
		}
		return
	}
	t.Error("the addendum has no version 2")
}

// A revision states complete details, so that whoever replays it needs no memory.
func TestRevisionsCarryWhatTheyDoNotChange(t *testing.T) {
	t.Parallel()
	var before Details
	for _, step := range mustLoad(t).Steps {
		if step.Document != "pen-test-platform" {
			continue
		}
		switch step.Do {
		case Publish:
			before = step.Details
		case Revise:
			if before.Series != "pen-test-summaries" || step.Series != "security-assessments" {
				t.Errorf("it moved from %q to %q", before.Series, step.Series)
			}
			if !step.Title.Equal(before.Title) || step.Audience != before.Audience || len(step.Services) != len(before.Services) {
				t.Errorf("moving it changed %v into %v", before, step.Details)
			}
			return
		}
	}
	t.Error("the document was never moved")
}
