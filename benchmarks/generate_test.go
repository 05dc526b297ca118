package main

import (
	"slices"
	"testing"

	"imprint/handlers/importer"
)

// TestTheGeneratedHistoryHasTheShapeOfARealOne holds it against the quantiles of
// 489,656 records of 13 repositories, within a factor of two, since they are to show
// the same and not to be the same: most documents and series are small, some very
// large, titles and summaries are short with long ones among them.
func TestTheGeneratedHistoryHasTheShapeOfARealOne(t *testing.T) {
	versions, series := map[string]int{}, map[string]map[string]bool{}
	var titles, summaries []int
	lines, withdrawn, renamed := 0, 0, 0
	err := records{open: decades.of(60_000).read}.each(func(r importer.Record) (bool, error) {
		lines++
		if r.Withdrawn {
			withdrawn++
			return true, nil
		}
		versions[r.Doc]++
		if series[r.Series] == nil {
			series[r.Series] = map[string]bool{}
		}
		series[r.Series][r.Doc] = true
		titles, summaries = append(titles, len(r.Title)), append(summaries, len(r.Summary))
		if r.RenamedFrom != "" {
			renamed++
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var perDocument, perSeries []int
	for _, n := range versions {
		perDocument = append(perDocument, n)
	}
	for _, s := range series {
		perSeries = append(perSeries, len(s))
	}
	of := func(values []int, share float64) float64 {
		slices.Sort(values)
		return float64(values[int(share*float64(len(values)-1))])
	}
	for what, c := range map[string][2]float64{
		"versions of a document, median":   {of(perDocument, 0.5), 4},
		"versions of a document, p90":      {of(perDocument, 0.9), 15},
		"versions of a document, p99":      {of(perDocument, 0.99), 49},
		"documents of a series, median":    {of(perSeries, 0.5), 1},
		"documents of a series, p90":       {of(perSeries, 0.9), 7},
		"documents of a series, p99":       {of(perSeries, 0.99), 53},
		"characters of a title, median":    {of(titles, 0.5), 22},
		"characters of a title, p99":       {of(titles, 0.99), 79},
		"characters of a summary, median":  {of(summaries, 0.5), 38},
		"characters of a summary, p99":     {of(summaries, 0.99), 192},
		"withdrawals in a hundred records": {100 * float64(withdrawn) / float64(lines), 3.6},
		"renames in a hundred records":     {100 * float64(renamed) / float64(lines), 5.5},
		"documents in a hundred records":   {100 * float64(len(versions)) / float64(lines), 13},
	} {
		if c[0] < c[1]/2 || c[0] > c[1]*2 {
			t.Errorf("%s: %.1f, in the real one %.1f", what, c[0], c[1])
		}
	}
}
