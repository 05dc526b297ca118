package main

// Here: figures, the statistics they are made of, and how they are printed.

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report gathers figures and raw lines in the order of measuring.
type report struct{ figures, raw []string }

// ahead adds a figure in which ours shall be above the peer's.
func (r *report) ahead(figure, ours, peer string, ratio float64) {
	r.add(figure, ours, peer, fmt.Sprintf("%.2f", ratio), "> 1", ratio > 1)
}

// none adds a figure that the peer does not have, and why.
func (r *report) none(figure, ours, why string) { r.add(figure, ours, why, "-", "reported", true) }

func (r *report) add(figure, ours, peer, ratio, goal string, reached bool) {
	verdict := "short"
	if reached {
		verdict = "ok"
	}
	r.figures = append(r.figures, strings.Join([]string{figure, ours, peer, ratio, goal, verdict}, "\t"))
}

func (r *report) note(format string, args ...any) {
	r.raw = append(r.raw, "# "+fmt.Sprintf(format, args...))
}

// machine notes where this runs and how busy it is with other work.
func (r *report) machine(when string) {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	r.note("machine %s\t%s %s/%s\t%d cores\tload average %s\t%s", when, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.TrimSpace(string(load)), time.Now().UTC().Format(time.RFC3339))
}

func (r *report) write(out io.Writer) error {
	w := bufio.NewWriter(out)
	for _, line := range slices.Concat(r.figures, r.raw) {
		fmt.Fprintln(w, line) // a bufio.Writer keeps its first error for Flush
	}
	return w.Flush()
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

// turns are the numbers below n, backwards in every second round, so that
// nobody always runs after the same neighbour.
func turns(n, round int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}
