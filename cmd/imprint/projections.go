package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"imprint/adapters/sqlite/views"
	"imprint/domain"
	"imprint/projections"
)

type projectionsCommand struct {
	List    projectionsList    `cmd:"" help:"List the read models and their generations."`
	Verify  projectionsVerify  `cmd:"" help:"Prove that every read model equals a fresh fold of the log."`
	Rebuild projectionsRebuild `cmd:"" help:"Build a new generation beside the live one."`
	Switch  projectionsSwitch  `cmd:"" help:"Make a rebuilt generation the live one."`
	Parked  projectionsParked  `cmd:"" help:"List the keys whose events could not be folded."`
	Replay  projectionsReplay  `cmd:"" help:"Fold a parked key's events again."`
}

// model picks a read model by name.
func model(name string) (projections.Projection, error) {
	var names []string
	for _, p := range readModels() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return projections.Projection{}, domain.Refuse(domain.Invalid, "no-read-model", "there is no read model %q; there are %s", name, strings.Join(names, ", "))
}

// models picks one, or all where no name is given.
func models(name string) ([]projections.Projection, error) {
	if name == "" {
		return readModels(), nil
	}
	p, err := model(name)
	return []projections.Projection{p}, err
}

type projectionsList struct {
	folderFlags
}

func (c *projectionsList) Run(ctx context.Context, io *console) error {
	v, done, err := view(ctx, c.folderFlags)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
	head, err := v.log.Head(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "READ MODEL\tVERSION\tGENERATION\tSTATE\tORDINAL\tBEHIND\tPARKED KEYS")
	err = v.engine.Store.Read(ctx, func(r projections.Reader) error {
		builds, err := r.Builds(ctx)
		if err != nil {
			return err
		}
		for _, b := range builds {
			parked, err := r.Parked(ctx, b.Generation)
			if err != nil {
				return err
			}
			keys := map[projections.Key]bool{}
			for _, k := range parked {
				keys[k.Key] = true
			}
			state := "built"
			if b.Live {
				state = "live"
			}
			fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%d\t%d\t%d\n", b.Projection, b.Version, b.Number, state, b.Checkpoint.Ordinal, head.Ordinal-b.Checkpoint.Ordinal, len(keys))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return table.Flush()
}

type projectionsVerify struct {
	folderFlags
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
	v, done, err := view(ctx, c.folderFlags)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
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

type projectionsRebuild struct {
	folderFlags
	Model  string `arg:"" optional:"" help:"One read model; all where none is named."`
	Switch bool   `help:"Switch to the new generation at once."`
}

func (c *projectionsRebuild) Run(ctx context.Context, io *console) (err error) {
	chosen, err := models(c.Model)
	if err != nil {
		return err
	}
	in, err := open(ctx, c.folderFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	bar := newProgress(io.Err, "rebuild")
	builds, err := in.engine.RebuildAll(ctx, chosen, func(at projections.Progress) { bar.set(int(at.Ordinal), int(at.Head)) })
	if err != nil {
		return err
	}
	bar.finish(int(builds[0].Checkpoint.Ordinal))
	for i, build := range builds {
		fmt.Fprintf(io.Out, "%s: generation %d is built up to event %d\n", build.Projection, build.Number, build.Checkpoint.Ordinal)
		if !c.Switch {
			fmt.Fprintf(io.Out, "  Make it live: imprint projections switch %s %d --data %s\n", build.Projection, build.Number, c.Data)
			continue
		}
		if err := in.engine.Switch(ctx, chosen[i], build.Number); err != nil {
			return err
		}
		fmt.Fprintf(io.Out, "  and is live\n")
	}
	return nil
}

type projectionsSwitch struct {
	folderFlags
	Model      string `arg:"" help:"The read model."`
	Generation int64  `arg:"" help:"The generation, as rebuild and list name it."`
}

func (c *projectionsSwitch) Run(ctx context.Context, io *console) (err error) {
	p, err := model(c.Model)
	if err != nil {
		return err
	}
	in, err := open(ctx, c.folderFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.engine.Switch(ctx, p, c.Generation); err != nil {
		return err
	}
	fmt.Fprintf(io.Out, "%s: generation %d is live\n", p.Name, c.Generation)
	return nil
}

type projectionsParked struct {
	folderFlags
}

func (c *projectionsParked) Run(ctx context.Context, io *console) error {
	v, done, err := view(ctx, c.folderFlags)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
	table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "READ MODEL\tKEY\tEVENT\tREASON")
	none := true
	for _, p := range readModels() {
		parked, err := v.engine.Parked(ctx, p)
		if err != nil {
			return err
		}
		for _, k := range parked {
			none = false
			fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", p.Name, k.Key, k.Ordinal(), k.Reason)
		}
	}
	if none {
		fmt.Fprintln(io.Out, "nothing is parked")
		return nil
	}
	return table.Flush()
}

type projectionsReplay struct {
	folderFlags
	Model string `arg:"" help:"The read model."`
	Key   string `arg:"" optional:"" help:"The key, as parked prints it; all where none is named."`
}

func (c *projectionsReplay) Run(ctx context.Context, io *console) (err error) {
	p, err := model(c.Model)
	if err != nil {
		return err
	}
	in, err := open(ctx, c.folderFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	parked, err := in.engine.Parked(ctx, p)
	if err != nil {
		return err
	}
	replayed := map[projections.Key]bool{}
	for _, k := range parked {
		if replayed[k.Key] || c.Key != "" && k.Key.String() != c.Key {
			continue
		}
		replayed[k.Key] = true
		if err := in.engine.Replay(ctx, p, k.Key); err != nil {
			return fmt.Errorf("%s stays parked: %w", k.Key, err)
		}
		fmt.Fprintf(io.Out, "%s: %s is folded again\n", p.Name, k.Key)
	}
	switch {
	case len(replayed) == 0 && c.Key != "":
		return domain.Refuse(domain.NotFound, "not-parked", "%s has no parked key %.100q; imprint projections parked lists them", p.Name, c.Key)
	case len(replayed) == 0:
		fmt.Fprintln(io.Out, "there was nothing to replay")
	}
	return nil
}
