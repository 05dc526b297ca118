package main

// Here: a whole installation is moved from one set of engines to another. What is
// done in which order stands in copyWhole; the parts are in the files beside.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/handlers"
)

type copyCommand struct {
	engineFlags
	targetFlags
}

// Help is shown by imprint copy --help.
func (copyCommand) Help() string {
	return "Copies everything that cannot be made again: the bytes, the log with its ids, order and ordinals, and the work rows with keys, tokens and the digests' places. The read models are folded anew. The source is named as everywhere, the target by the flags that begin with --to. Stop every imprint serve on both first. The target must be empty (a database is made ready with imprint migrate up), or an unfinished copy of this source: killed at any point, the same command goes on. Both have one master key. An unfinished copy is refused by every command that opens it for writing. At the end everything is held against the source, and the last line is one JSON object; contents that were there already are compared by their sizes, and imprint content scrub reads them again."
}

// copyReport is the last line of the command.
type copyReport struct {
	Events   int64   `json:"events"`
	Contents int     `json:"contents"`
	Bytes    int64   `json:"bytes"`
	WorkRows int     `json:"workRows"`
	Seconds  float64 `json:"seconds"`
	Verified bool    `json:"verified"`
}

func (c *copyCommand) Run(ctx context.Context, io *console) (err error) {
	started := time.Now()
	run, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	report, err := run.copyWhole(ctx)
	if err != nil {
		return err
	}
	report.Seconds = math.Round(1000*time.Since(started).Seconds()) / 1000
	line, err := json.Marshal(report)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.Out, "%s\n", line)
	return nil
}

// copying is one run of the command.
type copying struct {
	from, to *opened
	io       *console
	head     event.Checkpoint // of the source when the run began
}

// copyWhole copies and verifies. Each step finds what an earlier run has done and
// leaves it, so we may crash anywhere; the target is of use to nobody before the
// last statement (see work.Begin).
func (c *copying) copyWhole(ctx context.Context) (report copyReport, err error) {
	goOn, err := c.begin(ctx)
	if err != nil {
		return report, err
	}
	if goOn {
		if _, err := c.rows(ctx, "keys, names and tokens", work.Copy.Before, nil); err != nil {
			return report, err
		}
	}
	// Bytes before the events that name them.
	if report.Contents, report.Bytes, err = c.contents(ctx, goOn); err != nil {
		return report, err
	}
	if goOn {
		if err := c.logs().appendEvents(ctx); err != nil {
			return report, err
		}
	}
	wanted, err := work.Copy{From: c.from.work}.Places(ctx)
	if err != nil {
		return report, err
	}
	places, err := c.logs().compareLogs(ctx, wanted)
	if err != nil {
		return report, err
	}
	if goOn {
		if _, err := c.rows(ctx, "work rows", work.Copy.After, places); err != nil {
			return report, err
		}
	}
	if err := c.compareReadModels(ctx); err != nil {
		return report, err
	}
	if report.WorkRows, err = c.compareRows(ctx, places, goOn); err != nil {
		return report, err
	}
	at, err := work.NewDigests(c.from.work).Checkpoint(ctx)
	if err != nil {
		return report, err
	}
	moved, err := places.of(at)
	if err != nil {
		return report, err
	}
	if goOn {
		if err := work.Finish(ctx, c.to.work, moved); err != nil {
			return report, err
		}
	} else if there, err := work.NewDigests(c.to.work).Checkpoint(ctx); err != nil || there.Ordinal != at.Ordinal {
		return report, errors.Join(err, c.lives())
	}
	report.Events, report.Verified = c.head.Ordinal, true
	report.WorkRows++ // the digests' checkpoint
	return report, nil
}

// logs is the copy of the log.
func (c *copying) logs() *logCopy {
	return &logCopy{from: c.from.log, to: c.to.log, target: c.to.logName(), head: c.head, out: c.io.Err}
}

// comparePrefix holds all that the target's log has against the source's, and
// answers how many events it is.
func (c *copying) comparePrefix(ctx context.Context) (int64, error) {
	has, err := c.to.log.Head(ctx)
	if err != nil || has.Ordinal == 0 {
		return 0, err
	}
	_, err = c.logs().walkLogs(ctx, min(has.Ordinal, c.head.Ordinal), "compare events", func(event.Recorded) {})
	if err == nil && has.Ordinal > c.head.Ordinal {
		err = c.lives()
	}
	return has.Ordinal, err
}

