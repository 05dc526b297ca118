package main

import (
	"context"
	"fmt"

	"imprint/domain/document"
	"imprint/domain/event"
)

type contentCommand struct {
	Scrub contentScrub `cmd:"" help:"Re-hash all stored bytes, and look for missing ones."`
}

type contentScrub struct {
	engineFlags
}

// Help is shown by imprint content scrub --help.
func (contentScrub) Help() string {
	return "Reads every stored content again and holds it against its SHA-256, then looks whether the bytes of every published version are there. It changes nothing. Exit 0: all is well; 1: something is damaged or missing, and is listed. Put the right bytes again (publish or import them) to repair them."
}

func (c *contentScrub) Run(ctx context.Context, io *console) error {
	return c.writing(ctx, func(in *opened) error { return c.scrub(ctx, io, in) })
}

func (c *contentScrub) scrub(ctx context.Context, io *console, in *opened) error {
	bar := newProgress(io.Err, "scrub")
	damaged, checked := 0, 0
	for d, err := range in.content.Scrub(ctx, func(done, total int) { checked = done; bar.set(done, total) }) {
		if err != nil {
			return err
		}
		damaged++
		fmt.Fprintf(io.Out, "damaged  %s  %s\n", d.SHA256, d.Problem)
	}
	bar.finish(checked)
	missing, err := c.missing(ctx, in, io)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.Out, "%d contents checked, %d damaged, %d missing\n", checked, damaged, missing)
	if damaged+missing > 0 {
		return errFound
	}
	return nil
}

// missing lists the contents that the log names and the store lacks.
func (c *contentScrub) missing(ctx context.Context, in *opened, io *console) (int, error) {
	seen := map[string]bool{}
	missing := 0
	var at event.Checkpoint
	for {
		page, err := in.log.ReadAll(ctx, at, 1000)
		if err != nil || len(page) == 0 {
			return missing, err
		}
		at = page[len(page)-1].Checkpoint()
		for _, e := range page {
			files, err := in.files(e)
			if err != nil {
				return missing, err
			}
			for _, f := range files {
				if seen[f.SHA256] {
					continue
				}
				seen[f.SHA256] = true
				has, err := in.content.Has(ctx, f.SHA256)
				if err != nil {
					return missing, err
				}
				if !has {
					missing++
					fmt.Fprintf(io.Out, "missing  %s  named by event %d (%s)\n", f.SHA256, e.Ordinal, e.Type)
				}
			}
		}
	}
}

// files are the files that an event names.
func (in *opened) files(e event.Recorded) ([]document.File, error) {
	if e.Type != (document.Published{}).EventType() && e.Type != (document.Versioned{}).EventType() {
		return nil, nil
	}
	payload, err := in.codec.Registry().Decode(e)
	if err != nil {
		return nil, err
	}
	switch p := payload.(type) {
	case document.Published:
		return p.Version.Files, nil
	case document.Versioned:
		return p.Version.Files, nil
	}
	return nil, nil
}
