package workfile_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imprint/adapters/sqlite/workfile"
)

func TestNobodyIsLookedForBySearchingEveryone(t *testing.T) {
	db, err := workfile.Open(t.Context(), filepath.Join(t.TempDir(), "work.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, query := range []string{
		`SELECT person FROM digest_standings WHERE wake_at <= 1 AND turn = 0 AND lease_until <= 1 ORDER BY wake_at LIMIT 1`,
		`SELECT person FROM digest_standings WHERE turn = 1 AND later > 0 AND later <= 1 AND lease_until <= 1 ORDER BY later LIMIT 1`,
		`SELECT person FROM digest_standings WHERE immediate = 1 AND cursor < 1 AND lease_until <= 1 ORDER BY cursor LIMIT 1`,
		`SELECT min(cursor) FROM digest_standings WHERE immediate = 1`,
		`SELECT person FROM digest_standings WHERE later > 0 ORDER BY later LIMIT 1`,
		`DELETE FROM mail_rates WHERE taken < 1`,
		`SELECT person FROM digest_standings WHERE troubled = 1 ORDER BY person LIMIT 1`,
		`UPDATE digest_standings SET lease_until = 0 WHERE person IN (SELECT person FROM digest_standings WHERE holder = 'x' AND lease_until > 0 LIMIT 1)`,
	} {
		rows, err := db.Query(t.Context(), `EXPLAIN QUERY PLAN `+query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a, b, c int
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "LIST SUBQUERY") {
				continue // its steps follow
			}
			if !strings.Contains(detail, "INDEX") || strings.Contains(detail, "TEMP") {
				t.Errorf("%s\n\t%s", query, detail)
			}
		}
		rows.Close()
	}
}
