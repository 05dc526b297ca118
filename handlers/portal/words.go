package portal

// The words of the pages: one table a language, and how sentences and dates are
// made with it.

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"imprint/projections/catalog"
)

// words is the table of one language: texts by name, some with verbs of package
// fmt. A name that ends in .one or .many is chosen by a number.
type words map[string]string

// text answers a text, with its arguments filled in. A name that is missing is
// shown as it is; parse refuses templates that use one.
func (w words) text(name string, args ...any) string {
	s, ok := w[name]
	if !ok {
		return name
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// count chooses between one and many; the latter is told the number.
func (w words) count(name string, n int) string {
	if n == 1 {
		return w[name+".one"]
	}
	return w.text(name+".many", w.number(n))
}

// number writes a number with its thousands apart.
func (w words) number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + w["thousands"] + s[i:]
	}
	return s
}

// total is a number of documents that may be more than were counted.
func (w words) total(c catalog.Count) string {
	if c.More {
		return w.number(c.N) + "+"
	}
	return w.number(c.N)
}

// date tells the day of a time, in its own zone.
func (w words) date(t time.Time) string {
	return w.text("date", t.Day(), w["month."+strconv.Itoa(int(t.Month()))], t.Year())
}

// moment tells a time to the minute, with its zone.
func (w words) moment(t time.Time) string {
	return w.text("moment", w.date(t), t.Format("15:04"), t.Location().String())
}

// language is the name of a locale's language, or the locale itself.
func (w words) language(locale string) string {
	name, _, _ := strings.Cut(locale, "-")
	if known, ok := w["language."+name]; ok {
		return known
	}
	return locale
}

// size tells a number of bytes as people do.
func (w words) size(n int64) string {
	switch {
	case n < 1000:
		return w.text("size.bytes", n)
	case n < 1000*1000:
		return w.text("size.kilobytes", float64(n)/1e3)
	}
	return strings.Replace(w.text("size.megabytes", float64(n)/1e6), ".", w["decimal"], 1)
}
