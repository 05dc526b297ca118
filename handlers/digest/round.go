package digest

// Here: one round of the worker, from who is due to everyone being served.

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"imprint/domain"
	"imprint/domain/digest"
	"imprint/projections/catalog"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// Report counts what became of a round.
type Report struct {
	Accepted  int // mails that the server has taken
	Empty     int // windows in which there was nothing to tell
	Withheld  int // windows of which nothing might be told any more
	Deferred  int // mails refused for now
	Failed    int // mails refused for good, stopped or given up
	Doubtful  int // mails of which it is not known whether they were taken
	Resent    int // second attempts with the same bytes, after a doubt
	Lost      int // persons who passed to another worker or changed settings meanwhile
	Errors    int // persons who could not be served; the next round tries again
	RouteDown bool
}

// round is one run over everyone who is due. One goroutine claims and selects, and
// hands the persons over to those that serve them: twice as many as there are
// connections, so that while one mail is under way on each, others are made ready
// and recorded.
type round struct {
	*Service
	journal *journal
	slots   chan struct{} // one per connection in use
	decided int64         // what the read models must cover: the log's end when the round began

	serving sync.WaitGroup // persons handed over and not served yet

	mu      sync.Mutex // guards what follows
	report  Report
	partial error // a read model ceased to be whole: the round ends
	err     error // the first of those counted in report.Errors
	failing int   // errors since the last person who was served without
}

// ErrWaiting: digests go out only while the read models that they rest on are
// whole, neither behind nor stopped nor hiding parked keys. Until then nobody is
// told anything, no cursor moves, and everyone who is due stays due.
var ErrWaiting = errors.New("digests wait for the read models")

// RestsOn names the read models of a selection.
func RestsOn() []string { return []string{catalog.Name, library.Name, notices.Name} }

// RunOnce serves everyone who is due now, and returns when nobody is left. It ends
// with ErrWaiting where the read models do not allow it.
func (s *Service) RunOnce(ctx context.Context) (Report, error) {
	s.rounds.Lock()
	defer s.rounds.Unlock()
	r := &round{Service: s, journal: newJournal(s.work), slots: make(chan struct{}, s.config.Connections)}
	var writer sync.WaitGroup
	writer.Go(func() { r.journal.run(context.WithoutCancel(ctx)) })
	err := r.run(ctx)
	r.journal.close()
	writer.Wait()
	// What a crash would leave to the lease, we give back at once.
	released := s.work.Release(context.WithoutCancel(ctx), s.config.Holder)
	s.tell(ctx, err)
	return r.report, errors.Join(err, released)
}

// tell logs that digests wait, and that they go on: once each time this changes,
// for rounds are many.
func (s *Service) tell(ctx context.Context, err error) {
	why := ""
	if errors.Is(err, ErrWaiting) {
		why = err.Error()
		if refusal := (*domain.Error)(nil); errors.As(err, &refusal) {
			why = refusal.Message
		}
	}
	switch {
	case why == s.waits || err != nil && why == "": // as before, or a fault that says nothing of it
	case why == "":
		s.logger.InfoContext(ctx, "digests go on: the read models are whole again")
		s.waits = ""
	default:
		s.logger.WarnContext(ctx, "digests wait; nothing is lost", "why", why)
		s.waits = why
	}
}

func (r *round) run(ctx context.Context) error {
	// Leases of an earlier process of this name: it is gone.
	if err := r.work.Release(ctx, r.config.Holder); err != nil {
		return err
	}
	head, err := r.CatchUp(ctx)
	if err != nil {
		return err
	}
	// What was released before this round shall be in it, and what was withdrawn or
	// hidden before it shall be known.
	r.decided = head.Ordinal + 1
	patient, cancel := context.WithTimeout(ctx, patience)
	err = r.passed.Wait(patient, head.Position, RestsOn()...)
	cancel()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%w: %w", ErrWaiting, err)
	}
	waiting := make(chan task, r.group())
	var servers sync.WaitGroup
	for range 2 * r.config.Connections {
		servers.Go(func() {
			for t := range waiting {
				r.serve(ctx, t)
				r.serving.Done()
			}
		})
	}
	err = r.feed(ctx, waiting)
	close(waiting)
	servers.Wait()
	return errors.Join(err, r.err, ctx.Err())
}

// group is how many persons are claimed at once.
func (r *round) group() int { return perConnection * r.config.Connections }

