package views

// The texts that make tables, indexes and views. Names come from projections and
// were checked there: letters, digits and underscores.

import (
	"fmt"
	"slices"
	"strings"

	"imprint/projections"
)

// refsColumn holds tokens of what a row belongs to, which are not words that
// readers type: a word never matches in it, a ref nowhere else.
const refsColumn = "found_refs"

// tableName is a table of one generation, in schema imprint_views. PostgreSQL cuts
// names behind 63 bytes; those of projections are refused where they would be cut.
func tableName(g projections.Generation, t *projections.Table) string {
	return fmt.Sprintf("%s_%s_v%d_g%d", g.Projection, t.Name, g.Version, g.Number)
}

// maxName is how long a table's name may be, so that its indexes' names fit too.
const maxName = 63 - len(keySuffix)

// keySuffix makes a table's name that of the index of its primary key.
const keySuffix = "_pkey"

// viewSchema holds the views of a generation.
func viewSchema(g projections.Generation) string { return fmt.Sprintf("imprint_views_g%d", g.Number) }

// createTable makes the table, without an index, and its view.
func createTable(p projections.Projection, g projections.Generation, t *projections.Table) ([]string, error) {
	name := tableName(g, t)
	if len(name) > maxName {
		return nil, fmt.Errorf("the name %s is longer than %d bytes; give the projection or the table a shorter one", name, maxName)
	}
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = declare(c)
	}
	return []string{
		fmt.Sprintf("CREATE TABLE imprint_views.%s (%s)", name, list(columns)),
		createView(p, g, t),
	}, nil
}

// createView leaves parked keys out by a subquery that does not depend on the row:
// it is computed once per query.
func createView(p projections.Projection, g projections.Generation, t *projections.Table) string {
	key, parts := t.KeyColumns(), "first_part"
	left := key[0]
	if len(key) == 2 {
		left, parts = "("+list(key)+")", "first_part, second_part"
	}
	return fmt.Sprintf("CREATE VIEW %s.%s AS SELECT %s FROM imprint_views.%s WHERE %s NOT IN (SELECT %s FROM imprint_views.parked WHERE generation = %d AND kind = '%s')",
		viewSchema(g), p.View(t.Name), list(t.ColumnNames()), tableName(g, t), left, parts, g.Number, strings.ReplaceAll(t.KeyKind, "'", "''"))
}

// createKey makes the index of the primary key.
func createKey(g projections.Generation, t *projections.Table) string {
	name := tableName(g, t)
	return fmt.Sprintf("CREATE UNIQUE INDEX IF NOT EXISTS %s%s ON imprint_views.%s (%s)", name, keySuffix, name, list(t.PrimaryKey()))
}

// createIndexes makes what a load is faster without, and lets the planner know
// what has been loaded.
func createIndexes(g projections.Generation, t *projections.Table) []string {
	name := tableName(g, t)
	texts := []string{createKey(g, t)}
	for i, index := range t.Indexes {
		texts = append(texts, fmt.Sprintf("CREATE INDEX %s_i%d ON imprint_views.%s (%s)", name, i+1, name, list(index.Columns)))
	}
	if len(t.Searchable) > 0 {
		texts = append(texts, fmt.Sprintf("CREATE INDEX %s_fts ON imprint_views.%s USING gin (%s)", name, name, lexemes("", t)))
	}
	return append(texts, "ANALYZE imprint_views."+name)
}

// lexemes is the indexed expression over a table's searchable columns.
func lexemes(alias string, t *projections.Table) string {
	refs := "''"
	if slices.Contains(t.Searchable, refsColumn) {
		refs = alias + refsColumn
	}
	return fmt.Sprintf("imprint_views.lexemes(%s, %s)", strings.Join(prefixed(alias, searched(t)), " || ' ' || "), refs)
}

// searched are the columns that words are looked for in.
func searched(t *projections.Table) []string {
	return slices.DeleteFunc(slices.Clone(t.Searchable), func(c string) bool { return c == refsColumn })
}
