package main

// The corpus that everything after the appends runs over, and its import.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"imprint/domain/event"
	"imprint/handlers/importer"
)

// corpus is the two files of an import.
type corpus struct {
	name  string
	lines string // corpus.jsonl
	blobs string // blobs.tar.gz
}

// openCorpus finds the corpus in a folder, or makes one below dir.
func openCorpus(folder, dir string, small bool) (corpus, error) {
	c := corpus{name: "of " + filepath.Base(folder)}
	if folder == "" {
		folder = dir
		shape := yearsOfPublishing
		if small {
			shape = afternoon
		}
		c.name = fmt.Sprintf("generated, seed %d", shape.seed)
		if err := shape.write(dir); err != nil {
			return corpus{}, err
		}
	}
	c.lines, c.blobs = filepath.Join(folder, "corpus.jsonl"), filepath.Join(folder, "blobs.tar.gz")
	for _, file := range []string{c.lines, c.blobs} {
		if _, err := os.Stat(file); err != nil {
			return corpus{}, fmt.Errorf("IMPRINT_CORPUS must name a folder with corpus.jsonl and blobs.tar.gz: %w", err)
		}
	}
	return c, nil
}

// measureImport imports as the command does: bytes, lines, read models.
func measureImport(ctx context.Context, b *bench) error {
	c, err := openCorpus(b.corpus, b.dir, b.quick)
	if err != nil {
		return err
	}
	return importCorpus(ctx, b.report, b.in, c)
}

func importCorpus(ctx context.Context, r *report, in *installation, c corpus) (err error) {
	blobs, err := os.Open(c.blobs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	lines, err := os.Open(c.lines)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()

	unwatched := func(int) {}
	contents := 0
	storing, err := timed(func() (err error) {
		contents, err = importer.StoreBlobs(ctx, blobs, in.content, unwatched)
		return err
	})
	if err != nil {
		return err
	}
	var done importer.Report
	recording, err := timed(func() (err error) {
		done, err = importer.New(in.publishing, in.content).Run(ctx, lines, unwatched)
		return err
	})
	if err != nil {
		return err
	}
	folding, err := timed(func() error { return in.readModels.CatchUp(ctx, nil) })
	if err != nil {
		return err
	}
	held, err := importer.Count(ctx, in.log, in.registry, done.Sources)
	if err != nil {
		return err
	}
	total := storing + recording + folding
	r.note("corpus\t%s\t%d documents\t%d versions\t%d withdrawals\t%d contents", c.name, held.Documents, held.Versions, held.Withdrawals, contents)
	r.note("import\tcontents %s\t%d events %s (%.0f/s)\tread models %s (%.0f events/s)", millis(storing), done.Events, millis(recording),
		float64(done.Events)/recording.Seconds(), millis(folding), float64(done.Events)/folding.Seconds())
	r.tell("import of the corpus, versions", perSecond(float64(held.Versions)/total.Seconds()))
	return nil
}

// head is the position that everything appended so far stands at.
func head(ctx context.Context, log event.Log) (event.Position, error) {
	at, err := log.Head(ctx)
	return at.Position, err
}
