package main

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/projections/catalog"
)

// generations runs projections list and answers state and size by generation.
func generations(t *testing.T, data string) (state map[int64]string, kib map[int64]int) {
	t.Helper()
	var out bytes.Buffer
	if err := (&projectionsList{engineFlags{Data: data}}).Run(t.Context(), &console{Out: &out, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	state, kib = map[int64]string{}, map[int64]int{}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		fields := strings.Fields(line)
		if i == 0 || fields[0] != "catalog" {
			continue
		}
		number, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		state[number] = fields[3]
		if kib[number], err = strconv.Atoi(fields[len(fields)-1]); err != nil {
			t.Fatal(err)
		}
	}
	return state, kib
}

func TestWhatASwitchLeavesIsListedAndDropped(t *testing.T) {
	h := newHouse(t)
	ctx, data := t.Context(), engineFlags{Data: h.data}
	newer := catalog.Projection()
	newer.Version++
	unread, err := h.in.views.Live(ctx, newer) // as a newer program leaves it
	h.must(err)
	first, err := h.in.views.Live(ctx, catalog.Projection())
	h.must(err)
	h.must(h.in.Close())
	defer func() { h.in, err = open(ctx, data, options{}); h.must(err) }() // the house closes it
	quiet := &console{Out: io.Discard, Err: io.Discard}
	h.must((&projectionsRebuild{engineFlags: data, Model: "catalog", Switch: true}).Run(ctx, quiet))

	state, kib := generations(t, h.data)
	live := int64(0)
	for number, s := range state {
		if s == "live" {
			live = number
		}
		if kib[number] == 0 {
			t.Errorf("generation %d takes no room", number)
		}
	}
	if len(state) != 3 || live == first.Number || state[first.Number] != "kept" || state[unread.Number] != "unread" {
		t.Fatalf("after the switch: %v", state)
	}
	drop := func(number int64) domain.Kind {
		return domain.KindOf((&projectionsDrop{engineFlags: data, Model: "catalog", Generation: number}).Run(ctx, quiet))
	}
	if got := drop(live); got != domain.Conflict {
		t.Errorf("dropping the live one: %q", got)
	}
	for _, number := range []int64{first.Number, unread.Number} {
		if got := drop(number); got != "" {
			t.Errorf("dropping generation %d: %q", number, got)
		}
		if got := drop(number); got != domain.NotFound {
			t.Errorf("dropping generation %d again: %q", number, got)
		}
	}
	if state, _ := generations(t, h.data); len(state) != 1 || state[live] != "live" {
		t.Errorf("after the drops: %v", state)
	}
	h.must((&projectionsVerify{engineFlags: data}).Run(ctx, quiet))
}
