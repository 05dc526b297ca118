package digest_test

// Many persons are selected for together, and each is told what holds for it alone.

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/mail"
	worker "imprint/handlers/digest"
)

// TestAnOldSelectionIsNotSent: whoever waits long behind a slow mail server for the
// turn is told by what holds then.
func TestAnOldSelectionIsNotSent(t *testing.T) {
	for name, is := range map[string]struct {
		waits time.Duration
		late  int // mails after the access has ended
	}{
		"at once":               {0, 6},
		"after a slow mail":     {time.Minute, 0},
		"the clock is set back": {-time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, end := newWorld(t)
			t.Cleanup(end)
			doc := w.publish("Report")
			const readers = 8 // claimed at once
			for range readers {
				reader := uuid.New()
				w.choose(reader, calendar.Immediate)
				w.save(reader, doc)
			}
			w.update(doc, 2)
			// The first two mails are under way at once, on a connection each; when both
			// have begun, access ends and the server takes its time.
			var begun sync.WaitGroup
			begun.Add(2)
			narrow := sync.OnceFunc(func() {
				begun.Wait()
				w.tell(document.Stream(doc), document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: "nobody"}})
				w.must(w.group.CatchUp(w.ctx, nil))
				w.pass(is.waits)
			})
			var mu sync.Mutex
			attempts := 0
			w.watch = func(context.Context, worker.Attempt) func(mail.Outcome) {
				mu.Lock()
				attempts++
				first := attempts <= 2
				mu.Unlock()
				if first {
					begun.Done()
					narrow()
				}
				return func(mail.Outcome) {}
			}
			w.restart("one")
			r := w.round()
			if r.Accepted != 2+is.late || r.Withheld != readers-2-is.late {
				t.Errorf("%+v, want %d mails after the access has ended", r, is.late)
			}
		})
	}
}
