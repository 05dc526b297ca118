package digest_test

import (
	"fmt"
	"testing"
	"time"
)

// TestAnOutageSendsNoSecondCopy takes log and work tables away before and after each
// call by which a round changes them, while the process lives on: the outcome of a
// mail that could not be recorded is known to it, and is no doubt.
func TestAnOutageSendsNoSecondCopy(t *testing.T) {
	w, _, _ := due(t)
	w.round()
	calls := w.faults.calls
	for at := 1; at <= len(calls); at++ {
		if calls[at-1] == "send" {
			continue // that is the mail server's outage
		}
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s, after %v", at, calls[at-1], after), func(t *testing.T) {
				t.Parallel()
				w, reader, doc := due(t)
				w.faults.dieAt, w.faults.after = at, after
				_, _ = w.service.RunOnce(w.ctx) // it may fail, and the next one does
				w.faults.dead = true
				if _, err := w.service.RunOnce(w.ctx); err == nil {
					t.Fatal("nothing is away")
				}
				w.faults.dead = false
				w.round()
				w.round() // what the outage kept from being released is free from here on
				check(t, w, reader, 1)
				for id, copies := range w.faults.copies {
					if len(copies) != 1 {
						t.Errorf("%d copies of %s", len(copies), id)
					}
				}
				w.update(doc, 3)
				w.pass(24 * time.Hour)
				w.round()
				check(t, w, reader, 2)
			})
		}
	}
}
