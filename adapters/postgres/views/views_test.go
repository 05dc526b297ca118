package views_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"imprint/adapters/conformance/storetest"
	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/postgres/views"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

func open(t testing.TB) (*views.Store, *postgres.DB) {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s, err := views.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Store: func(t testing.TB, clock domain.Clock) storetest.Store {
			s, db := open(t)
			for _, text := range []string{
				`CREATE TABLE imprint_views.test_clock (now bigint)`,
				`INSERT INTO imprint_views.test_clock VALUES (0)`,
				`CREATE OR REPLACE FUNCTION imprint_views.clock() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT now FROM imprint_views.test_clock'`,
			} {
				if _, err := db.Write.Exec(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
			return clocked{s, db, clock}
		},
		Log: func(t testing.TB) event.Log {
			l, err := eventlog.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), eventlog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
			return l
		},
		Search: `SELECT i.id, i.title FROM shelf_items_v1 i WHERE imprint_views.lexemes(i.terms, '') @@ CAST(CAST($1 AS text) AS tsquery) ORDER BY i.id`,
	})
}

// clocked is a store whose database goes by the test's clock.
type clocked struct {
	*views.Store
	db    *postgres.DB
	clock domain.Clock
}

func (c clocked) set(ctx context.Context) error {
	_, err := c.db.Write.Exec(ctx, `UPDATE imprint_views.test_clock SET now = $1`, c.clock().UnixMicro())
	return err
}

func (c clocked) Acquire(ctx context.Context, g projections.Generation, holder string, ttl time.Duration, force bool) (projections.Build, error) {
	if err := c.set(ctx); err != nil {
		return projections.Build{}, err
	}
	return c.Store.Acquire(ctx, g, holder, ttl, force)
}

func (c clocked) Renew(ctx context.Context, g projections.Generation, epoch int64, ttl time.Duration) error {
	if err := c.set(ctx); err != nil {
		return err
	}
	return c.Store.Renew(ctx, g, epoch, ttl)
}
