package digest

// Here: what waits after failures, and trying it now.

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"imprint/domain/digest"
)

// Troubles are the standings for which something waits after a failure.
type Troubles interface {
	// TroubledAfter lists some of them by person, behind one of them.
	TroubledAfter(ctx context.Context, after uuid.UUID, limit int) ([]digest.Standing, error)
}

// Retries can make due what waits.
type Retries interface {
	Troubles
	// Hasten makes due what waits of persons, and answers for each why it was not
	// done, if it was not: nothing waits, or a worker holds the person.
	Hasten(ctx context.Context, persons []uuid.UUID, now time.Time) (refused []error, err error)
}

// Wait says what waits after a failure.
type Wait string

// What can wait.
const (
	AgainWait   Wait = "again"        // the same digest is tried again, composed anew
	DoubtWait   Wait = "in-doubt"     // the same bytes go out again: the mail may have arrived
	CarriedWait Wait = "carried"      // its items go into the next digest
	RecordWait  Wait = "record"       // it has ended, and that is about to be recorded
	ConfirmWait Wait = "confirmation" // the mail that asks whether an address is the person's
)

// FailedRow is one mail that failed and whose contents wait.
type FailedRow struct {
	Person    uuid.UUID
	Waits     Wait
	Window    digest.Window // zero for a confirmation
	Failure   digest.Failure
	Since     time.Time // of the first attempt or, carried, of the failure; zero: not known
	Next      time.Time // the next attempt is not before; zero: at no set time
	MaybeSent bool      // nobody knows whether the mail has arrived
	Blocked   string    // why nothing may go to the person now; "": it may
}

// troubledPage is how many persons are read at a time.
const troubledPage = 500

// Failed lists what waits after failures, by person; who is mended meanwhile may be
// left out.
func Failed(ctx context.Context, from Troubles) iter.Seq2[FailedRow, error] {
	return func(yield func(FailedRow, error) bool) {
		for page, err := range troubledPages(ctx, from) {
			if err != nil {
				yield(FailedRow{}, err)
				return
			}
			for _, st := range page {
				for _, row := range failedRows(st) {
					if !yield(row, nil) {
						return
					}
				}
			}
		}
	}
}

// troubledPages walks through the persons for whom something waits.
func troubledPages(ctx context.Context, from Troubles) iter.Seq2[[]digest.Standing, error] {
	return func(yield func([]digest.Standing, error) bool) {
		for last := uuid.Nil; ; {
			page, err := from.TroubledAfter(ctx, last, troubledPage)
			if err != nil || len(page) == 0 {
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if last = page[len(page)-1].Person; !yield(page, nil) {
				return
			}
		}
	}
}

func failedRows(st digest.Standing) (rows []FailedRow) {
	at, _ := st.Wake()
	for _, c := range st.Carried {
		rows = append(rows, FailedRow{Person: st.Person, Waits: CarriedWait, Window: c.Window, Failure: c.Failure, Since: c.Since,
			Next: at, MaybeSent: c.MaybeSent, Blocked: st.Blocked()})
	}
	if d := st.Open; d != nil && d.Failure != (digest.Failure{}) {
		waits := AgainWait
		switch {
		case d.Closing():
			waits = RecordWait
		case d.Frozen():
			waits = DoubtWait
		}
		rows = append(rows, FailedRow{Person: st.Person, Waits: waits, Window: d.Window, Failure: d.Failure, Since: d.Began,
			Next: later(d.Retry, st.Later), MaybeSent: d.Doubted, Blocked: st.Blocked()})
	}
	if p := st.Pending; st.Asks() && p.Failure != (digest.Failure{}) {
		rows = append(rows, FailedRow{Person: st.Person, Waits: ConfirmWait, Failure: p.Failure, Since: p.Given, Next: later(p.Retry, st.Later)})
	}
	return rows
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Retried says what became of trying again.
type Retried struct {
	Due     int      `json:"due"`     // persons, of whom it is due now
	Waiting int      `json:"waiting"` // persons, of whom it waits on
	Reasons []string `json:"reasons"` // why, of the first hundred of these
}

const maxReasons = 100

// Retry makes due now what waits of a person; of everybody for the nil one. Where it
// cannot be done for the one person, that is an error.
func Retry(ctx context.Context, work Retries, person uuid.UUID, now time.Time) (done Retried, err error) {
	if person != uuid.Nil {
		refused, err := work.Hasten(ctx, []uuid.UUID{person}, now)
		if err == nil {
			err = refused[0]
		}
		return Retried{Due: 1}, err
	}
	for page, err := range troubledPages(ctx, work) {
		if err != nil {
			return done, err
		}
		persons := make([]uuid.UUID, len(page))
		for i, st := range page {
			persons[i] = st.Person
		}
		refused, err := work.Hasten(ctx, persons, now)
		if err != nil {
			return done, err
		}
		for _, why := range refused {
			if why == nil {
				done.Due++
				continue
			}
			if done.Waiting++; len(done.Reasons) < maxReasons {
				done.Reasons = append(done.Reasons, why.Error())
			}
		}
	}
	return done, nil
}
