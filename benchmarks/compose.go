package main

// Composing: finding out what everyone who is due is to be told, against one
// hand-written INSERT … SELECT of the same rows; and how fast that is worded.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/handlers/digest/letter"
	"imprint/projections/catalog"
	libraries "imprint/projections/library"
	"imprint/projections/notices"
)

const (
	composeGoal = 0.5
	groupSize   = 8 * connections // the worker's with so many connections
)

// told is how many entries the digests of so many persons have together.
type told struct{ entries, persons int }

// measureCompose runs rounds of both. Nothing is written but the baseline's rows.
func measureCompose(ctx context.Context, r *report, dir string, rounds int) error {
	return withInstallation(ctx, dir, func(in *installation) error {
		head, err := in.log.Head(ctx)
		if err != nil {
			return err
		}
		end := head.Ordinal + 1
		asked := &listening{Database: in.store, asked: map[string][]any{}}
		if err := in.eachDue(ctx, asked, end, func(notices.Ask, notices.Found) error { return errEnough }); !errors.Is(err, errEnough) {
			return errors.Join(errors.New("nobody is due"), err)
		}
		if err := asked.explain(ctx, r); err != nil {
			return err
		}
		var ours, bares, ratios []float64
		for round := range rounds {
			var want told
			bare, err := insertSelect(ctx, dir, filepath.Join(dir, fmt.Sprintf("told-%d.db", round)), end, func(conn *sql.Conn) error {
				return conn.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT person) FROM told").Scan(&want.entries, &want.persons)
			})
			if err != nil {
				return fmt.Errorf("insert select: %w", err)
			}
			got := told{}
			busy := processorTime()
			took, err := timed(func() error {
				return in.eachDue(ctx, in.store, end, func(a notices.Ask, found notices.Found) error {
					before := got.entries
					for _, c := range allowed(a.Person, found) {
						got.entries += c.Item.Updates
					}
					if got.entries > before {
						got.persons++
					}
					return nil
				})
			})
			if err != nil {
				return err
			}
			if got != want || got.entries == 0 {
				return fmt.Errorf("%+v were selected, and the hand-written statement selects %+v", got, want)
			}
			r.note("compose round %d\t%d entries for %d persons\tours %s (processor time %s)\tINSERT … SELECT %s\tratio %.2f",
				round+1, got.entries, got.persons, millis(took), millis(processorTime()-busy), millis(bare), float64(bare)/float64(took))
			ours, bares, ratios = append(ours, float64(got.persons)/took.Seconds()), append(bares, float64(got.persons)/bare.Seconds()), append(ratios, float64(bare)/float64(took))
		}
		r.atLeast("composing, digests against INSERT … SELECT", perSecond(median(ours)), perSecond(median(bares)), median(ratios), composeGoal)
		return measureRendering(ctx, r, in, end)
	})
}

var errEnough = errors.New("enough was seen")

// allowed are what a person may see of all windows.
func allowed(person uuid.UUID, found notices.Found) (all []notices.Candidate) {
	reader := access.Reader{Person: person.String(), Role: access.Member}
	for _, candidates := range found {
		for _, c := range candidates {
			if access.MaySee(reader, c.Audience) {
				all = append(all, c)
			}
		}
	}
	return all
}

// eachDue selects for everyone who is due, group by group as the worker does.
func (in *installation) eachDue(ctx context.Context, db queries.Database, end int64, do func(notices.Ask, notices.Found) error) error {
	selection := queries.NewNotices(db)
	var group []notices.Ask
	flush := func() error {
		for len(group) > 0 {
			found, err := selection.Due(ctx, group)
			if err != nil {
				return err
			}
			for i, f := range found {
				if err := do(group[i], f); err != nil {
					return err
				}
			}
			group = group[len(found):]
		}
		return nil
	}
	rows, err := in.work.Query(ctx, `SELECT person, cursor, since FROM digest_standings WHERE wake_at < $1 ORDER BY wake_at`, dueAt(3600).UnixMicro())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var person string
		w, a := digest.Window{Until: end}, notices.Ask{}
		if err := rows.Scan(&person, &w.From, &a.Since); err != nil {
			return err
		}
		if a.Person, err = uuid.Parse(person); err != nil {
			return err
		}
		a.Windows = []digest.Window{w}
		if group = append(group, a); len(group) == groupSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(flush(), rows.Err())
}

