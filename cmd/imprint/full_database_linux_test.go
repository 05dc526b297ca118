package main

// A database whose disk is really full: a tablespace on a small one.

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/conformance/smalldisk"
	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain"
	"imprint/projections"
)

func TestADatabaseWhoseDiskIsFull(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) { fillDatabase(t, mount(t, "size=24m")) })
}

// smallDatabase is a database on a small disk, with a connection to fill it by.
func smallDatabase(t *testing.T, disk string) (address string, conn *pgx.Conn) {
	t.Helper()
	s := postgrestest.Start(t, postgrestest.Options{})
	admin, err := pgx.Connect(t.Context(), s.URL("postgres"))
	must(t, err)
	tables := filepath.Join(disk, "tables")
	must(t, os.Mkdir(tables, 0o700))
	s.Own(t, tables)
	for _, text := range []string{`CREATE TABLESPACE small LOCATION '` + tables + `'`, `CREATE DATABASE imprint TABLESPACE small`} {
		_, err := admin.Exec(t.Context(), text)
		must(t, err)
	}
	must(t, admin.Close(t.Context()))
	conn, err = pgx.Connect(t.Context(), s.URL("imprint"))
	must(t, err)
	return s.URL("imprint"), conn
}

// fillDatabase fills the disk under a serving program, and frees it again.
func fillDatabase(t *testing.T, disk string) {
	address, conn := smallDatabase(t, disk)
	flags := engineFlags{Data: filepath.Join(t.TempDir(), "data"), Database: address, MasterKeyFile: masterKeyIn(t, t.TempDir())}
	must(t, (&migrateUp{engineFlags: flags}).Run(t.Context(), quietly(t)))
	h := newHouseOn(t, flags)
	h.running()
	answers := httptest.NewServer((&site{opened: h.in}).ready(h.digests.Service, h.reactions))
	defer answers.Close()
	probe := &server{t: t, url: answers.URL}
	probe.eventually("/readyz", func(status int, _ string) bool { return status == http.StatusOK })

	_, err := conn.Exec(t.Context(), `CREATE TABLE filler (x text)`)
	must(t, err)
	for _, rows := range []int{1000, 10, 1} { // to the last page
		for err = nil; err == nil; {
			_, err = conn.Exec(t.Context(), `INSERT INTO filler SELECT repeat(md5(random()::text), 60) FROM generate_series(1, $1)`, rows)
		}
		var full *domain.Error
		if !postgres.Is(err, "53100") || !errors.As(postgres.Explain(err), &full) || full.Kind != domain.Unavailable || full.Code != "disk" || !strings.Contains(full.Message, postgres.Setting) {
			t.Fatalf("a full disk is told as %v", postgres.Explain(err))
		}
	}
	// Readiness goes red, and the reason is told.
	probe.eventually("/readyz", func(status int, _ string) bool {
		if status == http.StatusOK {
			h.publish()
		}
		return status == http.StatusServiceUnavailable && slices.ContainsFunc(h.in.readModels.Status(), func(s projections.Status) bool {
			return strings.Contains(s.Trouble, "the disk of the PostgreSQL server of IMPRINT_DATABASE is full")
		})
	})

	_, err = conn.Exec(t.Context(), `DROP TABLE filler`)
	must(t, err)
	must(t, conn.Close(t.Context()))
	probe.eventually("/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	h.publish()
	head, err := h.in.log.Head(t.Context())
	must(t, err)
	must(t, h.in.readModels.Wait(t.Context(), head.Position))
	must(t, (&projectionsVerify{engineFlags: flags}).Run(t.Context(), quietly(t)))
}
