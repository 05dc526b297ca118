package digest

// Here: all that the worker keeps about one person, which is a work row, and how
// the log's facts change it.

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/person"
)

// A failed digest's items go out with the next one, when the schedule says so. Who
// gets digests at once has no schedule: there the next one, with whatever has come
// meanwhile, is made after five minutes, after each further failure in twice as
// long, at last daily.
const (
	retryFirst = 5 * time.Minute
	retryLast  = 24 * time.Hour
)

// maxMissed bounds the missed instants that are looked through.
const maxMissed = 366

// Settings are a person's notification settings as the worker needs them.
type Settings struct {
	Schedule  calendar.Schedule `json:"schedule"`
	Language  string            `json:"language"`
	Address   *event.Sealed     `json:"address,omitempty"` // the one in force, sealed under the person's key
	AddressID uuid.UUID         `json:"addressId,omitzero"`
}

// on tells whether the person wants digests at all.
func (s Settings) on() bool {
	return s.Schedule.Frequency != "" && s.Schedule.Frequency != calendar.Off
}

// Standing is where one person's digests stand. There is one cursor, which never
// goes back; the frequency only decides when it moves.
type Standing struct {
	Person   uuid.UUID
	Settings Settings
	Changed  int64     // ordinal of the newest event that changed what may be sent, or where to
	Cursor   int64     // ordinal at which the next window begins
	Since    int64     // ordinal of the last turning on
	NextDue  time.Time // zero: none (off, or immediate)
	LastDue  time.Time // the last instant that fired; the schedule never fires at or before it again
	Open     *Delivery // the one digest that is under way
	Carried  []Carried // failed windows, oldest first, whose items go into the next digest; two at most
	Epoch    int64     // of the newest lease; whoever holds an older one has lost the person

	Pending   *Confirmation     // an address that waits to be confirmed; the one in force stays so until then
	Suspended person.Suspension // of the address in force
	Barred    bool              // disabled, or erased

	Later time.Time // put off until then by the rate of a mail domain; zero: not
	Turn  bool      // Later is the person's turn, for which no other need be taken
}

// On tells whether digests are made for the person at all. While no mail can go to
// the address, what is due waits.
func (s Standing) On() bool { return s.Settings.on() && !s.Barred }

// reachable tells whether a digest may go out now.
func (s Standing) reachable() bool {
	return s.On() && s.Settings.Address != nil && s.Suspended == person.NotSuspended
}

// Carried refers to what failed digests were to tell: all that is due in a window,
// which is asked for again when it is taken up.
type Carried struct {
	Window    Window    `json:"window"`
	MaybeSent bool      `json:"maybeSent,omitempty"`
	Failure   Failure   `json:"failure,omitzero"` // the newest
	Failures  int       `json:"failures"`         // one after the other
	Since     time.Time `json:"since,omitzero"`   // of the first of them; zero: not known
	Retry     time.Time `json:"retry"`            // when an immediate reader's next digest is made
}

// Subject is the document that an item tells of, or the series if it has none.
func (i Item) Subject() uuid.UUID {
	if i.Document != uuid.Nil {
		return i.Document
	}
	return i.Series
}

// Fact is an event of the log that changes where a person's digests stand.
type Fact struct {
	Person  uuid.UUID
	Ordinal int64
	At      time.Time // the event's own time
	Payload event.Payload
}

// FactOf picks the person out of an event; false for events of other kinds.
func FactOf(e event.Recorded, p event.Payload) (Fact, bool) {
	f := Fact{Ordinal: e.Ordinal, At: e.Meta.Time, Payload: p}
	switch p := p.(type) {
	case person.NotificationSettingsChanged:
		f.Person = p.Person
	case person.AddressConfirmed:
		f.Person = p.Person
	case person.MailSuspended:
		f.Person = p.Person
	case person.Disabled:
		f.Person = p.Person
	case person.Enabled:
		f.Person = p.Person
	case person.Erased:
		f.Person = p.Person
	case Sent:
		f.Person = p.Person
	case Withheld:
		f.Person = p.Person
	case Failed:
		f.Person = p.Person
	default:
		return Fact{}, false
	}
	return f, true
}

// Evolve folds one fact. A window's closing fact ends its delivery here and
// nowhere else, in the same transaction as the reader's checkpoint: exactly once.
// It also mends a row that comes from an older backup than the log.
func (s Standing) Evolve(f Fact) Standing {
	s.Person = f.Person
	s.Later, s.Turn = time.Time{}, false // perhaps there is another domain now
	switch p := f.Payload.(type) {
	case person.NotificationSettingsChanged:
		return s.settle(f, p)
	case person.AddressConfirmed:
		return s.confirmed(f, p)
	case person.MailSuspended:
		return s.suspended(f, p)
	case person.Disabled:
		return s.bar(f)
	case person.Enabled:
		return s.admit(f)
	case person.Erased:
		s = s.bar(f)
		s.Settings, s.Pending = Settings{}, nil
		if s.Open != nil { // what was prepared goes before the key that could open it
			d := s.Open.stopped(ErasedClass, f.At)
			s.Open = &d
		}
	case Sent:
		s = s.passed(p.Window, p.SentAt)
		s.Carried = nil
	case Withheld:
		s = s.passed(p.Window, f.At)
		s.Carried = nil
	case Failed:
		s = s.passed(p.Window, f.At)
		s.Carried = s.carry(p, f.At)
	}
	return s
}

