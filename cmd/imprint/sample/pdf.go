// Writing a PDF 1.4 (ISO 32000-1) by hand: the objects, their byte offsets in the
// cross-reference table, and one text stream per page. Equal input gives equal
// bytes: no dates, no identifiers, no compression. What stands where on the pages
// is decided in pdf_layout.go.

package sample

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// The fixed objects; pages follow as pairs of (page, content).
const (
	catalogObject = iota + 1
	pagesObject
	regularObject
	boldObject
	infoObject
	firstPageObject
)

// renderPDF sets a little markdown on A4 pages: "# " title, "## " heading, "- "
// item, "| a | b |" table row, paragraphs. It refuses a text without a title and
// characters that the standard fonts cannot show (anything beyond Windows-1252).
func renderPDF(source, locale string) ([]byte, error) {
	title, pages, err := layOut(source)
	if err != nil {
		return nil, err
	}
	name, err := pdfString(title)
	if err != nil {
		return nil, err
	}
	var w objectWriter
	// The second line holds four bytes above 127, so that tools treat the file
	// as binary (ISO 32000-1, 7.5.2).
	w.buf.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	w.object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R /Lang (%s) >>", pagesObject, locale))
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", firstPageObject+2*i)
	}
	w.object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages)))
	for _, font := range []string{"Helvetica", "Helvetica-Bold"} {
		w.object("<< /Type /Font /Subtype /Type1 /BaseFont /" + font + " /Encoding /WinAnsiEncoding >>")
	}
	w.object("<< /Title " + name + " /Author (Halden Cloud) /Producer (imprint sample) >>")
	for i, lines := range pages {
		stream, err := pageStream(lines)
		if err != nil {
			return nil, err
		}
		w.object(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"+
			" /Resources << /Font << /F1 %d 0 R /F2 %d 0 R >> >> >>",
			pagesObject, pageWidth, pageHeight, firstPageObject+2*i+1, regularObject, boldObject))
		w.object(fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", len(stream), stream))
	}
	return w.finish(), nil
}

// objectWriter numbers objects from 1 and remembers where each begins.
type objectWriter struct {
	buf     bytes.Buffer
	offsets []int
}

func (w *objectWriter) object(body string) {
	w.offsets = append(w.offsets, w.buf.Len())
	fmt.Fprintf(&w.buf, "%d 0 obj\n%s\nendobj\n", len(w.offsets), body)
}

// finish writes the cross-reference table, whose entries must be exactly 20 bytes
// long, and the trailer.
func (w *objectWriter) finish() []byte {
	start := w.buf.Len()
	fmt.Fprintf(&w.buf, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, offset := range w.offsets {
		fmt.Fprintf(&w.buf, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&w.buf, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n",
		len(w.offsets)+1, catalogObject, infoObject, start)
	return w.buf.Bytes()
}

func pageStream(lines []line) (string, error) {
	var b strings.Builder
	b.WriteString("BT\n")
	for _, l := range lines {
		text, err := pdfString(l.text)
		if err != nil {
			return "", err
		}
		font := "/F1"
		if l.bold {
			font = "/F2"
		}
		fmt.Fprintf(&b, "%s %d Tf 1 0 0 1 %.2f %.2f Tm %s Tj\n", font, l.size, l.x, l.y, text)
	}
	b.WriteString("ET\n")
	return b.String(), nil
}

// pdfString writes a literal string in WinAnsiEncoding, which is Windows-1252 in
// every character that a text can hold.
func pdfString(s string) (string, error) {
	var b strings.Builder
	b.WriteByte('(')
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok || c < ' ' {
			return "", fmt.Errorf("the standard PDF fonts cannot show %q; write it otherwise", r)
		}
		if strings.IndexByte(`()\`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte(')')
	return b.String(), nil
}
