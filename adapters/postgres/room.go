package postgres

// Whether the server's disk takes more.

import "context"

// Room is nil if the server's disk takes more: it lets a table grow by about a
// megabyte and takes that back. What goes wrong is explained; a full disk has the
// code event.DiskFault.
func Room(ctx context.Context, db *DB) error {
	tx, err := db.Write.Begin(ctx)
	if err != nil {
		return Explain(err)
	}
	// If we die before this, the server does it.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, text := range []string{
		`CREATE TABLE imprint_work.room (filler text)`,
		`INSERT INTO imprint_work.room SELECT repeat('x', 1000) FROM generate_series(1, 1000)`,
	} {
		if _, err := tx.Exec(ctx, text); err != nil {
			return Explain(err)
		}
	}
	return nil
}
