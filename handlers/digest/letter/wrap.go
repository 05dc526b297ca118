// Here the plain text gets its line breaks.

package letter

import (
	"regexp"
	"strings"
)

const (
	firstStrongIsolate = '\u2068' // FSI, UAX 9
	popIsolate         = '\u2069' // PDI

	lineColumns = 72
)

// wrap breaks each line of text that is wider than lineColumns, at spaces where
// it can, and indents what follows like the line itself. A line that is nothing
// but a link, an address that begins with keep, is never broken.
func wrap(text, keep string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		link := strings.TrimLeft(line, " ")
		if strings.HasPrefix(link, keep) && !strings.Contains(link, " ") {
			continue
		}
		if columns(line) > lineColumns {
			lines[i] = wrapLine(line)
		}
	}
	return strings.Join(lines, "\n")
}

// listNumber is how the template begins an entry; no other line begins so.
var listNumber = regexp.MustCompile(`^ {1,2}[0-9]+\. `)

func wrapLine(line string) string {
	head := listNumber.FindString(line)
	if head == "" {
		head = line[:len(line)-len(strings.TrimLeft(line, " "))]
	}
	indent := strings.Repeat(" ", len(head))
	var out []string
	current, first := head, true
	for word := range strings.FieldsSeq(line[len(head):]) {
		if !first && columns(current)+1+columns(word) > lineColumns {
			out = append(out, current)
			current, first = indent, true
		}
		if !first {
			current += " "
		}
		for columns(current)+columns(word) > lineColumns { // longer than any line
			part := fitting(word, lineColumns-columns(current))
			out = append(out, current+part)
			current, word = indent, word[len(part):]
		}
		current, first = current+word, false
	}
	return strings.Join(balance(append(out, current), indent), "\n")
}

// fitting is the longest head of word, whole clusters, that n columns hold; at
// least one cluster, so that breaking always ends.
func fitting(word string, n int) string {
	end := len(cluster(word))
	used := clusterColumns(word[:end])
	for end < len(word) {
		c := cluster(word[end:])
		if used += clusterColumns(c); used > n {
			break
		}
		end += len(c)
	}
	return word[:end]
}

// balance closes an isolate at the end of a line and opens it again on the next:
// for the bidi algorithm each line of a plain text is a paragraph of its own.
func balance(lines []string, indent string) []string {
	open := 0
	for i, line := range lines {
		if open > 0 {
			line = indent + strings.Repeat(string(firstStrongIsolate), open) + strings.TrimPrefix(line, indent)
		}
		open = strings.Count(line, string(firstStrongIsolate)) - strings.Count(line, string(popIsolate))
		lines[i] = line + strings.Repeat(string(popIsolate), max(open, 0))
	}
	return lines
}
