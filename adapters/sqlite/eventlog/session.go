// The writer's connection with its prepared statements. It is thrown away, not
// repaired, when a transaction on it has ended in doubt.

package eventlog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"imprint/adapters/sqlite"
)

// session holds the one writing connection for as long as all goes well. Begin
// and commit are statements prepared once: a sql.Tx prepares its own each time,
// which costs a lone caller a sixth of its rate.
type session struct {
	conn *sql.Conn

	begin, commit, rollback *sql.Stmt

	insert   *sql.Stmt // one event
	last     *sql.Stmt // a stream's last revision
	idsAfter *sql.Stmt // ids of a stream after a revision
	withID   *sql.Stmt // where an id stands
}

const (
	insertSQL = `INSERT INTO events (ordinal, stream, revision, id, type, schema, time, log_time, data, meta)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	lastSQL     = `SELECT coalesce(max(revision), -1) FROM events WHERE stream = $1`
	idsAfterSQL = `SELECT id, ordinal FROM events WHERE stream = $1 AND revision > $2 ORDER BY revision LIMIT $3`
	withIDSQL   = `SELECT stream, revision FROM events WHERE id = $1`
	headSQL     = `SELECT ordinal, log_time FROM events ORDER BY ordinal DESC LIMIT 1`
)

// connect takes a connection and reads the end of the log.
func connect(ctx context.Context, db *sqlite.DB) (*session, head, error) {
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return nil, head{}, sqlite.Explain(db.Path, err)
	}
	s := &session{conn: conn}
	for text, stmt := range s.statements() {
		if *stmt, err = conn.PrepareContext(ctx, text); err != nil {
			s.discard()
			return nil, head{}, sqlite.Explain(db.Path, err)
		}
	}
	var h head
	err = conn.QueryRowContext(ctx, headSQL).Scan(&h.ordinal, &h.logTime)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		s.discard()
		return nil, head{}, sqlite.Explain(db.Path, err)
	}
	return s, h, nil
}

func (s *session) statements() map[string]**sql.Stmt {
	return map[string]**sql.Stmt{
		"BEGIN IMMEDIATE": &s.begin, "COMMIT": &s.commit, "ROLLBACK": &s.rollback,
		insertSQL: &s.insert, lastSQL: &s.last, idsAfterSQL: &s.idsAfter, withIDSQL: &s.withID,
	}
}

// discard closes the connection with whatever it believes. database/sql closes,
// rather than reuses, a connection whose user calls it bad, but not before its
// statements: it would stay open, and keep the file's last one from being last.
func (s *session) discard() {
	for _, stmt := range s.statements() {
		if *stmt != nil {
			_ = (*stmt).Close()
		}
	}
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
}
