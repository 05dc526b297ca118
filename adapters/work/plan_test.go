package work_test

import (
	"strings"
	"testing"

	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
)

// TestNobodyIsLookedForBySearchingEveryone: among a million people, those who are
// due, held or in trouble are found by an index each, in its order.
func TestNobodyIsLookedForBySearchingEveryone(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		for _, query := range []string{
			`SELECT person FROM digest_standings WHERE wake_at <= 1 AND turn = 0 AND lease_until <= 1 ORDER BY wake_at LIMIT 1`,
			`SELECT person FROM digest_standings WHERE turn = 1 AND later > 0 AND later <= 1 AND lease_until <= 1 ORDER BY later LIMIT 1`,
			`SELECT person FROM digest_standings WHERE immediate = 1 AND cursor < 1 AND lease_until <= 1 ORDER BY cursor LIMIT 1`,
			`SELECT person FROM digest_standings WHERE wake_at > 1 AND lease_until <= 1 ORDER BY wake_at DESC LIMIT 1`,
			`SELECT min(cursor) FROM digest_standings WHERE immediate = 1`,
			`SELECT person FROM digest_standings WHERE later > 0 ORDER BY later LIMIT 1`,
			`DELETE FROM mail_rates WHERE taken < 1`,
			`SELECT person FROM digest_standings WHERE troubled = 1 ORDER BY person LIMIT 1`,
			`UPDATE digest_standings SET lease_until = 0 WHERE person IN (SELECT person FROM digest_standings WHERE holder = 'x' AND lease_until > 0 LIMIT 1)`,
			`UPDATE digest_standings SET holder = 'x' WHERE person IN ('a', 'b') RETURNING epoch`,
		} {
			for _, step := range plan(t, db, query) {
				if searchesAll(step) {
					t.Errorf("%s\n\t%s", query, step)
				}
			}
		}
	})
}

// searchesAll tells of a step of either engine's plan whether it reads a table from
// end to end, or sorts what it has read.
func searchesAll(step string) bool {
	return strings.Contains(step, "Seq Scan") || strings.HasPrefix(strings.TrimLeft(step, " ->"), "Sort") ||
		strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "USING") || strings.Contains(step, "TEMP B-TREE")
}

func plan(t *testing.T, db work.Database, query string) (steps []string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx work.Tx) error {
		// Empty tables are read wholly by the engine that has the choice, so it has none.
		explain, before, columns := `EXPLAIN (COSTS OFF) `, `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)`, 0
		if _, ok := db.(*workfile.DB); ok {
			explain, before, columns = `EXPLAIN QUERY PLAN `, `SELECT 1`, 3
		}
		rows, err := tx.Query(t.Context(), before)
		if err != nil {
			return err
		}
		rows.Close()
		if rows, err = tx.Query(t.Context(), explain+query); err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var step string
			var unused int
			if err := rows.Scan(append([]any{&unused, &unused, &unused}[:columns], &step)...); err != nil {
				return err
			}
			steps = append(steps, step)
		}
		return rows.Err()
	})
	if err != nil || len(steps) == 0 {
		t.Fatalf("the plan of %s: %d steps, %v", query, len(steps), err)
	}
	return steps
}
