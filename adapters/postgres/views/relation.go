package views

// One table of one generation, and the statements that move its rows. A text is
// the same for every batch, so that each connection prepares it once.

import (
	"fmt"
	"slices"
	"strings"

	"imprint/projections"
)

type relation struct {
	table *projections.Table
	name  string
}

func relationOf(g projections.Generation, t *projections.Table) relation {
	return relation{t, tableName(g, t)}
}

// load selects the rows of the keys given as arrays.
func (r relation) load() string {
	keys := r.table.KeyColumns()
	text := fmt.Sprintf("SELECT %s FROM %s AS k (%s) JOIN imprint_views.%s t USING (%s)",
		list(prefixed("t.", r.table.ColumnNames())), unnest(r.columns(keys)), list(keys), r.name, list(keys))
	if r.table.Kind == projections.Interval {
		text += fmt.Sprintf(" WHERE t.%s = %d", projections.UntilColumn, projections.Forever)
	}
	return text
}

// remove deletes the rows whose primary keys are given as arrays.
func (r relation) remove() string {
	primary := r.table.PrimaryKey()
	same := make([]string, len(primary))
	for i, c := range primary {
		same[i] = fmt.Sprintf("t.%s = k.%s", c, c)
	}
	return fmt.Sprintf("DELETE FROM imprint_views.%s t USING %s AS k (%s) WHERE %s", r.name, unnest(r.columns(primary)), list(primary), strings.Join(same, " AND "))
}

// insert adds whole rows given as arrays.
func (r relation) insert() string {
	return fmt.Sprintf("INSERT INTO imprint_views.%s (%s) SELECT * FROM %s", r.name, list(r.table.ColumnNames()), unnest(r.table.Columns))
}

// upsert writes whole rows given as arrays.
func (r relation) upsert() string {
	primary := r.table.PrimaryKey()
	var sets []string
	for _, n := range r.table.ColumnNames() {
		if !slices.Contains(primary, n) {
			sets = append(sets, fmt.Sprintf("%s = excluded.%s", n, n))
		}
	}
	action := "NOTHING"
	if len(sets) > 0 {
		action = "UPDATE SET " + list(sets)
	}
	return fmt.Sprintf("%s ON CONFLICT (%s) DO %s", r.insert(), list(primary), action)
}

// columns finds columns by name.
func (r relation) columns(names []string) []projections.Column {
	found := make([]projections.Column, len(names))
	for i, name := range names {
		at := slices.IndexFunc(r.table.Columns, func(c projections.Column) bool { return c.Name == name })
		found[i] = r.table.Columns[at]
	}
	return found
}

func list(names []string) string { return strings.Join(names, ", ") }

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return out
}
