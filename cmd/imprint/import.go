package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"imprint/domain"
	"imprint/handlers/importer"
	"imprint/projections"
)

type importCommand struct {
	engineFlags
	Corpus string `required:"" env:"IMPRINT_IMPORT_CORPUS" placeholder:"FILE" help:"corpus.jsonl: one published version a line."`
	Blobs  string `required:"" env:"IMPRINT_IMPORT_BLOBS" placeholder:"FILE" help:"blobs.tar.gz: the contents by their SHA-256."`
}

// Help is shown by imprint import --help.
func (importCommand) Help() string {
	return "The bytes are stored first, then every line is recorded with the time its source claims, then the read models are brought up to date. Nothing imported is ever mailed. Stop it at any point and run it again: it goes on where it stopped, and a second run adds nothing; a line that has changed since it was imported is named on standard error and passed over. The last line on standard output is a JSON object with what is held now (documents, versions, withdrawals) and what this run did (skipped, events, seconds)."
}

// importSummary is the last line on standard output.
type importSummary struct {
	Documents   int     `json:"documents"`
	Versions    int     `json:"versions"`
	Withdrawals int     `json:"withdrawals"`
	Skipped     int     `json:"skipped"`
	Events      int     `json:"events"`
	Seconds     float64 `json:"seconds"`
}

func (c *importCommand) Run(ctx context.Context, io *console) (err error) {
	started := time.Now()
	// Both inputs before the folder: a wrong path leaves no empty installation.
	archive, err := openInput("--blobs", c.Blobs)
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }() // only read
	total, err := countLines(c.Corpus)
	if err != nil {
		return err
	}
	in, err := open(ctx, c.engineFlags, options{create: true})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := in.Close(); err == nil {
			err = closeErr
		}
	}()
	report, err := c.record(ctx, in, io, archive, total)
	tellChanged(io, report)
	// However the import ended, what it recorded is shown.
	if err := errors.Join(err, drain(ctx, in, io)); err != nil {
		return err
	}
	held, err := importer.Count(ctx, in.log, in.codec.Registry(), report.Sources)
	if err != nil {
		return err
	}
	return json.NewEncoder(io.Out).Encode(importSummary{
		Documents: held.Documents, Versions: held.Versions, Withdrawals: held.Withdrawals,
		Skipped: report.Skipped, Events: report.Events,
		Seconds: float64(time.Since(started).Milliseconds()) / 1000,
	})
}

// record stores the bytes and records the lines.
func (c *importCommand) record(ctx context.Context, in *opened, io *console, archive *os.File, total int) (importer.Report, error) {
	if err := storeBlobs(ctx, in, io, archive); err != nil {
		return importer.Report{}, err
	}
	return c.lines(ctx, in, io, total)
}

// tellChanged names the lines that say otherwise than what is recorded.
func tellChanged(io *console, report importer.Report) {
	if report.Changed == 0 {
		return
	}
	fmt.Fprintf(io.Err, "changed: %d of the lines say otherwise than when their version was imported; what is recorded stays, publish a new version to change it\n", report.Changed)
	for _, l := range report.First {
		fmt.Fprintf(io.Err, "changed: %q, version %d (line %d)\n", l.Key, l.Version, l.Line)
	}
	if more := report.Changed - len(report.First); more > 0 {
		fmt.Fprintf(io.Err, "changed: and %d more\n", more)
	}
}

// drain brings the read models up to date, also where the import was stopped;
// then only for the time that stopping may take, and the next start goes on.
func drain(ctx context.Context, in *opened, io *console) error {
	err := catchUp(ctx, in, io)
	if err == nil || ctx.Err() == nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer stop()
	err = catchUp(ctx, in, io)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

func storeBlobs(ctx context.Context, in *opened, io *console, archive *os.File) error {
	bar := newProgress(io.Err, "contents")
	done, err := importer.StoreBlobs(ctx, archive, in.content, func(done int) { bar.set(done, 0) })
	if err != nil {
		return err
	}
	bar.finish(done)
	return nil
}

func (c *importCommand) lines(ctx context.Context, in *opened, io *console, total int) (importer.Report, error) {
	corpus, err := openInput("--corpus", c.Corpus)
	if err != nil {
		return importer.Report{}, err
	}
	defer func() { _ = corpus.Close() }()
	bar := newProgress(io.Err, "versions")
	report, err := importer.New(in.publishing, in.content).Run(ctx, corpus, func(done int) { bar.set(done, total) })
	if err != nil {
		return report, err
	}
	bar.finish(report.Records)
	return report, nil
}

// catchUp folds all read models to the end of the log, with one progress for the
// slowest of them. Those that another program keeps up to date are waited for.
func catchUp(ctx context.Context, in *opened, io *console) error {
	bar := newProgress(io.Err, "read models")
	reached := map[string]int64{}
	err := in.readModels.CatchUp(ctx, func(p projections.Progress) {
		reached[p.Projection] = p.Ordinal
		slowest := p.Ordinal
		for _, ordinal := range reached {
			slowest = min(slowest, ordinal)
		}
		bar.set(int(slowest), int(p.Head))
	})
	if codeOf(err) == "projection-held" {
		err = follow(ctx, in)
	}
	if err != nil {
		return err
	}
	head, err := in.log.Head(ctx)
	if err != nil {
		return err
	}
	bar.finish(int(head.Ordinal))
	return nil
}

// follow waits until the read models have come to the end that the log has now,
// whoever folds them: a program beside us, or we where it has died.
func follow(ctx context.Context, in *opened) error {
	head, err := in.log.Head(ctx)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- in.readModels.Run(running) }()
	err = in.readModels.Wait(ctx, head.Position)
	stop()
	return errors.Join(err, <-ended)
}

func openInput(flag, path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, domain.Refuse(domain.NotFound, "no-input", "%s %s cannot be opened; check the path", flag, path).Because(err)
	}
	return f, nil
}

// countLines counts a file's lines, for the progress.
func countLines(path string) (int, error) {
	f, err := openInput("--corpus", path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	lines, buf := 0, make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		lines += bytes.Count(buf[:n], []byte{'\n'})
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", path, err)
		}
	}
}