// begin looks what the target is, and marks an empty one. False: it is a whole
// installation already, which is verified and not written.
func (c *copying) begin(ctx context.Context) (goOn bool, err error) {
	if c.head, err = c.from.log.Head(ctx); err != nil {
		return false, err
	}
	first, err := c.from.log.ReadAll(ctx, event.Checkpoint{}, 1)
	if err != nil {
		return false, err
	}
	if len(first) == 0 {
		return false, domain.Refuse(domain.NotFound, "nothing-to-copy", "the log of the source is empty; name the right one with --data, or --log and --database")
	}
	if err := c.quiet(ctx); err != nil {
		return false, err
	}
	has, err := c.comparePrefix(ctx)
	if err != nil {
		return false, err
	}
	source, _, err := handlers.Identity(ctx, c.from.log, c.from.codec)
	if err != nil {
		return false, err
	}
	served := work.NewServed(c.to.work)
	bound, known, err := served.Log(ctx)
	if err != nil {
		return false, err
	}
	if known && bound != source.Log {
		return false, domain.Refuse(domain.Conflict, "foreign-target", "%s at the target goes with the log %s, and the source is %s: it is another installation; name an empty target", c.to.work.Name(), bound, source.Log)
	}
	log, marked, err := work.Unfinished(ctx, c.to.work)
	switch {
	case err != nil:
		return false, err
	case marked && log == first[0].ID.String():
		_, err := served.Claim(ctx, source.Log)
		return true, err
	case marked:
		return false, domain.Refuse(domain.Conflict, "foreign-target", "%s at the target holds an unfinished copy of another installation; name an empty target", c.to.work.Name())
	}
	empty, err := work.Empty(ctx, c.to.work)
	switch {
	case err != nil:
		return false, err
	case has == 0 && empty:
		// Marked, then bound: a refused target is left as it was, and if we die between
		// the two, the mark alone keeps every program out until the copy goes on.
		if err := work.Begin(ctx, c.to.work, first[0].ID.String()); err != nil {
			return false, err
		}
		_, err := served.Claim(ctx, source.Log)
		return true, err
	case has == 0 || empty:
		return false, domain.Refuse(domain.Conflict, "foreign-target", "of %s and %s at the target one is empty and the other is not: they are no copy of this source; name an empty target", c.to.logName(), c.to.work.Name())
	case has < c.head.Ordinal:
		return false, c.lives()
	}
	return false, nil
}

// lives refuses a target that has been used: its cursors must not be set back.
func (c *copying) lives() error {
	return domain.Refuse(domain.Conflict, "target-lives", "the target is a finished copy of this source, and one of the two has been used since; a copy would set back whom has been told what. Name an empty target")
}

// quiet refuses a source at which somebody is sending digests: they would be sent
// by the target once more. Files have one user at a time, which is us.
func (c *copying) quiet(ctx context.Context) error {
	if c.from.flags.databaseInFile() {
		return nil
	}
	sending, err := work.Sending(ctx, c.from.work)
	if err == nil && sending {
		err = c.moving("somebody is sending digests")
	}
	if err != nil {
		return err
	}
	// A program that was killed leaves its lease for half a minute.
	held, err := work.Leases(ctx, c.from.work)
	if err == nil && len(held) > 0 {
		err = c.moving("the program " + held[0].Holder + " is at work")
	}
	return err
}

// moving refuses a source that does not stand still.
func (c *copying) moving(what string) error {
	return domain.Refuse(domain.Conflict, "source-served", "%s at the source meanwhile; stop every imprint serve on it and run imprint copy again, it goes on from here. After a crash, leases end by themselves within minutes", what)
}

// compareRows holds the target's rows against the source's, and looks whether the
// source has stood still.
func (c *copying) compareRows(ctx context.Context, places placesInTarget, fresh bool) (int, error) {
	n, err := c.rows(ctx, "verify work rows", work.Copy.Compare, places)
	var different *work.DifferentError
	if errors.As(err, &different) && !fresh {
		return n, c.lives()
	}
	if errors.As(err, &different) {
		return n, c.moving(fmt.Sprintf("rows of %s changed", different.Table))
	}
	if err != nil {
		return n, err
	}
	head, err := c.from.log.Head(ctx)
	if err == nil && head.Ordinal != c.head.Ordinal {
		err = c.moving(fmt.Sprintf("%d events were written", head.Ordinal-c.head.Ordinal))
	}
	return n, errors.Join(err, c.quiet(ctx))
}

// rows goes through work rows with a bar, and answers how many the source has.
func (c *copying) rows(ctx context.Context, what string, step func(work.Copy, context.Context) (int, error), places placesInTarget) (int, error) {
	bar := newProgress(c.io.Err, what)
	n, err := step(work.Copy{From: c.from.work, To: c.to.work, Move: places.of, Progress: func(n int) { bar.set(n, 0) }}, ctx)
	if err == nil {
		bar.finish(n)
	}
	return n, err
}

// compareReadModels folds the read models on both sides to the end and holds their
// content hashes against each other.
func (c *copying) compareReadModels(ctx context.Context) error {
	for _, in := range []*opened{c.from, c.to} {
		if err := catchUp(ctx, in, c.io); err != nil {
			return err
		}
	}
	for _, p := range readModels() {
		a, err := c.from.engine.Sum(ctx, p)
		if err != nil {
			return err
		}
		b, err := c.to.engine.Sum(ctx, p)
		if err != nil {
			return fmt.Errorf("the target: %w", err)
		}
		for i := range a.Tables {
			if a.Tables[i] != b.Tables[i] {
				return domain.Refuse(domain.Conflict, "copy-differs", "the table %s of the read model %s has %d rows at the source and %d at the target, or others; run imprint projections verify %s on the source, replay what is parked, then run imprint copy again",
					a.Tables[i].Table, p.Name, a.Tables[i].Rows, b.Tables[i].Rows, p.Name)
			}
		}
	}
	return nil
}
