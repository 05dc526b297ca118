package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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

// What nobody has come back to goes by itself, and sooner if one asks for it.
func TestWhatNobodyFeedsIsPruned(t *testing.T) {
	h := newHouse(t)
	ctx, data := t.Context(), engineFlags{Data: h.data}
	of := func(version int) int64 {
		t.Helper()
		p := catalog.Projection()
		p.Version += version
		build, err := h.in.views.Live(ctx, p)
		h.must(err)
		return build.Number
	}
	present, longAgo, lately := of(0), of(1), of(2) // of programs of other versions
	aged, err := sql.Open("sqlite", filepath.Join(h.data, "views.db"))
	h.must(err)
	_, err = aged.Exec(`UPDATE generations SET expires = $1 WHERE generation = $2`, time.Now().Add(-unfedKept-time.Hour).UnixMicro(), longAgo)
	h.must(errors.Join(err, aged.Close()))
	said, _ := doctorSays(t, doctorCommand{engineFlags: data})
	if !strings.Contains(said, "ok    read models — 2 generations that this program does not read take ") {
		t.Errorf("the doctor does not say what nobody reads:\n%s", said)
	}

	h.must(h.in.prune(ctx)) // as the serving program does
	if state, _ := generations(t, h.data); len(state) != 2 || state[present] != "live" || state[lately] != "unread" {
		t.Errorf("after a month: %v", state)
	}
	h.must(h.in.Close())
	defer func() { h.in, err = open(ctx, data, options{}); h.must(err) }() // the house closes it
	prune := func(after time.Duration) string {
		t.Helper()
		var out bytes.Buffer
		h.must((&projectionsPrune{engineFlags: data, After: after}).Run(ctx, &console{Out: &out, Err: io.Discard}))
		return out.String()
	}
	if said := prune(time.Hour); !strings.Contains(said, fmt.Sprintf("generation %d stays", lately)) || !strings.Contains(said, "nothing was removed") {
		t.Errorf("prune says %q", said)
	}
	if said := prune(0); !strings.Contains(said, fmt.Sprintf("generation %d is gone", lately)) {
		t.Errorf("prune of all says %q", said)
	}
	if state, _ := generations(t, h.data); len(state) != 1 || state[present] != "live" {
		t.Errorf("after the prune: %v", state)
	}
	if err := (&projectionsPrune{engineFlags: data, After: -time.Hour}).Run(ctx, &console{Out: io.Discard, Err: io.Discard}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a negative time gave %v", err)
	}
	h.must((&projectionsVerify{engineFlags: data}).Run(ctx, &console{Out: io.Discard, Err: io.Discard}))
}
