package main

// Here: generations of read models that nobody reads are removed.

import (
	"context"
	"fmt"
	"time"

	"imprint/domain"
	"imprint/projections"
)

type projectionsDrop struct {
	engineFlags
	Model      string `arg:"" help:"The read model, also one that this program no longer has."`
	Generation int64  `arg:"" help:"The generation, as list names it."`
}

// Help is shown by imprint projections drop --help.
func (projectionsDrop) Help() string {
	return "Removes one generation that this program does not read, such as the former one after a switch or that of another version. The live one is refused, and so is one that another program feeds. imprint projections prune removes all that nobody has fed for a time. The file keeps its length: what is freed is used again."
}

func (c *projectionsDrop) Run(ctx context.Context, io *console) error {
	return c.writing(ctx, func(in *opened) error {
		if err := in.engine.Drop(ctx, readModels(), c.Model, c.Generation); err != nil {
			return err
		}
		fmt.Fprintf(io.Out, "%s: generation %d is gone\n", c.Model, c.Generation)
		return nil
	})
}

type projectionsPrune struct {
	engineFlags
	After time.Duration `env:"IMPRINT_PRUNE_AFTER" default:"720h" placeholder:"DURATION" help:"For how long nobody must have fed a generation, such as 24h; 0s takes all that nobody feeds now. 720h are 30 days."`
}

// Help is shown by imprint projections prune --help.
func (projectionsPrune) Help() string {
	return "Removes every generation that this program does not read and that nobody has fed for a while: those of other versions of the program, and those built or live before a switch. What another program feeds stays, however short the time. A program whose generation is gone builds it anew when it comes back.\n\nimprint serve does this by itself every hour, with the default time. imprint projections list shows what there is, with sizes. The file keeps its length: what is freed is used again."
}

func (c *projectionsPrune) Run(ctx context.Context, io *console) error {
	if c.After < 0 {
		return domain.Refuse(domain.Invalid, "bad-duration", "--after (IMPRINT_PRUNE_AFTER) is negative; write a time such as 24h, or 0s").In("IMPRINT_PRUNE_AFTER")
	}
	return c.writing(ctx, func(in *opened) error {
		sizes, err := in.views.Sizes(ctx)
		if err != nil {
			return err
		}
		gone, err := in.engine.Prune(ctx, readModels(), c.After)
		for _, b := range gone {
			fmt.Fprintf(io.Out, "%s: version %d, generation %d is gone (%d KiB)\n", b.Projection, b.Version, b.Number, sizes[b.Number]>>10)
		}
		if err != nil {
			return err
		}
		left, err := builds(ctx, in.views)
		if err != nil {
			return err
		}
		for _, b := range left {
			if projections.Unread(b, readModels()) {
				fmt.Fprintf(io.Out, "%s: version %d, generation %d stays (%d KiB): %s\n", b.Projection, b.Version, b.Number, sizes[b.Number]>>10, unfed(b))
			}
		}
		if len(gone) == 0 {
			fmt.Fprintln(io.Out, "nothing was removed")
		}
		return nil
	})
}

// unfed says since when nobody has fed a generation.
func unfed(b projections.Build) string {
	if b.Unfed == 0 {
		return "it is fed now, or it is not known since when it is not"
	}
	return fmt.Sprintf("last fed %.1f days ago", inDays(b.Unfed))
}

func inDays(d time.Duration) float64 { return d.Hours() / 24 }
