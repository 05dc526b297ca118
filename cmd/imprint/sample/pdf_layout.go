// Setting text on pages: what each line of the little markdown becomes, where
// lines and pages break. Lengths are in points (1/72 inch), y counted from the
// foot of the page, as PDF does.

package sample

import (
	"errors"
	"fmt"
	"strings"
)

const (
	pageWidth, pageHeight = 595, 842 // A4
	margin                = 64
	bodySize              = 10
	columnGap             = 10
	lineSpacing           = 1.4
	footY                 = 36
)

// line is one run of text at its place.
type line struct {
	x, y float64
	size int
	bold bool
	text string
}

// typesetter fills page after page from the top.
type typesetter struct {
	pages [][]line
	y     float64
}

// layOut answers the title and the lines of each page.
func layOut(source string) (string, [][]line, error) {
	t := &typesetter{}
	t.newPage()
	title := ""
	var paragraph []string
	flush := func() {
		t.block(strings.Join(paragraph, " "), bodySize, false)
		paragraph = nil
	}
	for raw := range strings.Lines(source) {
		text := strings.TrimSpace(raw)
		switch {
		case text == "":
			flush()
		case strings.HasPrefix(text, "# "):
			flush()
			title = text[2:]
			t.block(title, 20, true)
		case strings.HasPrefix(text, "## "):
			flush()
			t.y -= 6
			t.block(text[3:], 13, true)
		case strings.HasPrefix(text, "- "):
			flush()
			t.row([]string{"•", text[2:]}, []float64{0, 14})
		case strings.HasPrefix(text, "|"):
			flush()
			t.tableRow(text)
		default:
			paragraph = append(paragraph, text)
		}
	}
	flush()
	if title == "" {
		return "", nil, errors.New("a PDF needs a first line \"# title\"")
	}
	t.footers(title)
	return title, t.pages, nil
}

func (t *typesetter) newPage() {
	t.pages = append(t.pages, nil)
	t.y = pageHeight - margin
}

// block sets text over the full width and leaves a gap below it.
func (t *typesetter) block(text string, size int, bold bool) {
	if text == "" {
		return
	}
	for _, l := range wrap(text, pageWidth-2*margin, size, bold) {
		t.advance(size)
		t.set(line{x: margin, y: t.y, size: size, bold: bold, text: l})
	}
	t.y -= float64(size) / 2
}

// tableRow sets "| a | b |" in columns of equal width; the rule "|---|---|" below
// a table's head is dropped.
func (t *typesetter) tableRow(text string) {
	if strings.Trim(text, "|-: ") == "" {
		return
	}
	cells := strings.Split(strings.Trim(text, "| "), "|")
	starts := make([]float64, len(cells))
	for i := range cells {
		starts[i] = float64(i) * (pageWidth - 2*margin) / float64(len(cells))
	}
	t.row(cells, starts)
}

// row sets cells side by side, each wrapped in its own column. A row is never
// torn apart by a page's end.
func (t *typesetter) row(cells []string, starts []float64) {
	columns, height := make([][]string, len(cells)), 0
	for i, cell := range cells {
		end := float64(pageWidth - 2*margin)
		if i+1 < len(starts) {
			end = starts[i+1] - min(columnGap, starts[i+1]-starts[i])/2
		}
		columns[i] = wrap(strings.TrimSpace(cell), end-starts[i], bodySize, false)
		height = max(height, len(columns[i]))
	}
	if t.y-float64(height)*bodySize*lineSpacing < margin {
		t.newPage()
	}
	for n := range height {
		t.advance(bodySize)
		for i, column := range columns {
			if n < len(column) {
				t.set(line{x: margin + starts[i], y: t.y, size: bodySize, text: column[n]})
			}
		}
	}
	t.y -= 3
}

// advance moves down by a line of the size, to the next page where this one ends.
func (t *typesetter) advance(size int) {
	if t.y-float64(size)*lineSpacing < margin {
		t.newPage()
	}
	t.y -= float64(size) * lineSpacing
}

func (t *typesetter) set(l line) {
	last := len(t.pages) - 1
	t.pages[last] = append(t.pages[last], l)
}

func (t *typesetter) footers(title string) {
	for i := range t.pages {
		foot := fmt.Sprintf("Halden Cloud · %s · %d/%d", title, i+1, len(t.pages))
		t.pages[i] = append(t.pages[i], line{x: margin, y: footY, size: 8, text: foot})
	}
}

// wrap breaks text into lines that fit the width; a longer word stands alone.
func wrap(text string, width float64, size int, bold bool) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimPrefix(current+" "+word, " ")
		if current != "" && textWidth(longer, size, bold) > width {
			lines, longer = append(lines, current), word
		}
		current = longer
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}

// helvetica holds the advance widths of the characters ' ' to '~' in thousandths
// of the size, from Adobe's font metrics for Helvetica.
var helvetica = [95]int{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

// textWidth measures text. Characters outside ASCII count as an "e", and bold as a
// tenth wider: exact enough to break lines by.
func textWidth(text string, size int, bold bool) float64 {
	sum := 0
	for _, r := range text {
		if r >= ' ' && r <= '~' {
			sum += helvetica[r-' ']
		} else {
			sum += helvetica['e'-' ']
		}
	}
	width := float64(sum) * float64(size) / 1000
	if bold {
		width *= 1.1
	}
	return width
}