// insertSelect is the hand-written statement: it begins at who is due and goes by
// index to libraries and notices. It does not know of series unfollowed, for nobody
// has unfollowed one. look sees the rows, in the table told.
func insertSelect(ctx context.Context, dir, out string, end int64, look func(*sql.Conn) error) (took time.Duration, err error) {
	db, err := sqlite.Open(ctx, out, sqlite.Rebuildable)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.Remove(out)) }()
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := execute(ctx, conn, []string{
		fmt.Sprintf("ATTACH '%s' AS work", filepath.Join(dir, "data", "work.db")),
		fmt.Sprintf("ATTACH '%s' AS views", filepath.Join(dir, "data", "views.db")),
		"CREATE TABLE told (person text NOT NULL, cause text NOT NULL, document text NOT NULL, version bigint NOT NULL, ordinal bigint NOT NULL, saved bigint NOT NULL)",
	}); err != nil {
		return 0, err
	}
	const due = `st.wake_at < $1 AND n.ordinal >= st.cursor AND n.ordinal < $2 AND n.cause_ordinal > st.since`
	names := strings.NewReplacer("$entries", "views."+libraries.Projection().View("entries"), "$follows", "views."+libraries.Projection().View("follows"),
		"$notices", "views."+notices.Projection().View("notices"), "$documents", "views."+catalog.Projection().View("documents"), "$standings", "work.digest_standings")
	text := names.Replace(`INSERT INTO told SELECT t.person, t.cause, t.document, t.version, t.ordinal, MAX(t.saved) FROM (
		SELECT st.person, n.cause, n.document, n.version, n.ordinal, 1 AS saved
		FROM $standings st CROSS JOIN $entries e CROSS JOIN $notices n
		WHERE ` + due + ` AND e.person = st.person AND n.document = e.document AND n.cause_ordinal > e.saved
		UNION ALL
		SELECT st.person, n.cause, n.document, n.version, n.ordinal, 0
		FROM $standings st CROSS JOIN $entries e CROSS JOIN $documents d CROSS JOIN $notices n
		WHERE ` + due + ` AND e.person = st.person AND d.document = e.document AND d.series <> '' AND n.series = d.series AND n.cause_ordinal > MAX(e.saved, d.series_since)
		UNION ALL
		SELECT st.person, n.cause, n.document, n.version, n.ordinal, 0
		FROM $standings st CROSS JOIN $follows f CROSS JOIN $notices n
		WHERE ` + due + ` AND f.person = st.person AND f.followed > f.unfollowed AND n.series = f.series AND n.cause_ordinal > f.followed
	) t JOIN $documents d ON d.document = t.document WHERE d.audience IN ('everyone', 'signed-in') GROUP BY t.person, t.cause`)
	took, err = timed(func() error {
		_, err := conn.ExecContext(ctx, text, dueAt(3600).UnixMicro(), end)
		return err
	})
	if err != nil {
		return took, err
	}
	return took, look(conn)
}

// listening is a database that remembers the statements it is asked.
type listening struct {
	queries.Database
	asked map[string][]any
}

func (l *listening) Snapshot(ctx context.Context, read func(queries.Querier) error) error {
	return l.Database.Snapshot(ctx, func(q queries.Querier) error { return read(listener{q, l}) })
}

type listener struct {
	queries.Querier
	to *listening
}

func (l listener) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	l.to.asked[text] = args
	return l.Querier.Query(ctx, text, args...)
}

// Steps of a plan: one that reads a read model's table from end to end, and those
// that look at one, of which the report tells.
var (
	wholeTable = regexp.MustCompile(`^SCAN \w+_v\d+_g\d+`)
	looksAt    = regexp.MustCompile(`^SEARCH \w+_v\d+_g\d+`)
)

// explain notes the plans of what was asked. It fails where one reads a table wholly.
func (l *listening) explain(ctx context.Context, r *report) error {
	return l.Database.Snapshot(ctx, func(q queries.Querier) error {
		for text, args := range l.asked {
			rows, err := q.Query(ctx, "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				return err
			}
			var plan []string
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					return err
				}
				if wholeTable.MatchString(step) {
					return fmt.Errorf("a selection reads a table wholly: %s\n%.200s", step, text)
				}
				if looksAt.MatchString(step) && !slices.Contains(plan, step) {
					plan = append(plan, step)
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
			rows.Close()
			if len(plan) > 0 {
				r.note("plan of a selection's statement\t%s", strings.Join(plan, "; "))
			}
		}
		return nil
	})
}

// rendered bounds the letters of a measurement.
const rendered = 20_000

// measureRendering words what a part of those due are told, on one core.
func measureRendering(ctx context.Context, r *report, in *installation, end int64) error {
	const portal = "https://trust.example.org"
	press, letters, bytes := &letter.Press{}, 0, 0
	var took time.Duration
	err := in.eachDue(ctx, in.store, end, func(a notices.Ask, found notices.Found) error {
		l := letter.Letter{
			Language: "en", Portal: "Halden Trust Center", PortalURL: portal, SettingsURL: portal + "/settings",
			UnsubscribeURL: portal + "/unsubscribe?token=" + a.Person.String(), From: whenDue.Add(-24 * time.Hour), Until: whenDue,
		}
		for _, c := range allowed(a.Person, found) {
			l.Items = append(l.Items, letter.Item{
				Kind: letter.Updated, Title: c.Title, Version: c.Item.Version, Updates: c.Item.Updates, At: c.CauseAt, Summary: c.Summary,
				Via: letter.ViaLibrary, URL: portal + "/documents/" + c.Item.Document.String(), Series: c.SeriesName,
			})
		}
		if len(l.Items) == 0 {
			return nil
		}
		began := time.Now()
		m, err := press.Render(l)
		took += time.Since(began)
		if err != nil {
			return err
		}
		bytes += len(m.Text) + len(m.HTML)
		if letters++; letters == rendered {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	r.note("rendering\t%d letters of %d bytes\t%s", letters, bytes/letters, millis(took))
	r.tell("rendering, letters", perSecond(float64(letters)/took.Seconds()))
	return nil
}
