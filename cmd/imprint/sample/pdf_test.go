package sample

import (
	"bytes"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every file is what its media type and its name say.
func TestMediaTypesMatch(t *testing.T) {
	t.Parallel()
	for _, step := range mustLoad(t).Steps {
		for _, f := range step.Files {
			if f.MediaType != mediaTypes[path.Ext(f.Name)] {
				t.Errorf("%s is published as %s", f.Name, f.MediaType)
			}
			sniffed := http.DetectContentType(f.Content)
			if isPDF := f.MediaType == "application/pdf"; isPDF != (sniffed == "application/pdf") || !isPDF && !strings.HasPrefix(sniffed, "text/plain") {
				t.Errorf("%s is published as %s but looks like %s", f.Name, f.MediaType, sniffed)
			}
		}
	}
}

func TestPDFsAreWellFormed(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, step := range mustLoad(t).Steps {
		for _, f := range step.Files {
			if f.MediaType != "application/pdf" {
				continue
			}
			seen++
			if err := checkPDF(f.Content); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
	if seen == 0 {
		t.Error("the sample holds no PDF")
	}
}

var (
	startxref = regexp.MustCompile(`\nstartxref\n(\d+)\n%%EOF\n$`)
	streams   = regexp.MustCompile(`(?s)<< /Length (\d+) >>\nstream\n(.*?)endstream`)
)

// checkPDF follows the file the way a reader does: from its end to the table, and
// from each entry of the table to an object; then measures the streams.
func checkPDF(pdf []byte) error {
	if !bytes.HasPrefix(pdf, []byte("%PDF-1.4\n")) {
		return fmt.Errorf("it does not begin with %%PDF")
	}
	end := startxref.FindSubmatch(pdf)
	if end == nil {
		return fmt.Errorf("it has no startxref")
	}
	start, err := strconv.Atoi(string(end[1]))
	if err != nil {
		return err
	}
	var size int
	if _, err := fmt.Sscanf(string(pdf[start:]), "xref\n0 %d\n", &size); err != nil {
		return fmt.Errorf("startxref points to no table: %w", err)
	}
	entries := pdf[start+len(fmt.Sprintf("xref\n0 %d\n", size)):]
	for i := 1; i < size; i++ {
		entry := string(entries[20*i : 20*i+20])
		offset, err := strconv.Atoi(entry[:10])
		if err != nil || entry[10:] != " 00000 n \n" {
			return fmt.Errorf("entry %d of the table is %q", i, entry)
		}
		if want := fmt.Sprintf("%d 0 obj\n", i); !bytes.HasPrefix(pdf[offset:], []byte(want)) {
			return fmt.Errorf("entry %d points to %.12q", i, pdf[offset:])
		}
	}
	for _, s := range streams.FindAllSubmatch(pdf, -1) {
		if string(s[1]) != strconv.Itoa(len(s[2])) {
			return fmt.Errorf("a stream of %d bytes states %s", len(s[2]), s[1])
		}
	}
	return nil
}

func TestPDFEscapesAndEncodes(t *testing.T) {
	t.Parallel()
	pdf, err := renderPDF("# Größe (a\\b)\n", "de")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(pdf, []byte("(Gr\xf6\xdfe \\(a\\\\b\\))")) {
		t.Errorf("the title is not escaped, or not in WinAnsi: %q", pdf)
	}
	if err := checkPDF(pdf); err != nil {
		t.Error(err)
	}
}

// A long text fills several pages, and nothing stands outside of their margins.
func TestPDFBreaksLinesAndPages(t *testing.T) {
	t.Parallel()
	source := "# Long\n\n" + strings.Repeat(strings.Repeat("wide words ", 60)+"\n\n- "+strings.Repeat("item ", 60)+"\n| left "+strings.Repeat("cell ", 30)+"| right |\n", 12)
	_, pages, err := layOut(source)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 3 {
		t.Fatalf("all of it stands on %d pages", len(pages))
	}
	words := 0
	for _, page := range pages {
		for _, l := range page {
			words += strings.Count(l.text, "wide") + strings.Count(l.text, "item") + strings.Count(l.text, "cell")
			if right := l.x + textWidth(l.text, l.size, l.bold); l.x < margin || right > pageWidth-margin || l.y < footY || l.y > pageHeight-margin {
				t.Errorf("%q reaches from x=%.0f to x=%.0f at y=%.0f", l.text, l.x, right, l.y)
			}
		}
	}
	if want := 12 * (60 + 60 + 30); words != want {
		t.Errorf("%d of %d words were set", words, want)
	}
}
