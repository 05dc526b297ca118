package views

// The texts that make tables, indexes, full text and views. Names come from
// projections and were checked there: letters, digits and underscores.

import (
	"fmt"
	"strings"

	"imprint/projections"
)

// tableName is a table of one generation.
func tableName(g projections.Generation, t *projections.Table) string {
	return fmt.Sprintf("%s_%s_v%d_g%d", g.Projection, t.Name, g.Version, g.Number)
}

func columnType(t projections.Type) string {
	switch t {
	case projections.TypeInt:
		return "bigint"
	case projections.TypeBool:
		return "boolean"
	case projections.TypeBytes:
		return "blob"
	}
	return "text"
}

// createTable makes the table, without an index, and its full text still without
// content.
func createTable(g projections.Generation, t *projections.Table) []string {
	name := tableName(g, t)
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (row_id INTEGER PRIMARY KEY", name)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, ", %s %s NOT NULL", c.Name, columnType(c.Type))
	}
	b.WriteByte(')')
	texts := []string{b.String()}
	if len(t.Searchable) > 0 {
		texts = append(texts, fmt.Sprintf(
			"CREATE VIRTUAL TABLE %[1]s_fts USING fts5(%[2]s, content='%[1]s', content_rowid='row_id', tokenize='unicode61 remove_diacritics 0')",
			name, list(t.Searchable)))
	}
	return texts
}

// createKey makes the index of the primary key.
func createKey(g projections.Generation, t *projections.Table) string {
	name := tableName(g, t)
	return fmt.Sprintf("CREATE UNIQUE INDEX %s_key ON %s (%s)", name, name, list(t.PrimaryKey()))
}

// createIndexes makes what a load is faster without. From then on triggers keep
// the full text; an update that leaves it as it was does not touch it.
func createIndexes(g projections.Generation, t *projections.Table) []string {
	name := tableName(g, t)
	var texts []string
	for i, index := range t.Indexes {
		texts = append(texts, fmt.Sprintf("CREATE INDEX %s_i%d ON %s (%s)", name, i+1, name, list(index.Columns)))
	}
	if len(t.Searchable) == 0 {
		return texts
	}
	columns := list(t.Searchable)
	was, is := prefixed("old.", t.Searchable), prefixed("new.", t.Searchable)
	differs := make([]string, len(t.Searchable))
	for i, c := range t.Searchable {
		differs[i] = fmt.Sprintf("old.%s <> new.%s", c, c)
	}
	remove := fmt.Sprintf("INSERT INTO %[1]s_fts(%[1]s_fts, rowid, %[2]s) VALUES ('delete', old.row_id, %[3]s);", name, columns, list(was))
	add := fmt.Sprintf("INSERT INTO %s_fts(rowid, %s) VALUES (new.row_id, %s);", name, columns, list(is))
	return append(texts,
		fmt.Sprintf("INSERT INTO %[1]s_fts(%[1]s_fts) VALUES ('rebuild')", name),
		fmt.Sprintf("CREATE TRIGGER %[1]s_added AFTER INSERT ON %[1]s BEGIN %[2]s END", name, add),
		fmt.Sprintf("CREATE TRIGGER %[1]s_removed AFTER DELETE ON %[1]s BEGIN %[2]s END", name, remove),
		fmt.Sprintf("CREATE TRIGGER %[1]s_changed AFTER UPDATE ON %[1]s WHEN %[2]s BEGIN %[3]s %[4]s END", name, strings.Join(differs, " OR "), remove, add),
	)
}

// createView points the stable names at a generation. Parked keys are left out
// by a subquery that does not depend on the row: it is computed once per query.
func createView(p projections.Projection, g projections.Generation, t *projections.Table) []string {
	columns := append([]string{"row_id"}, t.ColumnNames()...)
	key, parts := t.KeyColumns(), "first_part"
	left := key[0]
	if len(key) == 2 {
		left, parts = "("+list(key)+")", "first_part, second_part"
	}
	view := p.View(t.Name)
	texts := []string{
		"DROP VIEW IF EXISTS " + view,
		fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s WHERE %s NOT IN (SELECT %s FROM parked WHERE generation = %d AND kind = '%s')",
			view, list(columns), tableName(g, t), left, parts, g.Number, strings.ReplaceAll(t.KeyKind, "'", "''")),
	}
	if len(t.Searchable) > 0 {
		texts = append(texts,
			"DROP VIEW IF EXISTS "+p.TextView(t.Name),
			fmt.Sprintf("CREATE VIEW %[1]s AS SELECT rowid AS row_id, %[2]s_fts AS terms, rank FROM %[2]s_fts", p.TextView(t.Name), tableName(g, t)))
	}
	return texts
}

// dropView takes the views away that createView made over a table: their names
// are the table's without its generation.
func dropView(g projections.Generation, table string) []string {
	view := strings.TrimSuffix(table, fmt.Sprintf("_g%d", g.Number))
	return []string{"DROP VIEW IF EXISTS " + view, "DROP VIEW IF EXISTS " + view + "_text"}
}

func dropTable(name string) []string {
	return []string{"DROP TABLE IF EXISTS " + name + "_fts", "DROP TABLE IF EXISTS " + name}
}

func list(names []string) string { return strings.Join(names, ", ") }

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return out
}
