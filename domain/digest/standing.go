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
	Schedule calendar.Schedule `json:"schedule"`
	Language string            `json:"language"`
	Address  *event.Sealed     `json:"address,omitempty"` // sealed under the person's key
}

// On tells whether the person wants digests at all.
func (s Settings) On() bool {
	return s.Schedule.Frequency != "" && s.Schedule.Frequency != calendar.Off
}

// Standing is where one person's digests stand. There is one cursor, which never
// goes back; the frequency only decides when it moves.
type Standing struct {
	Person   uuid.UUID
	Settings Settings
	Changed  int64     // ordinal of the newest settings event
	Cursor   int64     // ordinal at which the next window begins
	Since    int64     // ordinal of the last turning on
	NextDue  time.Time // zero: none (off, or immediate)
	LastDue  time.Time // the last instant that fired; the schedule never fires at or before it again
	Open     *Delivery // the one digest that is under way
	Carried  []Carried // failed windows, oldest first, whose items go into the next digest; two at most
	Epoch    int64     // of the newest lease; whoever holds an older one has lost the person
}

// Carried refers to what failed digests were to tell: all that is due in a window,
// which is asked for again when it is taken up.
type Carried struct {
	Window    Window    `json:"window"`
	MaybeSent bool      `json:"maybeSent,omitempty"`
	Reason    string    `json:"reason"`   // of the newest failure
	Failures  int       `json:"failures"` // one after the other
	Retry     time.Time `json:"retry"`    // when an immediate reader's next digest is made
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
	switch p := f.Payload.(type) {
	case person.NotificationSettingsChanged:
		return s.settle(f, p)
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
	before := s.Settings
	s.Settings = Settings{Schedule: e.Schedule, Language: e.Language, Address: e.Address.Sealed()}
	s.Changed = f.Ordinal
	// With another address, perhaps, there is no reason to wait.
	s.Carried = slices.Clone(s.Carried)
	for i := range s.Carried {
		s.Carried[i].Failures, s.Carried[i].Retry = 0, f.At
	}
	switch {
	case !s.Settings.On():
		s.NextDue, s.Carried = time.Time{}, nil
		return s
	case !before.On():
		s.Cursor, s.Since, s.Carried = max(s.Cursor, f.Ordinal+1), f.Ordinal, nil
	case before.Schedule == e.Schedule:
		return s // what is due stays due
	}
	s.NextDue = s.dueAfter(f.At)
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
	if s.Settings.On() {
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
// turned off since, perhaps and on again, or there is no address any more.
func (s Standing) Stopped() bool {
	return !s.Settings.On() || s.Settings.Address == nil || s.Open.Window.From <= s.Since
}

// carry adds a failed window, unless the person has turned digests off since.
// Every digest takes up all that is carried, so what failed with it shares its
// doubt, and what is carried is a doubted part followed by one without doubt.
// Neighbours of equal doubt are one window: whatever lay between them was not due,
// for else there had been a digest that ended the carrying. So there are never more
// than two, and nothing is dropped.
func (s Standing) carry(f Failed, at time.Time) []Carried {
	if !s.Settings.On() || f.Window.From <= s.Since {
		return s.Carried
	}
	newest := Carried{Window: f.Window, MaybeSent: f.InDoubt, Reason: f.Reason, Failures: 1}
	var doubted []Carried
	for _, c := range s.Carried {
		newest.Failures = c.Failures + 1
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
// as soon as a notice lies behind the cursor. Neither: not before a change.
func (s Standing) Wake() (at time.Time, immediate bool) {
	switch {
	case s.Open != nil:
		return s.Open.Retry, false
	case !s.Settings.On() || s.Settings.Address == nil:
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
	return len(s.Carried) > 0 || s.Open != nil && s.Open.Reason != ""
}
