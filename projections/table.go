package projections

// What a table is: the struct of its rows, its kind, its columns and how Go
// values become column values.

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/jsonform"
)

// Kind says how many rows a key has and how they change.
type Kind int

// The kinds of table.
const (
	Current  Kind = iota // one row per key, replaced
	Set                  // a few rows per key, told apart by sub columns
	Interval             // one open row per key; earlier ones keep their span
	Facts                // one row per event and key, never changed or loaded
)

// Type is a column's type in the database. Time is bigint microseconds (see
// Micros); a day and JSON are text.
type Type int

// The column types.
const (
	TypeText Type = iota
	TypeInt
	TypeBool
	TypeBytes
)

// Column is one column of a table.
type Column struct {
	Name     string
	Type     Type
	Key      bool // part of the key
	Sub      bool // Set: tells the rows of a key apart
	Unhashed bool // ordinals, log times, sealed columns: not in the content hash
}

// Index is a secondary index over columns, each optionally followed by " DESC".
type Index struct {
	Columns []string
}

// The engine's own columns.
const (
	FromColumn    = "from_ordinal"  // Interval: first ordinal at which the row holds
	UntilColumn   = "until_ordinal" // Interval: first ordinal at which it no longer holds
	OrdinalColumn = "ordinal"       // Facts: the event
)

// Forever is the end of an open interval row.
const Forever int64 = 1<<63 - 1

// Table describes one table of a projection by the Go struct of its rows.
type Table struct {
	Name    string
	Kind    Kind
	KeyKind string   // the Key.Kind whose rows live here
	Columns []Column // the struct's, then the engine's own
	Indexes []Index
	// Searchable names columns of normalised text (package terms) that the
	// engine's full-text index covers, most important first.
	Searchable []string

	row     reflect.Type
	fields  []field
	keys    []int // the columns of KeyColumns
	primary []int // the columns of PrimaryKey
}

type field struct {
	index  int
	rounds bool // what comes back may be another form of the same value
	encode func(reflect.Value) (any, error)
	decode func(any, reflect.Value) error
}

// TableOption adds to a table.
type TableOption func(*Table)

// Indexed adds a secondary index.
func Indexed(columns ...string) TableOption {
	return func(t *Table) { t.Indexes = append(t.Indexes, Index{Columns: columns}) }
}

// Searchable adds the full-text index.
func Searchable(columns ...string) TableOption {
	return func(t *Table) { t.Searchable = columns }
}

// NewTable describes a table whose rows are of type R: a struct whose fields
// carry a tag `col:"name[,key][,sub][,unhashed]"`. Fields may be strings,
// integers, booleans, bytes, uuid.UUID (text, "" when zero), domain.Date (text, ""
// when none), time.Time (microseconds) or anything else, which is kept as JSON
// text. A wrong struct is a mistake in the program and panics at its start, in the
// tests.
func NewTable[R any](kind Kind, keyKind, name string, options ...TableOption) *Table {
	t := &Table{Name: name, Kind: kind, KeyKind: keyKind, row: reflect.TypeFor[R]()}
	keys := 0
	for i := range t.row.NumField() {
		f := t.row.Field(i)
		parts := strings.Split(f.Tag.Get("col"), ",")
		c := Column{Name: parts[0]}
		for _, flag := range parts[1:] {
			switch flag {
			case "key":
				c.Key = true
				keys++
			case "sub":
				c.Sub = true
			case "unhashed":
				c.Unhashed = true
			default:
				panic(fmt.Sprintf("table %s: column %s: unknown flag %q", name, c.Name, flag))
			}
		}
		if c.Name == "" || c.Sub && kind != Set {
			panic(fmt.Sprintf("table %s: field %s lacks a column name, or has a sub column outside a Set", name, f.Name))
		}
		var codec field
		c.Type, codec = codecOf(f.Type)
		if c.Key && c.Type != TypeText {
			panic(fmt.Sprintf("table %s: the key column %s must be text", name, c.Name))
		}
		codec.index = i
		t.Columns = append(t.Columns, c)
		t.fields = append(t.fields, codec)
	}
	if keys < 1 || keys > 2 {
		panic(fmt.Sprintf("table %s: has %d key columns, not 1 or 2", name, keys))
	}
	switch kind {
	case Interval:
		t.Columns = append(t.Columns, Column{Name: FromColumn, Type: TypeInt, Unhashed: true}, Column{Name: UntilColumn, Type: TypeInt, Unhashed: true})
	case Facts:
		t.Columns = append(t.Columns, Column{Name: OrdinalColumn, Type: TypeInt, Unhashed: true})
	}
	for _, o := range options {
		o(t)
	}
	t.keys, t.primary = t.indexes(t.KeyColumns()), t.indexes(t.PrimaryKey())
	return t
}

func (t *Table) indexes(names []string) []int {
	at := make([]int, len(names))
	for i, name := range names {
		at[i] = slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	}
	return at
}

