// Command totals reads the JSON lines of `go test -json` and prints what a
// person wants to know: the output of what failed, the reason of every skip, one
// line per package and the totals.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

type line struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	var passed, failed, skipped int
	output := map[string][]string{} // by package and test
	broken := map[string]bool{}     // packages with a failed test of their own
	seconds := map[string]float64{}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 64<<20)
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			fmt.Println(in.Text()) // not JSON: the compiler's own words
			continue
		}
		key := l.Package + " " + l.Test
		switch {
		case l.Action == "build-output":
			fmt.Print(l.Output)
		case l.Action == "output":
			output[key] = append(output[key], l.Output)
		case l.Action == "build-fail":
		case l.Test == "" && l.Action == "fail":
			seconds[l.Package] = l.Elapsed
			if !broken[l.Package] { // it did not compile, panicked or timed out
				failed++
				fmt.Printf("FAIL %s\n%s", l.Package, strings.Join(output[key], ""))
			}
		case l.Test == "":
			if l.Action == "pass" {
				seconds[l.Package] = l.Elapsed
			}
		case l.Action == "pass":
			passed++
			delete(output, key)
		case l.Action == "skip":
			skipped++
			fmt.Printf("SKIP %s\n%s", key, strings.Join(output[key], ""))
		case l.Action == "fail":
			failed++
			broken[l.Package] = true
			fmt.Printf("FAIL %s\n%s", key, strings.Join(output[key], ""))
		}
	}
	packages := make([]string, 0, len(seconds))
	for p := range seconds {
		packages = append(packages, p)
	}
	sort.Strings(packages)
	for _, p := range packages {
		fmt.Printf("%7.1f s  %s\n", seconds[p], p)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
