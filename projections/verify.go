package projections

// Law 4 as a command: a read model is equal, row for row, to a fresh fold of the
// log up to its checkpoint.

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"

	"imprint/domain"
	"imprint/domain/event"
)

// Report is what Verify found.
type Report struct {
	Projection string
	Version    int
	Generation int64
	Checkpoint event.Checkpoint
	Head       event.Checkpoint // the end of the log
	Parked     int              // keys
	Tables     []TableReport
	Difference *Difference // the first; nil where all is equal
}

// TableReport counts and hashes one table of the live generation.
type TableReport struct {
	Table string
	Rows  int64
	Hash  string // SHA-256 in hex over the hashed columns, equal on every engine
}

// Difference is the first place where the live rows and a fresh fold disagree.
type Difference struct {
	Table, Key  string
	Column      string // "" where one side has no such row
	Live, Fresh string
}

func (d Difference) String() string {
	if d.Column == "" {
		return fmt.Sprintf("table %s, row %s: live %s, fresh fold %s", d.Table, d.Key, d.Live, d.Fresh)
	}
	return fmt.Sprintf("table %s, row %s, column %s: live %s, fresh fold %s", d.Table, d.Key, d.Column, d.Live, d.Fresh)
}

// Verify folds the log up to the live generation's checkpoint into an empty
// scratch store and compares every column of every row. Keys that are parked in
// the live generation are parked at the same event, so that their hidden rows
// compare too. It reads one moment of the live store, writes nothing to it and
// takes no lease. progress may be nil.
func (e Engine) Verify(ctx context.Context, p Projection, scratch Store, progress func(Progress)) (Report, error) {
	if err := p.check(); err != nil {
		return Report{}, err
	}
	report := Report{Projection: p.Name, Version: p.Version}
	err := e.Store.Read(ctx, func(live Reader) error {
		build, known, err := report.begin(ctx, live, p)
		if err != nil {
			return err
		}
		if report.Head, err = e.Log.Head(ctx); err != nil {
			return err
		}
		fresh, err := e.fresh(ctx, p, scratch, build.Checkpoint, known, progress)
		if err != nil {
			return err
		}
		return scratch.Read(ctx, func(other Reader) error {
			for _, t := range p.Tables {
				r, d, err := compareTable(t, live.Scan(ctx, build.Generation, t), other.Scan(ctx, fresh.Generation, t))
				if err != nil {
					return err
				}
				report.Tables = append(report.Tables, r)
				if report.Difference == nil {
					report.Difference = d
				}
			}
			return nil
		})
	})
	if err != nil {
		return report, fmt.Errorf("verify %s: %w", p.Name, err)
	}
	return report, nil
}

// Sum counts and hashes the tables of the live generation at one moment, so that
// they can be held against those of another store. It writes nothing and takes no
// lease.
func (e Engine) Sum(ctx context.Context, p Projection) (Report, error) {
	report := Report{Projection: p.Name, Version: p.Version}
	err := e.Store.Read(ctx, func(live Reader) error {
		build, _, err := report.begin(ctx, live, p)
		if err != nil {
			return err
		}
		for _, t := range p.Tables {
			sum, rows := newContentHash(t), int64(0)
			for row, err := range live.Scan(ctx, build.Generation, t) {
				if err != nil {
					return err
				}
				rows++
				sum.add(row)
			}
			report.Tables = append(report.Tables, TableReport{Table: t.Name, Rows: rows, Hash: hex.EncodeToString(sum.sum())})
		}
		return nil
	})
	if err != nil {
		return report, fmt.Errorf("hash of %s: %w", p.Name, err)
	}
	return report, nil
}

// begin says of which generation the report is, and answers the first event of
// each key that this one has parked.
func (r *Report) begin(ctx context.Context, live Reader, p Projection) (Build, map[Key]Parked, error) {
	build, err := liveBuild(ctx, live, p)
	if err != nil {
		return build, nil, err
	}
	parked, err := live.Parked(ctx, build.Generation)
	known := firstOfEach(parked)
	r.Generation, r.Checkpoint, r.Parked = build.Number, build.Checkpoint, len(known)
	return build, known, err
}

