// The work tables as rows that can be carried from one engine to another. A row is
// the same on every engine but for the positions in it, which are of one log.

package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"imprint/adapters/queries"
	"imprint/domain/event"
)

// kind is the type of a column, of which there are four on every engine.
type kind byte

const (
	text kind = iota
	blob
	number // may be NULL
	truth
)

type column struct {
	name string
	kind kind
}

// Table is one of the work tables, as it is copied.
type Table struct {
	Name    string
	columns []column
	key     int // so many columns, the first, are the primary key
	// follows: a row is written after its event, and tells of one that is on record.
	follows bool
	// settle makes a row of the source one of the target; nil: it stays as it is.
	settle func(row []any, move Move) error
}

// Columns are the names of the columns that are copied.
func (t Table) Columns() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// Move answers the target's checkpoint for one of the source's: that of the event
// with the same ordinal.
type Move func(event.Checkpoint) (event.Checkpoint, error)

// Tables that events rely on, or that name no place in the log, are copied before it.
func tablesBefore() []Table {
	return []Table{
		{Name: "data_keys", key: 1, columns: []column{{"id", text}, {"wrapped", blob}, {"created", number}, {"destroyed", number}}},
		{Name: "names", key: 1, columns: []column{{"hash", blob}, {"person", blob}}},
		{Name: "tokens", key: 1, follows: true, columns: []column{{"hash", blob}, {"id", blob}, {"person", blob}, {"role", text}, {"expires", number}, {"ended", truth}}},
		{Name: "requests", key: 1, columns: []column{{"first", blob}, {"stream", text}, {"fingerprint", text}, {"claimed", number}}},
	}
}

// Those that rely on events are copied after the log. Four are not among them:
// digest_reader marks the copy as unfinished until the end (see Begin), served_log
// is claimed for the target, and leases and mail_rates are of the programs at one
// database.
func tablesAfter() []Table {
	return []Table{
		{Name: "reaction_checkpoints", key: 1, columns: []column{{"reaction", text}, {"position", text}, {"ordinal", number}, {"log_time", number}},
			settle: func(row []any, move Move) error { return moveColumns(row[1:4], move) }},
		{Name: "pending_notices", key: 1, columns: []column{{"cause", text}, {"cause_ordinal", number}, {"release_at", number}, {"correlation", text}, {"notice", text}},
			settle: func(row []any, move Move) error { return moveHeld(&row[4], move) }},
		{Name: "parked_reactions", key: 2, columns: []column{{"reaction", text}, {"event", text}, {"type", text}, {"ordinal", number},
			{"before_position", text}, {"before_ordinal", number}, {"before_log_time", number}, {"reason", text}, {"parked_at", number}},
			settle: func(row []any, move Move) error { return moveColumns(row[4:7], move) }},
		{Name: "digest_standings", key: 1, columns: []column{{"person", text}, {"settings", text}, {"changed", number}, {"cursor", number}, {"since", number},
			{"next_due", number}, {"last_due", number}, {"delivery", text}, {"carried", text}, {"wake_at", number}, {"immediate", number}, {"troubled", number},
			{"pending", text}, {"suspended", text}, {"barred", number}, {"later", number}, {"turn", number}, {"epoch", number}, {"holder", text}, {"lease_until", number}},
			settle: func(row []any, _ Move) error {
				row[18], row[19] = "", int64(0) // a lease is of one database's clock, and nobody holds it there
				return nil
			}},
		{Name: "digest_mails", key: 1, columns: []column{{"person", text}, {"box", blob}}},
	}
}

// Tables lists all that are copied row by row.
func Tables() []Table { return append(tablesBefore(), tablesAfter()...) }

// where is the condition of a span.
func (t Table) where(s span) (string, []any) {
	var conditions []string
	var args []any
	bound := func(sign string, key []any) {
		if key == nil {
			return
		}
		marks := make([]string, t.key)
		for i := range marks {
			args = append(args, key[i])
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		conditions = append(conditions, fmt.Sprintf("(%s) %s (%s)", strings.Join(t.Columns()[:t.key], ", "), sign, strings.Join(marks, ", ")))
	}
	bound(">", s.after)
	bound("<=", s.to)
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}

func (t Table) insert(rows [][]any) (string, []any) {
	var b strings.Builder
	var args []any
	fmt.Fprintf(&b, `INSERT INTO %s (%s) VALUES `, t.Name, strings.Join(t.Columns(), ", "))
	for i, row := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		for j, v := range row {
			sign := ", "
			if j == 0 {
				sign = "("
			}
			args = append(args, v)
			fmt.Fprintf(&b, "%s$%d", sign, len(args))
		}
		b.WriteString(")")
	}
	return b.String(), args
}

// read answers the rows of a span in the order of the key, at most limit.
func (t Table) read(ctx context.Context, from queries.Querier, s span, limit int) (rows [][]any, err error) {
	where, args := t.where(s)
	query := fmt.Sprintf(`SELECT %s FROM %s%s ORDER BY %s LIMIT %d`, strings.Join(t.Columns(), ", "), t.Name, where, strings.Join(t.Columns()[:t.key], ", "), limit)
	err = queries.Each(ctx, from, func(scan func(...any) error) error {
		row, err := t.scan(scan)
		rows = append(rows, row)
		return err
	}, query, args...)
	return rows, err
}

// among answers those of the rows whose keys are there.
func (t Table) among(rows, there [][]any) (kept [][]any) {
	keys := map[string]bool{}
	for _, row := range there {
		keys[fmt.Sprint(row[:t.key]...)] = true
	}
	for _, row := range rows {
		if keys[fmt.Sprint(row[:t.key]...)] {
			kept = append(kept, row)
		}
	}
	return kept
}

func (t Table) scan(scan func(...any) error) ([]any, error) {
	to := make([]any, len(t.columns))
	for i, c := range t.columns {
		to[i] = [...]any{text: new(string), blob: new([]byte), number: new(sql.NullInt64), truth: new(bool)}[c.kind]
	}
	if err := scan(to...); err != nil {
		return nil, err
	}
	for i := range to {
		switch v := to[i].(type) {
		case *string:
			to[i] = *v
		case *[]byte:
			to[i] = append([]byte{}, *v...) // never nil, which would be NULL
		case *bool:
			to[i] = *v
		case *sql.NullInt64:
			if to[i] = nil; v.Valid {
				to[i] = v.Int64
			}
		}
	}
	return to, nil
}

// moveColumns moves a checkpoint of three columns: position, ordinal, log time.
func moveColumns(columns []any, move Move) error {
	position, isText := columns[0].(string)
	ordinal, isNumber := columns[1].(int64)
	at, isTime := columns[2].(int64)
	if !isText || !isNumber || !isTime {
		return errors.New("its checkpoint has NULL in it")
	}
	moved, err := move(event.Checkpoint{Position: event.Position(position), Ordinal: ordinal, LogTime: moment(at)})
	columns[0], columns[1], columns[2] = string(moved.Position), moved.Ordinal, micros(moved.LogTime)
	return err
}

// moveHeld moves the checkpoint within a pending notice.
func moveHeld(body *any, move Move) error {
	var h held
	if err := json.Unmarshal([]byte((*body).(string)), &h); err != nil {
		return fmt.Errorf("a held notice cannot be read: %w", err)
	}
	var err error
	if h.Before, err = move(h.Before); err != nil {
		return err
	}
	moved, err := json.Marshal(h)
	*body = string(moved)
	return err
}
