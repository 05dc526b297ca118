package main

// What a run tells while it goes on, and what it takes of the machine's memory.

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"imprint/projections"
)

// tell writes a line about how far the run has come.
type tell func(format string, args ...any)

func silent(string, ...any) {}

// tellEvery is how often a long step is told of.
const tellEvery = 10 * time.Second

func tellingTo(out io.Writer) tell {
	began := time.Now()
	return func(format string, args ...any) {
		fmt.Fprintf(out, "%6.0f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// counted tells now and then how many of all are done. It is called by one
// goroutine at a time.
func (t tell) counted(what string, all int64) func(done int) {
	last := time.Now()
	return func(done int) {
		if time.Since(last) > tellEvery {
			last = time.Now()
			t("%s: %d of %d", what, done, all)
		}
	}
}

// rebuilt tells the same of a rebuild, by the read model that committed last.
func (t tell) rebuilt(what string) func(projections.Progress) {
	last := time.Now()
	return func(p projections.Progress) {
		if time.Since(last) > tellEvery {
			last = time.Now()
			t("%s: %d of %d events", what, p.Ordinal, p.Head)
		}
	}
}

// peakMemory forgets what was used before and answers what tells the most that this
// process has had in memory since, where the system counts that.
func peakMemory() func() string {
	debug.FreeOSMemory()
	err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	return func() string {
		kib, failed := mostResident()
		if err != nil || failed != nil {
			return "unknown"
		}
		return fmt.Sprintf("%d kB", kib)
	}
}

// mostResident is the most that this process has had in memory, in KiB.
func mostResident() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	size, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return strconv.Atoi(size)
}
