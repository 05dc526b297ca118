package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"imprint/domain"
	"imprint/handlers/importer"
	"imprint/projections"
)

type importCommand struct {
	folderFlags
	Corpus string `required:"" placeholder:"FILE" help:"corpus.jsonl: one published version a line."`
	Blobs  string `required:"" placeholder:"FILE" help:"blobs.tar.gz: the contents by their SHA-256."`
}

// Help is shown by imprint import --help.
func (importCommand) Help() string {
	return "The bytes are stored first, then every line is recorded with the time its source claims, then the read models are brought up to date. Nothing imported is ever mailed. Stop it at any point and run it again: it goes on where it stopped, and a second run adds nothing. The last line on standard output is a JSON object with what is held now (documents, versions, withdrawals) and what this run did (skipped, events, seconds)."
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
	in, err := open(ctx, c.folderFlags, options{create: true})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := in.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := storeBlobs(ctx, in, io, archive); err != nil {
		return err
	}
	report, err := c.lines(ctx, in, io, total)
	if err != nil {
		return err
	}
	if err := catchUp(ctx, in, io); err != nil {
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
	report, err := importer.New(in.publishing).Run(ctx, corpus, func(done int) { bar.set(done, total) })
	if err != nil {
		return report, err
	}
	bar.finish(report.Records)
	return report, nil
}

// catchUp folds all read models to the end of the log, with one progress for the
// slowest of them.
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
