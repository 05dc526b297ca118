// Moving all rows into the tables of another engine. A row is the same on every
// engine but for the positions in it, which are of one log.

package work

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"imprint/adapters/queries"
	"imprint/domain/event"
)

// copyBatch is how many rows are read, compared and written at once; SQLite takes
// 32,766 parameters in one statement.
const copyBatch = 200

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

// Tables that events rely on are copied before the log; none holds a position.
func tablesBefore() []Table {
	return []Table{
		{Name: "data_keys", key: 1, columns: []column{{"id", text}, {"wrapped", blob}, {"created", number}, {"destroyed", number}}},
		{Name: "names", key: 1, columns: []column{{"hash", blob}, {"person", blob}}},
		{Name: "tokens", key: 1, columns: []column{{"hash", blob}, {"id", blob}, {"person", blob}, {"role", text}, {"expires", number}, {"ended", truth}}},
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

// Copy moves rows from one database to another. Each step may be repeated: what is
// there already is compared and left.
type Copy struct {
	From, To Database
	Move     Move           // for After and Compare
	Progress func(rows int) // rows of this step so far
}

// Before copies the tables that events rely on, and answers how many rows they have.
func (c Copy) Before(ctx context.Context) (int, error) {
	return c.walk(ctx, tablesBefore(), c.replace)
}

// After copies the tables that rely on events.
func (c Copy) After(ctx context.Context) (int, error) { return c.walk(ctx, tablesAfter(), c.replace) }

// Compare holds every row of the target against the source's, and changes nothing.
// It fails with *DifferentError at the first table that is not the same.
func (c Copy) Compare(ctx context.Context) (int, error) {
	return c.walk(ctx, Tables(), func(_ context.Context, t Table, _ span, _, _ [][]any) error {
		return &DifferentError{Table: t.Name}
	})
}

// DifferentError names a table that is not the same on both sides.
type DifferentError struct{ Table string }

func (e *DifferentError) Error() string {
	return fmt.Sprintf("the rows of %s are not those of the source", e.Table)
}

// Places are the ordinals of all checkpoints in the rows of the source, the
// digests' own included.
func (c Copy) Places(ctx context.Context) (map[int64]bool, error) {
	at, err := checkpoint(ctx, c.From)
	if err != nil {
		return nil, err
	}
	places := map[int64]bool{at.Ordinal: true}
	c.Move = func(at event.Checkpoint) (event.Checkpoint, error) {
		places[at.Ordinal] = true
		return at, nil
	}
	c.To = nil
	_, err = c.walk(ctx, tablesAfter(), nil)
	return places, err
}

// span is a part of a table: from after one key (nil: the beginning) to another,
// inclusive (nil: the end).
type span struct{ after, to []any }

// walk goes through tables of the source, batch by batch, and calls differ where
// the same span of the target has not the very same rows.
func (c Copy) walk(ctx context.Context, tables []Table, differ func(ctx context.Context, t Table, s span, rows, there [][]any) error) (total int, err error) {
	for _, t := range tables {
		for s := (span{}); ; s.after = s.to {
			rows, err := t.read(ctx, c.From, span{after: s.after}, copyBatch)
			if err != nil {
				return total, err
			}
			s.to = nil
			if len(rows) == copyBatch {
				s.to = rows[len(rows)-1][:t.key]
			}
			for _, row := range rows {
				if t.settle == nil {
					break
				}
				if err := t.settle(row, c.Move); err != nil {
					return total, fmt.Errorf("a row of %s in %s: %w", t.Name, c.From.Name(), err)
				}
			}
			if c.To != nil {
				there, err := t.read(ctx, c.To, s, copyBatch+1)
				if err != nil {
					return total, err
				}
				if !equalRows(rows, there) {
					if err := differ(ctx, t, s, rows, there); err != nil {
						return total, err
					}
				}
			}
			total += len(rows)
			if c.Progress != nil {
				c.Progress(total)
			}
			if s.to == nil {
				break
			}
		}
	}
	return total, nil
}

// replace writes a span of the target anew, in one transaction. Old rows may hold
// a key that the source has destroyed since: their bytes go too.
func (c Copy) replace(ctx context.Context, t Table, s span, rows, there [][]any) error {
	write := c.To.Write
	if len(there) > 0 {
		write = c.To.Erase
	}
	return write(ctx, func(tx Tx) error {
		where, args := t.where(s)
		if _, err := tx.Exec(ctx, `DELETE FROM `+t.Name+where, args...); err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		insert, args := t.insert(rows)
		_, err := tx.Exec(ctx, insert, args...)
		return err
	})
}

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
func (t Table) read(ctx context.Context, db Database, s span, limit int) (rows [][]any, err error) {
	where, args := t.where(s)
	query := fmt.Sprintf(`SELECT %s FROM %s%s ORDER BY %s LIMIT %d`, strings.Join(t.Columns(), ", "), t.Name, where, strings.Join(t.Columns()[:t.key], ", "), limit)
	err = queries.Each(ctx, db, func(scan func(...any) error) error {
		row, err := t.scan(scan)
		rows = append(rows, row)
		return err
	}, query, args...)
	return rows, err
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

func equalRows(a, b [][]any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		for j := range a[i] {
			x, isBytes := a[i][j].([]byte)
			if isBytes && !bytes.Equal(x, b[i][j].([]byte)) || !isBytes && a[i][j] != b[i][j] {
				return false
			}
		}
	}
	return true
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
