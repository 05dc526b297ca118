package digest_test

// Faults at the ports: a death before or after any call that changes something,
// and verdicts of the mail server.

import (
	"context"
	"errors"
	"sync"
	"time"

	"imprint/adapters/maildir"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/work"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/mail"
)

var errDead = errors.New("the process has died")

// faults is one process's fate. Once dead, none of its calls does anything.
type faults struct {
	mu     sync.Mutex
	calls  []string // that change something, in their order
	dieAt  int      // at which of them, from 1; 0: never
	after  bool     // the call is done and only its answer is lost
	dead   bool
	script []mail.Outcome // of the next mails; then all are accepted
	taken  bool           // a scripted Doubtful was in truth accepted
	copies map[string][][]byte

	claimed func() // called once after the next claim, before anything is done with it
}

// call does a call, or dies around it.
func (f *faults) call(name string, do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return errDead
	}
	f.calls = append(f.calls, name)
	fatal := len(f.calls) == f.dieAt
	if fatal && !f.after {
		f.dead = true
		return errDead
	}
	err := do()
	if fatal {
		f.dead = true
		return errDead
	}
	return err
}

// copies is what the mail server holds, by Message-ID.
func (w *world) copies() map[string][][]byte {
	if w.faults == nil {
		return map[string][][]byte{}
	}
	return w.faults.copies
}

type faultyLog struct {
	*eventlog.Log
	*faults
}

func (l faultyLog) Append(ctx context.Context, s event.Stream, expected int64, events []event.Event) (a event.Appended, err error) {
	err = l.call("append", func() error { a, err = l.Log.Append(ctx, s, expected, events); return err })
	return a, err
}

type faultyWork struct {
	*work.Digests
	*faults
}

func (w faultyWork) Fold(ctx context.Context, from, to event.Checkpoint, facts []digest.Fact) error {
	return w.call("fold", func() error { return w.Digests.Fold(ctx, from, to, facts) })
}

func (w faultyWork) Claim(ctx context.Context, c digest.Claim) (claimed []digest.Standing, err error) {
	err = w.call("claim", func() error { claimed, err = w.Digests.Claim(ctx, c); return err })
	if hook := w.claimed; hook != nil {
		w.claimed = nil
		hook()
	}
	return claimed, err
}

func (w faultyWork) Commit(ctx context.Context, changes []digest.Change) (done []bool, err error) {
	err = w.call("commit", func() error { done, err = w.Digests.Commit(ctx, changes); return err })
	return done, err
}

type faultyRates struct {
	*work.Rates
	*faults
}

func (r faultyRates) Take(ctx context.Context, asks []digest.Ask) (waits [][]time.Duration, err error) {
	err = r.call("take", func() error { waits, err = r.Rates.Take(ctx, asks); return err })
	return waits, err
}

func (w faultyWork) Release(ctx context.Context, holder string) error {
	return w.call("release", func() error { return w.Digests.Release(ctx, holder) })
}

type faultyMailer struct {
	*maildir.Directory
	*faults
}

func (m faultyMailer) Send(ctx context.Context, msg mail.Message) (o mail.Outcome) {
	err := m.call("send", func() error {
		o = mail.Outcome{Verdict: mail.Accepted, Code: 250}
		if len(m.script) > 0 {
			o, m.script = m.script[0], m.script[1:]
		}
		if o.Verdict == mail.Accepted || o.Verdict == mail.Doubtful && m.taken {
			m.copies[msg.ID] = append(m.copies[msg.ID], msg.Bytes)
			if kept := m.Directory.Send(ctx, msg); kept.Verdict != mail.Accepted {
				o = kept
			}
		}
		return nil
	})
	if err != nil {
		return mail.Outcome{Verdict: mail.Doubtful, Reason: "dead"}
	}
	return o
}
