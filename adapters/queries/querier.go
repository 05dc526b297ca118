package queries

// What a query needs of a database. The texts are the portable ones (DESIGN §4);
// each store of read models implements Database with its own driver.

import "context"

// Rows is the answer to a query, read forwards once.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// Querier runs reading statements whose parameters are $1, $2 … in order of
// first appearance.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// Database gives one consistent read-only snapshot: every Query of one call sees
// the same moment, checkpoints (view projection_checkpoints) and what is parked
// (tables generations and parked) included.
type Database interface {
	Snapshot(ctx context.Context, read func(Querier) error) error
}

// Each calls row on every row of a query.
func Each(ctx context.Context, q Querier, row func(scan func(...any) error) error, sql string, args ...any) error {
	rows, err := q.Query(ctx, sql, args...)
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
