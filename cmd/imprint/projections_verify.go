package main

// Here: holding the read models against the log.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"imprint/adapters/sqlite/views"
	"imprint/projections"
)

type projectionsVerify struct {
	engineFlags
	Model string `arg:"" optional:"" help:"One read model; all where none is named."`
}

// Help is shown by imprint projections verify --help.
func (projectionsVerify) Help() string {
	return "Folds the log afresh into a temporary file, up to each read model's checkpoint, and compares every column of every row. It may run while the installation is served. Exit 0: all equal; 1: a difference, and the first one is printed."
}

func (c *projectionsVerify) Run(ctx context.Context, io *console) error {
	chosen, err := models(c.Model)
	if err != nil {
		return err
	}
	return c.reading(ctx, func(v *viewed) error { return c.verify(ctx, io, v, chosen) })
}

func (c *projectionsVerify) verify(ctx context.Context, io *console, v *viewed, chosen []projections.Projection) error {
	dir, err := os.MkdirTemp("", "imprint-verify-")
	if err != nil {
		return fmt.Errorf("a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	scratch, err := views.OpenScratch(ctx, filepath.Join(dir, "scratch.db"))
	if err != nil {
		return err
	}
	defer func() { _ = scratch.Close() }()

	equal := true
	for _, p := range chosen {
		bar := newProgress(io.Err, "verify "+p.Name)
		report, err := v.engine.Verify(ctx, p, scratch, func(at projections.Progress) { bar.set(int(at.Ordinal), int(at.Head)) })
		if err != nil {
			return err
		}
		bar.finish(int(report.Checkpoint.Ordinal))
		printReport(io, report)
		equal = equal && report.Difference == nil
	}
	if !equal {
		return errFound
	}
	fmt.Fprintln(io.Out, "every read model equals a fresh fold of the log")
	return nil
}

func printReport(io *console, r projections.Report) {
	fmt.Fprintf(io.Out, "%s: version %d, generation %d, checkpoint %d of %d, %d parked keys\n", r.Projection, r.Version, r.Generation, r.Checkpoint.Ordinal, r.Head.Ordinal, r.Parked)
	table := tabwriter.NewWriter(io.Out, 2, 4, 2, ' ', 0)
	for _, t := range r.Tables {
		fmt.Fprintf(table, "  %s\t%d rows\t%s\n", t.Table, t.Rows, t.Hash)
	}
	_ = table.Flush() // the console's fault, if any, shows on the next line
	if r.Difference != nil {
		fmt.Fprintf(io.Out, "  DIFFERENT: %s\n", r.Difference)
		fmt.Fprintf(io.Out, "  Rebuild it: imprint projections rebuild %s, then switch.\n", r.Projection)
	}
}
