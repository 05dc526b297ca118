package main

// Composing: finding out what everyone who is due is to be told, against one
// hand-written INSERT … SELECT of the same rows.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"imprint/adapters/datafolder"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite"
	"imprint/adapters/work"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/projections/catalog"
	libraries "imprint/projections/library"
	"imprint/projections/notices"
)

const (
	composeGoal = 0.5
	claimSize   = 512
)

// toldRows is how many entries all digests have together, and of how many persons.
type toldRows struct{ rows, persons int }

// composeAll claims and selects as the worker does, group by group.
func composeAll(ctx context.Context, in *installation, end int64) (told toldRows, err error) {
	standings, selection := work.NewDigests(in.work), queries.NewNotices(in.store)
	for {
		claimed, err := standings.Claim(ctx, digest.Claim{Holder: "benchmarks", Now: whenDue, End: end, Lease: time.Hour, Limit: claimSize})
		if err != nil || len(claimed) == 0 {
			return told, err
		}
		asks := make([]notices.Ask, len(claimed))
		for i, st := range claimed {
			asks[i] = notices.Ask{Person: st.Person, Since: st.Since, Windows: []digest.Window{{From: st.Cursor, Until: end}}}
		}
		for len(asks) > 0 {
			found, err := selection.Due(ctx, asks)
			if err != nil {
				return told, err
			}
			for i, f := range found {
				reader, before := access.Reader{Person: asks[i].Person.String(), Role: access.Member}, told.rows
				for _, c := range f[0] {
					if access.MaySee(reader, c.Audience) {
						told.rows += c.Item.Updates
					}
				}
				if told.rows > before {
					told.persons++
				}
			}
			asks = asks[len(found):]
		}
	}
}

// insertSelect is the hand-written statement: it begins at who is due and goes by
// index to libraries and notices.
func insertSelect(ctx context.Context, dir, out string, end int64) (told toldRows, took time.Duration, err error) {
	folder := datafolder.Folder{}
	_ = folder
	db, err := sqlite.Open(ctx, out, sqlite.Rebuildable)
	if err != nil {
		return told, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return told, 0, err
	}
	defer func() { _ = conn.Close() }()
	data := filepath.Join(dir, "data")
	if err := execute(ctx, conn, []string{
		fmt.Sprintf("ATTACH '%s' AS work", filepath.Join(data, "work.db")),
		fmt.Sprintf("ATTACH '%s' AS views", filepath.Join(data, "views.db")),
		"CREATE TABLE told (person text NOT NULL, cause text NOT NULL, document text NOT NULL, version bigint NOT NULL, ordinal bigint NOT NULL, saved bigint NOT NULL)",
	}); err != nil {
		return told, 0, err
	}
	c, l, n := catalog.Projection(), libraries.Projection(), notices.Projection()
	const due = `st.wake_at <= $1 AND st.lease_until = 0`
	const inWindow = `n.ordinal >= st.cursor AND n.ordinal < $2 AND n.cause_ordinal > st.since`
	text := fmt.Sprintf(`INSERT INTO told SELECT t.person, t.cause, t.document, t.version, t.ordinal, MAX(t.saved) FROM (
	SELECT st.person, n.cause, n.document, n.version, n.ordinal, 1 AS saved
	FROM work.digest_standings st CROSS JOIN views.%[1]s e CROSS JOIN views.%[2]s n
	WHERE `+due+` AND e.person = st.person AND n.document = e.document AND `+inWindow+` AND n.cause_ordinal > e.saved
	UNION ALL
	SELECT st.person, n.cause, n.document, n.version, n.ordinal, 0
	FROM work.digest_standings st CROSS JOIN views.%[1]s e CROSS JOIN views.%[3]s d CROSS JOIN views.%[2]s n
	WHERE `+due+` AND e.person = st.person AND d.document = e.document AND d.series <> '' AND n.series = d.series AND `+inWindow+` AND n.cause_ordinal > MAX(e.saved, d.series_since)
	UNION ALL
	SELECT st.person, n.cause, n.document, n.version, n.ordinal, 0
	FROM work.digest_standings st CROSS JOIN views.%[4]s f CROSS JOIN views.%[2]s n
	WHERE `+due+` AND f.person = st.person AND f.followed > f.unfollowed AND n.series = f.series AND `+inWindow+` AND n.cause_ordinal > f.followed
) t JOIN views.%[3]s d ON d.document = t.document WHERE d.audience IN ('everyone', 'signed-in') GROUP BY t.person, t.cause`,
		l.View("entries"), n.View("notices"), c.View("documents"), l.View("follows"))
	took, err = timed(func() error {
		_, err := conn.ExecContext(ctx, text, whenDue.UnixMicro(), end)
		return err
	})
	if err != nil {
		return told, took, err
	}
	err = conn.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT person) FROM told").Scan(&told.rows, &told.persons)
	return told, took, err
}
