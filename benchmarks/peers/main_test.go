package main

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// figureLine is the form that make bench-peers promises.
var figureLine = regexp.MustCompile(`^[^\t#]+\t[^\t]+\t[^\t]+\t(-|\d+\.\d\d)\t(> 1|ours 0|reported)\t(ok|short)$`)

// TestEveryPeerHasEveryFigure runs everything, small: that what is folded is right
// is held by the run itself, and how fast it was is nobody's business here.
func TestEveryPeerHasEveryFigure(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), brief, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		if !figureLine.MatchString(line) {
			t.Errorf("not a figure: %q", line)
		}
		columns := strings.Split(line, "\t")
		seen[columns[0]] = true
		if columns[4] == "ours 0" && (!strings.HasPrefix(columns[1], "0 of ") || columns[1] == "0 of 0") {
			t.Errorf("ours lost events: %q", line)
		}
	}
	for _, l := range libraries[1:] {
		for _, figure := range []string{"durable append, 1 caller, ", "durable append, 16 callers, ", "durable append, 64 callers, ", "catch-up projection, ", "events lost under 16 writers, "} {
			if !seen[figure+l.name] {
				t.Errorf("there is no figure %q", figure+l.name)
			}
		}
	}
}

func TestTheEventIsOfTheSizeThatIsSaid(t *testing.T) {
	data, err := json.Marshal(newEvent(uuid.New(), 7))
	if err != nil || len(data) < 395 || len(data) > 415 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}
