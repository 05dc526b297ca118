// Program benchmarks measures every figure of docs/performance.md in one run on
// one machine: `go run ./benchmarks`, which is `make bench`.
//
// Standard output has one line per figure, its columns separated by tabs,
//
//	figure  ours  baseline  ratio  goal  ok|short
//
// and below them, each beginning with "#", the machine and the raw runs that the
// figures were taken from. A figure without a goal is reported: its last columns
// are "-", "reported" and "ok". Progress goes to standard error.
//
// Where there is a baseline it is what a careful programmer would write without
// Imprint on the same engine, with the same pragmas, rows and indexes, and it is
// run in turns with ours, round by round. Ratios are taken within a round and the
// median is reported, so that a machine that is slow for a minute is slow for
// both sides.
//
// The corpus is IMPRINT_CORPUS=DIR (corpus.jsonl and blobs.tar.gz), else one of
// the same shape from a seeded generator. Everything happens in a temporary
// folder; TMPDIR chooses the disk.
//
// The rows about PostgreSQL need its binaries on this machine and are left out,
// with a line that says so, where there are none. How a rebuild grows is measured
// up to --versions version records: the corpus, read again under new ids until the
// number is reached. `--versions 1000000` is the full size; it takes long and adds
// the rebuild of that many against COPY.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if is, err := asChild(ctx); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, "benchmarks:", err)
			os.Exit(1)
		}
		return
	}
	quick := flag.Bool("quick", false, "a few rounds over a small corpus: shows that everything runs, measures nothing")
	versions := flag.Int("versions", 30_000, "version records of the larger log whose rebuild on PostgreSQL is measured")
	people := flag.Int("people", readers.people, "people whose digests are measured; one in ten of them is due")
	flag.Parse()
	e := extent{rounds: 7, appends: 1500, rebuilds: 7, publishes: 400, reads: 40, copies: 5, versions: *versions, growths: 3, received: 48_000, receipts: 5, digests: readers}
	e.digests.people = *people
	if *quick {
		e = brief
	}
	if err := run(ctx, e, os.Getenv("IMPRINT_CORPUS"), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// extent is how much is run.
type extent struct {
	quick     bool // the generated corpus is small
	rounds    int  // of appends
	appends   int  // by one caller in a round
	rebuilds  int
	publishes int
	reads     int // of each search term and page
	copies    int // rounds of rebuild and COPY on PostgreSQL
	versions  int // records in the larger of the logs that show growth
	growths   int // rounds of both
	received  int // events from KurrentDB's double
	receipts  int // rounds of receiving them
	digests   audience
}

// brief shows that everything runs.
var brief = extent{quick: true, rounds: 1, appends: 20, rebuilds: 1, publishes: 3, reads: 1, copies: 1, versions: 200, growths: 1, received: 200, receipts: 1, digests: handful}

// run measures everything and writes the report.
func run(ctx context.Context, e extent, corpusDir string, out, progress io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "imprint-benchmarks-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &report{}
	if err := r.machine(dir); err != nil {
		return err
	}
	fmt.Fprintln(progress, "durable appends …")
	if err := measureAppends(ctx, r, dir, e); err != nil {
		return fmt.Errorf("appends: %w", err)
	}
	c, err := openCorpus(corpusDir, dir, e.quick)
	if err != nil {
		return fmt.Errorf("corpus: %w", err)
	}
	fmt.Fprintln(progress, "import …")
	in, err := openInstallation(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := measureImport(ctx, r, in, c); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	fmt.Fprintln(progress, "rebuild …")
	if err := measureRebuild(ctx, r, in, dir, e); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	fmt.Fprintln(progress, "rebuild on PostgreSQL …")
	if err := measurePostgres(ctx, r, in, dir, e); err != nil {
		return fmt.Errorf("rebuild on PostgreSQL: %w", err)
	}
	fmt.Fprintln(progress, "catch-up from KurrentDB's double …")
	if err := measureKurrent(ctx, r, e); err != nil {
		return fmt.Errorf("catch-up from KurrentDB's double: %w", err)
	}
	fmt.Fprintln(progress, "publish to visible …")
	if err := measureVisible(ctx, r, in, dir, e); err != nil {
		return fmt.Errorf("publish to visible: %w", err)
	}
	fmt.Fprintln(progress, "reading …")
	if err := measureReads(ctx, r, in, e); err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	fmt.Fprintln(progress, "digests …")
	if err := measureDigests(ctx, r, dir, e.digests); err != nil {
		return fmt.Errorf("digests: %w", err)
	}
	r.load("at the end")
	return r.write(out)
}
