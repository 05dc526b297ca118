package postgres_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/conformance/smalldisk"
	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain/event"
)

// TestRoomOfAFullServer: the tables lie on a disk that is really full, and then is
// not any more.
func TestRoomOfAFullServer(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) {
		server := postgrestest.Start(t, postgrestest.Options{})
		disk := mount(t, "size=48m")
		tables := filepath.Join(disk, "tables")
		ok(t, os.Mkdir(tables, 0o700))
		server.Own(t, tables)
		admin, err := pgx.Connect(t.Context(), server.URL("postgres"))
		ok(t, err)
		for _, text := range []string{`CREATE TABLESPACE small LOCATION '` + tables + `'`, `CREATE DATABASE small TABLESPACE small`} {
			_, err := admin.Exec(t.Context(), text)
			ok(t, err)
		}
		ok(t, admin.Close(t.Context()))
		ok(t, postgrestest.Migrate(t.Context(), server.URL("small")))
		db, err := postgres.Open(t.Context(), postgres.Options{URL: server.URL("small")})
		ok(t, err)
		defer db.Close()
		ok(t, postgres.Room(t.Context(), db))

		ballast := filepath.Join(disk, "ballast")
		_ = os.WriteFile(ballast, make([]byte, 48<<20), 0o600) // all that there is, but for a little
		filled, err := os.Stat(ballast)
		ok(t, err)
		ok(t, os.Truncate(ballast, filled.Size()-256<<10))
		for range 3 {
			told(t, postgres.Room(t.Context(), db), event.DiskFault)
		}
		ok(t, os.Remove(ballast))
		ok(t, postgres.Room(t.Context(), db))
		var left int
		ok(t, db.Write.QueryRow(t.Context(), `SELECT count(*) FROM pg_class WHERE relname = 'room'`).Scan(&left))
		if left != 0 {
			t.Error("what was tried is still there")
		}
	})
}