// feed hands over everyone who is due, until nobody is left. While these are served
// the next ones are claimed; but of a group smaller than asked for, nobody waits
// behind it, so it is served first.
func (r *round) feed(ctx context.Context, waiting chan<- task) error {
	for served := true; ctx.Err() == nil; {
		if r.route.down(r.now()) {
			r.count(func(p *Report) { p.RouteDown = true })
			return nil
		}
		end, claimed, err := r.claim(ctx)
		if err != nil || len(claimed) == 0 && served {
			r.serving.Wait()
			return errors.Join(err, r.close(ctx))
		}
		for rest := claimed; len(rest) > 0; {
			tasks := r.tasks(ctx, end, rest)
			for _, t := range tasks {
				r.serving.Add(1)
				waiting <- t
			}
			if rest = rest[len(tasks):]; len(rest) > 0 {
				r.serving.Wait() // memory had no room for all of them at once
			}
		}
		if served = len(claimed) < r.group(); served {
			r.serving.Wait()
		}
		if partial, hopeless := r.state(); partial != nil {
			return fmt.Errorf("%w: %w", ErrWaiting, partial)
		} else if hopeless {
			return nil // not one of them could be served: the fault is not theirs
		}
	}
	return nil
}

// state tells whether a read model has ceased to be whole, and whether a whole
// group of persons, one after the other, could not be served.
func (r *round) state() (partial error, hopeless bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.partial, r.failing >= r.group()
}

// close folds the last facts, so that a round ends with its deliveries closed.
func (r *round) close(ctx context.Context) error {
	_, err := r.CatchUp(ctx)
	return err
}

// claim folds the newest facts and takes a small group of those who are due. If we
// crash with it, they are still due and their leases run out (W1, W3).
// Their windows end at the ordinal that is answered.
func (r *round) claim(ctx context.Context) (end int64, claimed []digest.Standing, err error) {
	head, err := r.CatchUp(ctx)
	if err != nil {
		return 0, nil, err
	}
	covered, err := r.notices.Coverage(ctx)
	if err != nil {
		return 0, nil, err
	}
	if err := covered.Whole(r.decided); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrWaiting, err)
	}
	// A window never reaches beyond the settings that were read: whoever turned
	// digests on or off before its end is known to have done so.
	end = min(covered.End, head.Ordinal+1)
	lowest, somebody, err := r.work.Immediate(ctx)
	if err != nil {
		return 0, nil, err
	}
	pending := false
	if somebody && lowest < end {
		if pending, err = r.notices.Pending(ctx, lowest); err != nil {
			return 0, nil, err
		}
	}
	claimed, err = r.work.Claim(ctx, digest.Claim{
		Holder: r.config.Holder, Now: r.now(), Immediate: pending, End: end,
		Lease: lease, Limit: r.group(),
	})
	return end, claimed, err
}

// serve does what a person's standing asks for.
func (r *round) serve(ctx context.Context, t task) {
	err := r.step(ctx, t)
	partial, lost := errors.Is(err, notices.ErrPartial), errors.Is(err, errLost)
	r.count(func(p *Report) {
		switch {
		case err == nil || partial:
		case lost:
			p.Lost++
		default:
			p.Errors++
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case partial:
		r.partial = err
	case err == nil || lost:
		r.failing = 0
	default:
		r.failing++
		if r.err == nil {
			r.err = err
		}
	}
}

func (r *round) step(ctx context.Context, t task) error {
	st, d := t.standing, t.standing.Open
	switch {
	case d != nil && d.Closing():
		return r.record(ctx, st.Person, *d) // W7
	case r.over(ctx):
		return nil // given back at the end of the round
	case d == nil && !t.composes:
		return r.skip(t)
	case d == nil:
		return r.connected(ctx, func(free func()) error { return r.begin(ctx, t, free) })
	case st.Stopped():
		return r.giveUp(ctx, st, "turned off or changed by the reader")
	case d.State == digest.Waiting:
		return r.connected(ctx, func(free func()) error { return r.again(ctx, t, free) })
	default:
		return r.connected(ctx, func(free func()) error { return r.resend(ctx, st, free) })
	}
}

// over tells that no further mail is begun.
func (r *round) over(ctx context.Context) bool { return ctx.Err() != nil || r.route.down(r.now()) }

// connected does a step that may send a mail while one of the connections is kept
// for it. So an intent never waits for its turn: one that did would be in doubt for
// nothing if we crashed. The step frees the connection as soon as the mail is out.
func (r *round) connected(ctx context.Context, do func(free func()) error) error {
	r.slots <- struct{}{}
	free := sync.OnceFunc(func() { <-r.slots })
	defer free()
	if r.over(ctx) {
		return nil
	}
	return do(free)
}

// count changes the report, and with it the totals.
func (r *round) count(change func(*Report)) {
	r.mu.Lock()
	change(&r.report)
	r.mu.Unlock()
	r.adding.Lock()
	defer r.adding.Unlock()
	change(&r.totals)
}