// ColumnNames are the names of all columns, in their order.
func (t *Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// PrimaryKey lists the columns that identify a row.
func (t *Table) PrimaryKey() []string {
	names := t.KeyColumns()
	for _, c := range t.Columns {
		if c.Sub {
			names = append(names, c.Name)
		}
	}
	switch t.Kind {
	case Interval:
		names = append(names, FromColumn)
	case Facts:
		names = append([]string{OrdinalColumn}, names...)
	}
	return names
}

// KeyColumns lists the columns that hold the parts of a Key, in their order.
func (t *Table) KeyColumns() []string {
	var names []string
	for _, c := range t.Columns {
		if c.Key {
			names = append(names, c.Name)
		}
	}
	return names
}

// keyOf is the key that a row belongs to.
func (t *Table) keyOf(vs Values) Key {
	k := Key{Kind: t.KeyKind}
	for part, i := range t.keys {
		k.Parts[part], _ = vs[i].(string)
	}
	return k
}

// identity is the row's values of PrimaryKey, in its order.
func (t *Table) identity(vs Values) Values {
	id := make(Values, len(t.primary))
	for n, i := range t.primary {
		id[n] = vs[i]
	}
	return id
}

// compareIdentity orders rows as a scan of the table does: by primary key.
func (t *Table) compareIdentity(a, b Values) int {
	for _, i := range t.primary {
		if n := compare(a[i], b[i]); n != 0 {
			return n
		}
	}
	return 0
}

// Values is one row as the stores see it: string, int64, bool or []byte (never
// nil), in the order of Table.Columns.
type Values []any

// encode turns an addressable row struct into values; the engine's own columns
// are 0.
func (t *Table) encode(row reflect.Value) (Values, error) {
	vs := make(Values, len(t.Columns))
	for i, f := range t.fields {
		v, err := f.encode(row.Field(f.index))
		if err != nil {
			return nil, fmt.Errorf("table %s, column %s: %w", t.Name, t.Columns[i].Name, err)
		}
		vs[i] = v
	}
	for i := len(t.fields); i < len(vs); i++ {
		vs[i] = int64(0)
	}
	return vs, nil
}

// decode turns values back into a row struct.
func (t *Table) decode(vs Values, row reflect.Value) error {
	for i, f := range t.fields {
		if err := f.decode(vs[i], row.Field(f.index)); err != nil {
			return fmt.Errorf("table %s, column %s: %w", t.Name, t.Columns[i].Name, err)
		}
	}
	return nil
}

// round gives a row struct the form in which it comes back once it is kept, so
// that a fold sees the same in a row it has just put as in one that was loaded.
func (t *Table) round(vs Values, row reflect.Value) error {
	for i, f := range t.fields {
		if !f.rounds {
			continue
		}
		if err := f.decode(vs[i], row.Field(f.index)); err != nil {
			return fmt.Errorf("table %s, column %s: %w", t.Name, t.Columns[i].Name, err)
		}
	}
	return nil
}

// codecOf says how a Go type is kept.
func codecOf(t reflect.Type) (Type, field) {
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		return TypeText, field{
			encode: func(v reflect.Value) (any, error) { return ID(*v.Addr().Interface().(*uuid.UUID)), nil },
			decode: func(v any, to reflect.Value) error {
				s, _ := v.(string)
				id := to.Addr().Interface().(*uuid.UUID)
				if *id = uuid.Nil; s == "" {
					return nil
				}
				parsed, err := uuid.Parse(s)
				*id = parsed
				return err
			},
		}
	case t == reflect.TypeFor[domain.Date]():
		return TypeText, field{
			encode: func(v reflect.Value) (any, error) { return v.Addr().Interface().(*domain.Date).String(), nil },
			decode: func(v any, to reflect.Value) error {
				s, _ := v.(string)
				day, err := Day(s)
				*to.Addr().Interface().(*domain.Date) = day
				return err
			},
		}
	case t == reflect.TypeFor[time.Time]():
		return TypeInt, field{
			rounds: true, // to microseconds, in UTC
			encode: func(v reflect.Value) (any, error) { return Micros(*v.Addr().Interface().(*time.Time)), nil },
			decode: func(v any, to reflect.Value) error {
				n, _ := v.(int64)
				*to.Addr().Interface().(*time.Time) = Time(n)
				return nil
			},
		}
	case t.Kind() == reflect.String:
		return TypeText, field{
			encode: func(v reflect.Value) (any, error) { return v.String(), nil },
			decode: func(v any, to reflect.Value) error { s, _ := v.(string); to.SetString(s); return nil },
		}
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return TypeInt, field{
			encode: func(v reflect.Value) (any, error) { return v.Int(), nil },
			decode: func(v any, to reflect.Value) error { n, _ := v.(int64); to.SetInt(n); return nil },
		}
	case t.Kind() == reflect.Bool:
		return TypeBool, field{
			encode: func(v reflect.Value) (any, error) { return v.Bool(), nil },
			decode: func(v any, to reflect.Value) error { b, _ := v.(bool); to.SetBool(b); return nil },
		}
	case t == reflect.TypeFor[[]byte]():
		return TypeBytes, field{
			rounds: true, // absent and empty bytes are one value
			encode: func(v reflect.Value) (any, error) { return append([]byte{}, v.Bytes()...), nil },
			decode: func(v any, to reflect.Value) error {
				b, _ := v.([]byte)
				to.SetBytes(append([]byte(nil), b...))
				return nil
			},
		}
	}
	form := jsonform.Of(t)
	return TypeText, field{
		encode: jsonText(t),
		decode: func(v any, to reflect.Value) error {
			to.SetZero()
			s, _ := v.(string)
			if s == "" {
				return nil
			}
			return form.Unmarshal(s, to.Addr().Interface())
		},
	}
}

// ID is how an identifier is kept in a text column: "" for the zero one.
func ID(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// Day reads a day as it is kept in a text column: ISO 8601, "" for none. As text
// every engine compares days rightly, byte by byte or by any collation, and its
// JSON and date functions read them; a date type differs from engine to engine.
func Day(text string) (domain.Date, error) {
	if text == "" {
		return domain.Date{}, nil
	}
	return domain.ParseDate(text)
}

// Micros is how a time is kept: microseconds since 1970 UTC, negative before. No
// time is Go's zero time, the first moment of the year 1, and is kept as just
// that: no event may claim this one instant, so it is never a real one, and unlike
// NULL it sorts before all others on every engine and needs no second comparison.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// Time is the inverse of Micros; what is kept as no time is the zero time.
func Time(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
