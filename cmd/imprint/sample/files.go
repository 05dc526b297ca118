// The bytes of the versions: which embedded file belongs to which version, under
// what name and media type it is published.

package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// shelf holds the files not yet taken by a version, by "<document>/v<number>".
type shelf map[string][]File

// mediaTypes are the kinds of file the sample may hold, by extension.
var mediaTypes = map[string]string{
	".csv": "text/csv",
	".md":  "text/markdown",
	".pdf": "application/pdf",
	".txt": "text/plain",
}

// readFiles reads everything below files/ and renders the PDFs.
func readFiles(source fs.FS) (shelf, error) {
	names, err := fs.Glob(source, "files/*/*")
	if err != nil {
		return nil, fmt.Errorf("sample: list files: %w", err)
	}
	s := shelf{}
	for _, name := range names {
		version, f, err := readFile(source, name)
		if err != nil {
			return nil, fmt.Errorf("sample: %s: %w", name, err)
		}
		s[version] = append(s[version], f)
	}
	return s, nil
}

// readFile takes "files/soc-3/v2.de.pdf.md" apart: version "soc-3/v2", locale
// "de", published as the PDF "soc-3-v2-de.pdf".
func readFile(source fs.FS, name string) (version string, f File, err error) {
	document := path.Base(path.Dir(name))
	parts := strings.Split(path.Base(name), ".")
	rendered := len(parts) == 4 && parts[2] == "pdf" && parts[3] == "md"
	if len(parts) != 3 && !rendered {
		return "", File{}, errors.New("name it v<number>.<locale>.<extension>, or .pdf.md for a PDF")
	}
	number, locale, extension := parts[0], parts[1], "."+parts[2]
	f = File{
		Locale:    locale,
		Name:      document + "-" + number + "-" + locale + extension,
		MediaType: mediaTypes[extension],
	}
	if f.MediaType == "" {
		return "", File{}, fmt.Errorf("no media type is known for %s; add it to mediaTypes", extension)
	}
	if f.Content, err = fs.ReadFile(source, name); err != nil {
		return "", File{}, err
	}
	if rendered {
		if f.Content, err = renderPDF(string(f.Content), locale); err != nil {
			return "", File{}, err
		}
	}
	return document + "/" + number, f, nil
}

// take answers the files of a version, ordered by locale, and removes them from
// the shelf. None means that the sample lacks them, which check reports.
func (s shelf) take(document string, number int) []File {
	key := fmt.Sprintf("%s/v%d", document, number)
	files := s[key]
	delete(s, key)
	return files
}

// leftOver names a file that no version took.
func (s shelf) leftOver() (string, bool) {
	var left []string
	for version := range s {
		left = append(left, version)
	}
	if len(left) == 0 {
		return "", false
	}
	return slices.Min(left), true
}
