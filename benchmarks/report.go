package main

// Here: figures, the statistics they are made of, and how they are printed.

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report gathers figures and raw runs in the order of measuring.
type report struct {
	figures []string
	raw     []string
}

// atLeast adds a figure whose ratio must reach a goal.
func (r *report) atLeast(figure, ours, baseline string, ratio, goal float64) {
	r.add(figure, ours, baseline, fmt.Sprintf("%.2f", ratio), fmt.Sprintf(">= %g", goal), ratio >= goal)
}

// atMost adds a figure whose ratio must not pass a goal.
func (r *report) atMost(figure, ours, baseline string, ratio, goal float64) {
	r.add(figure, ours, baseline, fmt.Sprintf("%.2f", ratio), fmt.Sprintf("<= %g", goal), ratio <= goal)
}

// tell adds a figure that has no goal.
func (r *report) tell(figure, ours string) { r.add(figure, ours, "-", "-", "reported", true) }

func (r *report) add(figure, ours, baseline, ratio, goal string, reached bool) {
	verdict := "short"
	if reached {
		verdict = "ok"
	}
	r.figures = append(r.figures, strings.Join([]string{figure, ours, baseline, ratio, goal, verdict}, "\t"))
}

// note adds a raw line.
func (r *report) note(format string, args ...any) {
	r.raw = append(r.raw, "# "+fmt.Sprintf(format, args...))
}

func (r *report) write(out io.Writer) error {
	w := bufio.NewWriter(out)
	for _, line := range slices.Concat(r.figures, r.raw) {
		fmt.Fprintln(w, line) // a bufio.Writer keeps its first error for Flush
	}
	return w.Flush()
}

// machine notes where this ran and how fast its disk syncs.
func (r *report) machine(dir string) error {
	syncs, err := syncRate(filepath.Join(dir, "sync"))
	if err != nil {
		return err
	}
	r.note("machine\t%s %s/%s\t%d cores\tfsync of 4 KiB %.0f/s\t%s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), syncs, time.Now().UTC().Format(time.RFC3339))
	r.load("at the start")
	return nil
}

// load notes how busy other work keeps the machine.
func (r *report) load(when string) {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	r.note("load average %s\t%s", when, strings.TrimSpace(string(load)))
}

// syncRate appends 4 KiB and syncs, again and again for half a second.
func syncRate(path string) (perSecond float64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4096)
	n, began := 0, time.Now()
	for ; time.Since(began) < 500*time.Millisecond; n++ {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// quantile is the smallest value that at least the share q of all do not exceed.
func quantile[T float64 | time.Duration](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	at := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

func median[T float64 | time.Duration](values []T) T { return quantile(values, 0.5) }

// millis writes a duration in milliseconds.
func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// timed tells how long f took.
func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}
