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
	Accepted  int  // digests that the server has taken
	Asked     int  // mails that ask for a confirmation, taken
	Empty     int  // windows in which there was nothing to tell
	Withheld  int  // windows of which nothing might be told any more
	Deferred  int  // mails refused for now
	Failed    int  // mails refused for good, stopped or given up
	Doubtful  int  // mails of which it is not known whether they were taken
	Resent    int  // second attempts with the same bytes, after a doubt
	PutOff    int  // persons whose mail waits for its turn at a mail domain
	Lost      int  // persons who passed to another worker or changed settings meanwhile
	Errors    int  // persons who could not be served; the next round tries again
	RouteDown bool // at the end, mails could not leave
}

// round is one run over everyone who is due. One goroutine claims and selects, and
// hands the persons over to those that serve them (serve.go): twice as many as there
// are connections, so that while one mail is under way on each, others are made ready
// and recorded.
type round struct {
	*Service
	journal *journal
	slots   chan struct{} // one per connection in use
	decided int64         // what the read models must cover: the log's end when the round began

	serving sync.WaitGroup // persons handed over and not served yet

	mu      sync.Mutex // guards what follows
	report  Report
	failing int   // errors since the last person who was served without
	err     error // the first of those counted in report.Errors
	partial error // a read model ceased to be whole
	ended   bool  // before everyone was served
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
	s.pace.open()
	writer.Go(func() { s.pace.run(context.WithoutCancel(ctx)) })
	err := r.run(ctx)
	r.journal.close()
	s.pace.close()
	writer.Wait()
	// What a crash would leave to the lease, we give back at once. A database that does
	// not answer does not hold up the program's end: the next round tries again, and
	// otherwise the leases run out.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	released := s.giveBack(ending)
	cancel()
	s.tell(ctx, err)
	r.report.RouteDown = s.route.down(s.now())
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
	// Leases of an earlier process of this name: it is gone. And what the last round
	// could not give back.
	if err := r.giveBack(ctx); err != nil {
		return err
	}
	righted, err := r.work.Right(ctx, r.now())
	if righted > 0 {
		r.logger.WarnContext(ctx, "digests were due farther ahead than can be, for a clock was wrong; they are due as chosen again", "persons", righted)
	}
	if err != nil {
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
	if r.partial != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", ErrWaiting, r.partial))
	}
	if ctx.Err() == nil { // so that a round ends with its deliveries closed
		_, closed := r.CatchUp(ctx)
		err = errors.Join(err, closed)
	}
	return errors.Join(err, r.err, ctx.Err())
}

// group is how many persons are claimed at once.
func (r *round) group() int { return perConnection * r.config.Connections }

// feed hands over everyone who is due, until nobody is left or the round is over.
// While they are served the next ones are claimed; but behind a group smaller than
// could be, nobody waits, so it is served first. A route that is tried by one mail is
// tried when nobody else is under way.
func (r *round) feed(ctx context.Context, waiting chan<- task) error {
	for idle := true; !r.over(ctx); {
		most := r.group()
		if r.route.passes(r.now()) == oneOnly {
			if !idle {
				r.serving.Wait()
				idle = true
				continue
			}
			most = 1
		}
		end, claimed, err := r.claim(ctx, most)
		if err != nil || len(claimed) == 0 && idle {
			return err
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
		if idle = len(claimed) < r.group(); idle {
			r.serving.Wait()
		}
	}
	return nil
}

// over tells that nobody is served any more. Whoever is left is given back at the end
// of the round.
func (r *round) over(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended || ctx.Err() != nil || r.route.passes(r.now()) == shut
}

// end ends the round early, for what no person can be blamed for.
func (r *round) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// claim folds the newest facts and takes at most so many of those who are due, whose
// windows end at the ordinal that is answered. If we crash with them, they are still
// due and their leases run out (W1, W3).
func (r *round) claim(ctx context.Context, most int) (end int64, claimed []digest.Standing, err error) {
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
		Holder: r.config.Holder, Now: r.now(), Immediate: pending, End: end, Lease: lease, Limit: most,
	})
	return end, claimed, err
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
