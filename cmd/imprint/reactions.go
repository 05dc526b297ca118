package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/reaction"
	"imprint/handlers/reactions"
)

type reactionsCommand struct {
	Parked reactionsParked `cmd:"" help:"List the events that a reaction failed on for good."`
	Replay reactionsReplay `cmd:"" help:"Deal with a parked event again."`
}

// reactions makes the reactions of an installation.
func (in *opened) reactions(grace time.Duration) *reactions.Reactions {
	return reactions.New(in.log, in.codec, work.NewReactions(in.work), reactions.Commands{People: in.people}, in.clock, grace)
}

type reactionsParked struct {
	engineFlags
}

func (c *reactionsParked) Run(ctx context.Context, io *console) error {
	return c.reading(ctx, func(v *viewed) error {
		parked, err := work.NewReactions(v.work).Parked(ctx)
		if err != nil {
			return err
		}
		if len(parked) == 0 {
			fmt.Fprintln(io.Out, "nothing is parked")
			return nil
		}
		table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "REACTION\tORDINAL\tEVENT\tTYPE\tPARKED AT\tREASON")
		for _, p := range parked {
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", p.Reaction, p.Ordinal, p.Event, p.Type, p.At.Format(time.RFC3339), p.Reason)
		}
		return table.Flush()
	})
}

type reactionsReplay struct {
	engineFlags
	graceFlag
	Event string `arg:"" optional:"" help:"The event's id, as parked prints it; all where none is named."`
}

func (c *reactionsReplay) Run(ctx context.Context, io *console) error {
	return c.writing(ctx, func(in *opened) error { return c.replay(ctx, io, in) })
}

func (c *reactionsReplay) replay(ctx context.Context, io *console, in *opened) error {
	all := in.reactions(c.Grace)
	parked, err := all.Parked(ctx)
	if err != nil {
		return err
	}
	var done []reaction.Parked
	for _, p := range parked {
		if c.Event != "" && p.Event.String() != c.Event {
			continue
		}
		if err := all.Replay(ctx, p); err != nil {
			return fmt.Errorf("event %d stays parked by %s: %w", p.Ordinal, p.Reaction, err)
		}
		fmt.Fprintf(io.Out, "event %d: %s is done\n", p.Ordinal, p.Reaction)
		done = append(done, p)
	}
	switch {
	case len(done) == 0 && c.Event != "":
		return domain.Refuse(domain.NotFound, "not-parked", "event %.60q is not parked; imprint reactions parked lists what is", c.Event)
	case len(done) == 0:
		fmt.Fprintln(io.Out, "there was nothing to replay")
	}
	return nil
}
