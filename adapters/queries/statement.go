package queries

// Statements are put together from parts here: text whose ? stand for arguments.

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/projections"
)

// statement is an SQL text with its arguments numbered $1, $2 … in the order of
// their appearance, which every driver binds alike.
type statement struct {
	text strings.Builder
	args []any
}

// add appends text; each ? in it takes the next argument. Texts are constants of
// this package or of a search engine, never input.
func (s *statement) add(text string, args ...any) *statement {
	for part := range strings.SplitAfterSeq(text, "?") {
		before, found := strings.CutSuffix(part, "?")
		s.text.WriteString(before)
		if found {
			s.args = append(s.args, args[0])
			args = args[1:]
			s.text.WriteString("$" + strconv.Itoa(len(s.args)))
		}
	}
	return s
}

// each runs the statement and calls row on every row.
func (s *statement) each(ctx context.Context, q Querier, row func(scan func(...any) error) error) error {
	rows, err := q.Query(ctx, s.text.String(), s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// condition is a part of a WHERE clause.
type condition struct {
	text string
	args []any
}

func where(text string, args ...any) condition { return condition{text, args} }

// all joins conditions by AND.
func (s *statement) all(conditions []condition) *statement {
	for i, c := range conditions {
		if i > 0 {
			s.add(" AND ")
		}
		s.add("("+c.text+")", c.args...)
	}
	return s
}

// anyOf makes "column IN (?, ?)".
func anyOf(column string, values []string) condition {
	c := condition{text: column + " IN (?" + strings.Repeat(", ?", len(values)-1) + ")"}
	for _, v := range values {
		c.args = append(c.args, v)
	}
	return c
}

// idsInBatch bounds the arguments of one statement.
const idsInBatch = 512

// inBatches calls do with the ids, a statement's worth at a time. Each batch is
// filled up to a power of two by repeating its last id, so that few texts serve
// all: they stay prepared.
func inBatches(ids []uuid.UUID, do func([]string) error) error {
	for batch := range slices.Chunk(ids, idsInBatch) {
		size := 1
		for size < len(batch) {
			size *= 2
		}
		texts := make([]string, size)
		for i := range texts {
			texts[i] = batch[min(i, len(batch)-1)].String()
		}
		if err := do(texts); err != nil {
			return err
		}
	}
	return nil
}

// keptID is a scan target for an id column; "" is the zero id.
type keptID struct{ to *uuid.UUID }

// Scan reads the column.
func (k keptID) Scan(v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a column kept as an id holds %T", v)
	}
	*k.to, err = optional(text)
	return err
}

func id(to *uuid.UUID) keptID { return keptID{to} }

// kept is a scan target for a column that a table keeps as JSON text.
type kept[T any] struct{ to *T }

// Scan reads the column; "" is the zero value.
func (k kept[T]) Scan(v any) error {
	text, ok := v.(string)
	if b, isBytes := v.([]byte); isBytes {
		text, ok = string(b), true
	}
	if !ok {
		return fmt.Errorf("a column kept as JSON holds %T", v)
	}
	if text == "" {
		*k.to = *new(T)
		return nil
	}
	return json.Unmarshal([]byte(text), k.to)
}

func as[T any](to *T) kept[T] { return kept[T]{to} }

// keptTime is a scan target for a time column.
type keptTime struct{ to *time.Time }

// Scan reads the column; NULL is what a LEFT JOIN did not find, and so no time.
func (k keptTime) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*k.to = time.Time{}
	case int64:
		*k.to = projections.Time(v)
	default:
		return fmt.Errorf("a column kept as microseconds holds %T", v)
	}
	return nil
}

func instant(to *time.Time) keptTime { return keptTime{to} }

// keptDay is a scan target for a column that holds a day.
type keptDay struct{ to *domain.Date }

// Scan reads the column; "" is none.
func (k keptDay) Scan(v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a column kept as a day holds %T", v)
	}
	*k.to, err = projections.Day(text)
	return err
}

func day(to *domain.Date) keptDay { return keptDay{to} }

// reflects is the ordinal up to which a projection has been folded.
func reflects(ctx context.Context, q Querier, p projections.Projection) (ordinal int64, err error) {
	s := new(statement).add(`SELECT ordinal FROM projection_checkpoints WHERE projection = ? AND version = ?`, p.Name, p.Version)
	err = s.each(ctx, q, func(scan func(...any) error) error { return scan(&ordinal) })
	return ordinal, err
}