// settle takes new settings. Turning on starts now: neither a back catalogue nor
// what happened while it was off. Any other change keeps the cursor.
func (s Standing) settle(f Fact, e person.NotificationSettingsChanged) Standing {
	before, was := s.Settings.Schedule, s.On()
	s.Settings.Schedule, s.Settings.Language = e.Schedule, e.Language
	s = s.give(e).retryNow(f.At)
	s.Changed = f.Ordinal
	switch {
	case !s.On():
		return s.stop()
	case !was:
		return s.start(f)
	case before == e.Schedule:
		return s // what is due stays due
	}
	s.NextDue = s.dueAfter(f.At)
	return s
}

// start begins at an event: what lies before it is not told.
func (s Standing) start(f Fact) Standing {
	s.Cursor, s.Since, s.Carried = max(s.Cursor, f.Ordinal+1), f.Ordinal, nil
	s.NextDue = s.dueAfter(f.At)
	return s
}

// stop ends what is due. A digest under way is stopped by the worker, who knows
// whether it may have been sent.
func (s Standing) stop() Standing {
	s.NextDue, s.Carried = time.Time{}, nil
	return s
}

// retryNow ends the waiting after failures: with another address, perhaps, there is
// no reason for it.
func (s Standing) retryNow(at time.Time) Standing {
	s.Carried = slices.Clone(s.Carried)
	for i := range s.Carried {
		s.Carried[i].Failures, s.Carried[i].Retry = 0, at
	}
	return s
}

// dueAfter is the next instant of the schedule, and later than any that fired: a
// clock set back fires nothing twice.
func (s Standing) dueAfter(t time.Time) time.Time {
	if s.Settings.Schedule.Frequency == calendar.Immediate {
		return time.Time{}
	}
	if s.LastDue.After(t) {
		t = s.LastDue
	}
	due, ok := s.Settings.Schedule.NextDue(t)
	if !ok {
		return time.Time{}
	}
	return domain.Moment(due)
}

// passed closes the delivery of a window and, where the row is older than the
// log, moves the cursor behind it.
func (s Standing) passed(w Window, at time.Time) Standing {
	if s.Open != nil && s.Open.Window.From < w.Until {
		s.Open = nil
	}
	if s.Cursor < w.Until {
		s = s.Advance(w.Until, at, at)
	}
	return s
}

// DueBy is the instant that a digest made now stands for: the newest of those that
// are due, after an outage, and now itself for immediate readers.
func (s Standing) DueBy(now time.Time) time.Time {
	if s.NextDue.IsZero() {
		return now
	}
	due := s.NextDue
	for range maxMissed {
		next, ok := s.Settings.Schedule.NextDue(due)
		if !ok || next.After(now) {
			break
		}
		due = domain.Moment(next)
	}
	return due
}

// Advance moves the cursor to the end of a window that was due at an instant.
// One late firing covers all that were missed: the next is in the future.
func (s Standing) Advance(until int64, due, now time.Time) Standing {
	s.Cursor = max(s.Cursor, until)
	if due.After(s.LastDue) {
		s.LastDue = domain.Moment(due)
	}
	if s.On() {
		s.NextDue = s.dueAfter(now)
	}
	return s
}

// Forget ends a delivery, and what was carried into it, of which nothing is left
// to tell.
func (s Standing) Forget() Standing {
	s.Open, s.Carried = nil, nil
	return s
}

// Stopped tells whether the digest under way may no longer be sent: digests were
// turned off since, perhaps and on again, or no mail may go to the address any more.
func (s Standing) Stopped() bool {
	return !s.reachable() || s.Open.Window.From <= s.Since
}

// carry adds a failed window, unless the person has turned digests off since.
// Every digest takes up all that is carried, so what failed with it shares its
// doubt, and what is carried is a doubted part followed by one without doubt.
// Neighbours of equal doubt are one window: whatever lay between them was not due,
// for else there had been a digest that ended the carrying. So there are never more
// than two, and nothing is dropped.
func (s Standing) carry(f Failed, at time.Time) []Carried {
	if !s.On() || f.Window.From <= s.Since {
		return s.Carried
	}
	newest := Carried{Window: f.Window, MaybeSent: f.InDoubt, Failure: f.Failure, Failures: 1, Since: at}
	var doubted []Carried
	for _, c := range s.Carried {
		newest.Failures, newest.Since = c.Failures+1, c.Since
		if c.MaybeSent && !f.InDoubt {
			doubted = append(doubted, c)
			continue
		}
		newest.Window.From = min(newest.Window.From, c.Window.From)
	}
	wait := min(retryFirst<<min(newest.Failures-1, 16), retryLast)
	newest.Retry = domain.Moment(at.Add(wait))
	return append(doubted, newest)
}

// Wake tells when the person next needs the worker: at an instant, or (immediate)
// as soon as a notice lies behind the cursor, or at whichever comes first. Neither:
// not before a change. Whoever is put off needs it at no earlier time.
func (s Standing) Wake() (at time.Time, immediate bool) {
	at, immediate = s.wakeForDigest()
	if s.Asks() && (at.IsZero() || s.Pending.Retry.Before(at)) {
		at = s.Pending.Retry
	}
	if asleep := at.IsZero() && !immediate; asleep || s.Later.IsZero() {
		return at, immediate
	}
	if at.Before(s.Later) {
		at = s.Later
	}
	return at, false
}

func (s Standing) wakeForDigest() (at time.Time, immediate bool) {
	switch {
	case s.Open != nil:
		return s.Open.Retry, false
	case !s.reachable():
		return time.Time{}, false
	case s.Settings.Schedule.Frequency == calendar.Immediate:
		if n := len(s.Carried); n > 0 {
			return s.Carried[n-1].Retry, false // no news needed
		}
		return time.Time{}, true
	}
	return s.NextDue, false
}

// Troubled tells whether something of the person's waits after a failure.
func (s Standing) Troubled() bool {
	return len(s.Carried) > 0 || s.Open != nil && s.Open.Failure != (Failure{}) || s.askFailed()
}
