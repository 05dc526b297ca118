package portal

// The inputs that stand in a page's address. What a page takes it takes seriously:
// a misspelt filter must not show everything as if it had been meant.

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"imprint/domain"
	"imprint/handlers/web"
	"imprint/projections/catalog"
)

// listInputs are the inputs of the list of documents that its links keep.
var listInputs = [...]string{"q", "group", "category", "service", "region", "industry", "series", "from", "to", "old", "limit"}

// several may be given more than once: any of them.
var several = []string{"category", "service", "region", "industry"}

// choices are the values of inputs that have few.
var choices = map[string][]string{"old": {"1"}, "by": {"recorded", "published"}, "language": mailLanguages}

// inputs refuses what cannot be read, what a page does not take, what is given twice and can hold one
// value only, and values that are not among the few there are.
func (v *visit) inputs(takes []string) error {
	if takes == nil {
		return nil
	}
	q, err := web.Query(v.r)
	if err != nil {
		return err
	}
	t := v.words.text
	for _, name := range slices.Sorted(maps.Keys(q)) {
		values := q[name]
		switch {
		case slices.Contains([]string{noticeKey, savedKey, alreadyKey, missingKey}, name):
		case !slices.Contains(takes, name):
			return domain.Refuse(domain.Invalid, "unknown-input", "%s", t("problem.input", name, strings.Join(slices.Sorted(slices.Values(takes)), ", "))).In(name)
		case len(values) > 1 && !slices.Contains(several, name):
			return domain.Refuse(domain.Invalid, "input-twice", "%s", t("problem.twice", name)).In(name)
		case choices[name] != nil && values[0] != "" && !slices.Contains(choices[name], values[0]):
			return domain.Refuse(domain.Invalid, "unknown-value", "%s", t("problem.choice", name, values[0], strings.Join(choices[name], ", "))).In(name)
		}
	}
	return nil
}

// page is the page that the address asks for; otherwise is its size where the
// address names none, 0 for the usual one. The queries know the largest.
func (v *visit) page(otherwise int) (catalog.Page, error) {
	q := v.r.URL.Query()
	page := catalog.Page{After: q.Get("after"), Limit: otherwise}
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > catalog.MaxPage {
			return page, domain.Refuse(domain.Invalid, "bad-limit", "%s", v.words.text("problem.limit", s, catalog.MaxPage)).In("limit")
		}
		page.Limit = n
	}
	return page, nil
}