// liveBuild finds the generation that the views show, and makes none.
func liveBuild(ctx context.Context, r Reader, p Projection) (Build, error) {
	builds, err := r.Builds(ctx)
	if err != nil {
		return Build{}, err
	}
	for _, b := range builds {
		if b.Live && b.Projection == p.Name && b.Version == p.Version {
			return b, nil
		}
	}
	return Build{}, domain.Refuse(domain.NotFound, "no-read-model", "the read model %s (version %d) has not been built yet; start imprint serve once", p.Name, p.Version)
}

// fresh folds the log into the scratch store exactly up to a checkpoint.
func (e Engine) fresh(ctx context.Context, p Projection, scratch Store, until event.Checkpoint, known map[Key]Parked, progress func(Progress)) (Build, error) {
	e.Store = scratch
	build, err := scratch.Create(ctx, p)
	if err != nil {
		return Build{}, err
	}
	f, err := e.open(ctx, p, build, false)
	if err != nil {
		return Build{}, err
	}
	f.judge = judge{known: known, strict: true, same: true}
	err = feeds{f}.reach(ctx, until.Ordinal, func(f *feed) error {
		if progress != nil {
			progress(Progress{Projection: p.Name, Ordinal: f.build.Checkpoint.Ordinal, Head: until.Ordinal})
		}
		return nil
	})
	if err != nil {
		return Build{}, errors.Join(err, f.close(ctx))
	}
	if f.build.Checkpoint.Position != until.Position {
		return Build{}, errors.Join(fmt.Errorf("event %d is at %s in the log and at %s in the checkpoint: they do not belong together", until.Ordinal, f.build.Checkpoint.Position, until.Position), f.close(ctx))
	}
	return f.build, f.close(ctx)
}

// compareTable walks both sides in primary-key order to the end of the live one,
// which it counts and hashes, and keeps the first difference.
func compareTable(t *Table, live, fresh iter.Seq2[Values, error]) (TableReport, *Difference, error) {
	report := TableReport{Table: t.Name}
	sum := newContentHash(t)
	next, stop := iter.Pull2(fresh)
	defer stop()
	var difference *Difference
	for row, err := range live {
		if err != nil {
			return report, nil, err
		}
		report.Rows++
		sum.add(row)
		if difference != nil {
			continue
		}
		other, err, ok := next()
		if err != nil {
			return report, nil, err
		}
		difference = differ(t, row, other, ok)
	}
	if difference == nil {
		other, err, ok := next()
		if err != nil {
			return report, nil, err
		}
		if ok {
			difference = &Difference{Table: t.Name, Key: describeKey(t, other), Live: "has no such row", Fresh: "has one"}
		}
	}
	report.Hash = hex.EncodeToString(sum.sum())
	return report, difference, nil
}

// differ compares a live row with the fresh one at the same place.
func differ(t *Table, live, fresh Values, ok bool) *Difference {
	order := -1
	if ok {
		order = t.compareIdentity(live, fresh)
	}
	switch {
	case order < 0:
		return &Difference{Table: t.Name, Key: describeKey(t, live), Live: "has one", Fresh: "has no such row"}
	case order > 0:
		return &Difference{Table: t.Name, Key: describeKey(t, fresh), Live: "has no such row", Fresh: "has one"}
	}
	for i, c := range t.Columns {
		if compare(live[i], fresh[i]) != 0 {
			return &Difference{Table: t.Name, Key: describeKey(t, live), Column: c.Name, Live: describeValue(live[i]), Fresh: describeValue(fresh[i])}
		}
	}
	return nil
}

func describeKey(t *Table, row Values) string {
	s := ""
	for n, v := range t.identity(row) {
		if n > 0 {
			s += "/"
		}
		s += fmt.Sprint(v)
	}
	return s
}

// describeValue shows a value briefly; personal ones are sealed in every row.
func describeValue(v any) string {
	const most = 120
	s := fmt.Sprintf("%v", v)
	switch v := v.(type) {
	case string:
		s = fmt.Sprintf("%q", v)
	case []byte:
		s = hex.EncodeToString(v)
	}
	if len(s) > most {
		return fmt.Sprintf("%s… (%d characters)", s[:most], len(s))
	}
	return s
}
