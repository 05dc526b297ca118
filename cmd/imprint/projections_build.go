package main

// Here: generations of read models are built and shown.

import (
	"context"
	"fmt"

	"imprint/projections"
)

type projectionsRebuild struct {
	engineFlags
	Model  string `arg:"" optional:"" help:"One read model; all where none is named."`
	Switch bool   `env:"IMPRINT_REBUILD_SWITCH" help:"Switch to the new generation at once."`
}

func (c *projectionsRebuild) Run(ctx context.Context, io *console) error {
	chosen, err := models(c.Model)
	if err != nil {
		return err
	}
	return c.writing(ctx, func(in *opened) error {
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
	})
}

type projectionsSwitch struct {
	engineFlags
	Model      string `arg:"" help:"The read model."`
	Generation int64  `arg:"" help:"The generation, as rebuild and list name it."`
}

func (c *projectionsSwitch) Run(ctx context.Context, io *console) error {
	p, err := model(c.Model)
	if err != nil {
		return err
	}
	return c.writing(ctx, func(in *opened) error {
		if err := in.engine.Switch(ctx, p, c.Generation); err != nil {
			return err
		}
		fmt.Fprintf(io.Out, "%s: generation %d is live\n", p.Name, c.Generation)
		return nil
	})
}
