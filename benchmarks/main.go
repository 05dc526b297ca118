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
// up to --versions version records, imported without contents: those of
// DIR/large/versions.jsonl.gz, else of DIR/corpus.jsonl, read again under new ids
// until the number is reached, else generated ones. `--versions 1000000` is the full
// size.
//
// Digests are measured for --people people, loaded in bulk, of whom one in ten is
// due. `--people 1000000` is the full size: it takes some three gigabytes of disk, and
// minutes to load and serve.
//
// --only PART,PART measures these parts and nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
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
	e := extent{rounds: 7, appends: 1500, rebuilds: 7, publishes: 400, reads: 40, copies: 5, received: 96_000, receipts: 5, digests: readers}
	quick := flag.Bool("quick", false, "a few rounds over a small corpus: shows that everything runs, measures nothing")
	versions := flag.Int("versions", 30_000, "version records of the larger log whose rebuild is measured")
	rounds := flag.Int("rounds", 3, "rounds of the rebuilds of that log")
	people := flag.Int("people", readers.people, "people whose digests are measured; one in ten of them is due")
	only := flag.String("only", "", "measure these parts, separated by commas: "+strings.Join(partNames(), ", "))
	flag.Parse()
	e.versions, e.growths, e.digests.people = *versions, *rounds, *people
	if *quick {
		e = brief
	}
	if *only != "" {
		e.only = strings.Split(*only, ",")
	}
	if err := run(ctx, e, os.Getenv("IMPRINT_CORPUS"), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// extent is how much is run.
type extent struct {
	only      []string // parts; all where it is empty
	quick     bool     // the generated corpus is small
	rounds    int      // of appends
	appends   int      // by one caller in a round
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

// part is what can be measured by itself. Those that need an imported corpus share
// one.
type part struct {
	name     string
	imported bool
	measure  func(context.Context, *bench) error
}

// bench is what the parts measure on and write to.
type bench struct {
	extent
	*report
	dir    string // for the files of this run
	corpus string // the folder named; "" for none
	told   tell
	in     *installation // nil for parts that need none
}

// parts are in the order of the report: an import is not disturbed by what the disk
// still owes to a log of a million records.
func parts() []part {
	return []part{
		{"appends", false, func(ctx context.Context, b *bench) error { return measureAppends(ctx, b.report, b.dir, b.extent) }},
		{"rebuild", true, func(ctx context.Context, b *bench) error { return measureRebuild(ctx, b.report, b.in, b.dir, b.extent) }},
		{"postgres", true, func(ctx context.Context, b *bench) error {
			return measurePostgres(ctx, b.report, b.in, b.dir, b.extent)
		}},
		{"growth", false, measureGrowth},
		{"kurrent", false, func(ctx context.Context, b *bench) error { return measureKurrent(ctx, b.report, b.extent) }},
		{"visible", true, func(ctx context.Context, b *bench) error { return measureVisible(ctx, b.report, b.in, b.dir, b.extent) }},
		{"reads", true, func(ctx context.Context, b *bench) error { return measureReads(ctx, b.report, b.in, b.extent) }},
		{"digests", false, func(ctx context.Context, b *bench) error {
			return measureDigests(ctx, b.report, b.dir, b.digests, b.told)
		}},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// run measures everything and writes the report.
func run(ctx context.Context, e extent, corpusDir string, out, progress io.Writer) (err error) {
	for _, name := range e.only {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("there is no part %q; there are %s", name, strings.Join(partNames(), ", "))
		}
	}
	dir, err := os.MkdirTemp("", "imprint-benchmarks-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{extent: e, report: &report{}, dir: dir, corpus: corpusDir, told: tellingTo(progress)}
	if err := b.machine(dir); err != nil {
		return err
	}
	for _, p := range parts() {
		if len(e.only) > 0 && !slices.Contains(e.only, p.name) {
			continue
		}
		if p.imported && b.in == nil {
			b.told("import …")
			if b.in, err = openInstallation(ctx, dir); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, b.in.Close()) }()
			if err := measureImport(ctx, b); err != nil {
				return fmt.Errorf("import: %w", err)
			}
		}
		b.told("%s …", p.name)
		if err := p.measure(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	b.load("at the end")
	return b.write(out)
}
