package main

// Here: which read models there are, how they stand, and their parked keys.
// projections_verify.go, projections_build.go and projections_remove.go hold the
// rest.

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"imprint/domain"
	"imprint/projections"
)

type projectionsCommand struct {
	List    projectionsList    `cmd:"" help:"List the read models and their generations."`
	Verify  projectionsVerify  `cmd:"" help:"Prove that every read model equals a fresh fold of the log."`
	Rebuild projectionsRebuild `cmd:"" help:"Build a new generation beside the live one."`
	Switch  projectionsSwitch  `cmd:"" help:"Make a rebuilt generation the live one."`
	Drop    projectionsDrop    `cmd:"" help:"Remove a generation that is not live."`
	Prune   projectionsPrune   `cmd:"" help:"Remove the generations that nobody has fed for a time."`
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
	engineFlags
}

// Help is shown by imprint projections list --help.
func (projectionsList) Help() string {
	return "Lists every generation of every read model: live (readers see it), kept (built, or live before a switch; imprint projections switch shows it again), unfinished (being built, or its rebuild broke off; the next one removes it) or unread (of another version of the program). UNFED DAYS says since when no program feeds it. imprint serve removes those that are not live when nobody has fed them for 30 days, imprint projections prune and drop sooner."
}

func (c *projectionsList) Run(ctx context.Context, io *console) error {
	return c.reading(ctx, func(v *viewed) error {
		head, err := v.log.Head(ctx)
		if err != nil {
			return err
		}
		sizes, err := v.views.Sizes(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "READ MODEL\tVERSION\tGENERATION\tSTATE\tORDINAL\tBEHIND\tPARKED KEYS\tUNFED DAYS\tKIB")
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
				since := "-"
				if b.Unfed > 0 {
					since = fmt.Sprintf("%.1f", inDays(b.Unfed))
				}
				fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%d\t%d\t%d\t%s\t%d\n", b.Projection, b.Version, b.Number, state(b), b.Checkpoint.Ordinal, head.Ordinal-b.Checkpoint.Ordinal, len(keys), since, sizes[b.Number]>>10)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return table.Flush()
	})
}

// state says in a word what a generation is to this program.
func state(b projections.Build) string {
	for _, p := range readModels() {
		if b.Projection == p.Name && b.Version == p.Version {
			switch {
			case b.Live:
				return "live"
			case b.Indexed:
				return "kept"
			}
			return "unfinished"
		}
	}
	return "unread"
}

type projectionsParked struct {
	engineFlags
}

func (c *projectionsParked) Run(ctx context.Context, io *console) error {
	return c.reading(ctx, func(v *viewed) error {
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
	})
}

type projectionsReplay struct {
	engineFlags
	Model string `arg:"" help:"The read model."`
	Key   string `arg:"" optional:"" help:"The key, as parked prints it; all where none is named."`
}

func (c *projectionsReplay) Run(ctx context.Context, io *console) error {
	p, err := model(c.Model)
	if err != nil {
		return err
	}
	return c.writing(ctx, func(in *opened) error {
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
	})
}
