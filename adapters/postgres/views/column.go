package views

// Columns: how each type is declared, sent and read. Nothing else here knows the
// types.

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"imprint/adapters/postgres"
	"imprint/projections"
)

// sqlType is a column's type in the database.
func sqlType(t projections.Type) string {
	switch t {
	case projections.TypeInt:
		return "bigint"
	case projections.TypeBool:
		return "boolean"
	case projections.TypeBytes:
		return "bytea"
	}
	return "text"
}

// declare is a column in CREATE TABLE.
func declare(c projections.Column) string {
	collation := ""
	if c.Type == projections.TypeText {
		collation = ` COLLATE "C"`
	}
	return fmt.Sprintf("%s %s%s NOT NULL", c.Name, sqlType(c.Type), collation)
}

// gather makes the array of one column of rows, given where it stands in them.
func gather(t projections.Type, rows []projections.Values, at int) any {
	switch t {
	case projections.TypeInt:
		all := make([]pgtype.Int8, len(rows))
		for i, row := range rows {
			all[i].Int64, all[i].Valid = row[at].(int64)
		}
		return all
	case projections.TypeBool:
		all := make([]bool, len(rows))
		for i, row := range rows {
			all[i], _ = row[at].(bool)
		}
		return all
	case projections.TypeBytes:
		all := make([][]byte, len(rows))
		for i, row := range rows {
			all[i], _ = row[at].([]byte)
		}
		return all
	}
	all := make([]string, len(rows))
	for i, row := range rows {
		all[i], _ = row[at].(string)
	}
	return all
}

// appendBinary appends a value of a column in PostgreSQL's binary form.
func appendBinary(b []byte, c projections.Column, value any) ([]byte, error) {
	ok := false
	switch c.Type {
	case projections.TypeInt:
		var n int64
		n, ok = value.(int64)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	case projections.TypeBool:
		var yes bool
		yes, ok = value.(bool)
		b = append(b, 0)
		if yes {
			b[len(b)-1] = 1
		}
	case projections.TypeBytes:
		var raw []byte
		raw, ok = value.([]byte)
		b = append(b, raw...)
	default:
		var text string
		text, ok = value.(string)
		b = postgres.AppendText(b, text)
	}
	if !ok {
		return b, fmt.Errorf("column %s: %T is no value of it", c.Name, value)
	}
	return b, nil
}

// unnest is the text of arrays read side by side as rows, and the parameters it
// takes: $1, $2 ….
func unnest(columns []projections.Column) string {
	arrays := make([]string, len(columns))
	for i, c := range columns {
		arrays[i] = fmt.Sprintf("$%d::%s[]", i+1, sqlType(c.Type))
	}
	return "unnest(" + strings.Join(arrays, ", ") + ")"
}

// arrays are the parameters of unnest for rows that hold just these columns.
func arrays(columns []projections.Column, rows []projections.Values) []any {
	all := make([]any, len(columns))
	for i, c := range columns {
		all[i] = gather(c.Type, rows, i)
	}
	return all
}

// scanRow reads one row in the form that projections.Values states.
func scanRow(rows pgx.Rows, t *projections.Table) (projections.Values, error) {
	vs, err := rows.Values()
	if err != nil {
		return nil, err
	}
	for i, c := range t.Columns {
		if b, ok := vs[i].([]byte); c.Type == projections.TypeBytes && (!ok || b == nil) {
			vs[i] = []byte{}
		}
	}
	return vs, nil
}
