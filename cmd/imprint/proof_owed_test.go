package main

// Here: the oracle of the digest proofs. It folds the log, event by event, into what
// each reader is owed, and shares nothing with the worker or its read models. It knows
// the events that these proofs cause, and no others.

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/notice"
	"imprint/domain/person"
)

// update is one version of a document.
type update struct {
	document uuid.UUID
	version  int
}

// cause is an update as it was published.
type cause struct {
	update
	ordinal int64
	series  uuid.UUID // the document's
}

// owed is what one reader must be told, and all that may be told: what was owed when
// digests were turned off, or the account was disabled or erased, need not come.
type owed struct {
	must, may map[update]bool

	on, barred bool
	since      int64               // ordinal of the last turning on
	saved      map[uuid.UUID]int64 // documents, with the ordinal of their saving
	follows    map[uuid.UUID]int64 // series, with the ordinal from which they are followed
}

// ledger is what the log says of digests, up to a place in it.
type ledger struct {
	at        event.Checkpoint
	causes    map[uuid.UUID]cause // by event
	series    map[uuid.UUID]uuid.UUID
	audiences map[uuid.UUID]access.Audience
	readers   map[uuid.UUID]*owed
	released  int // causes that may be told
	sent      []digest.Sent
	unsent    []uuid.UUID // whose windows were closed without a mail
}

func newLedger() *ledger {
	return &ledger{causes: map[uuid.UUID]cause{}, series: map[uuid.UUID]uuid.UUID{}, audiences: map[uuid.UUID]access.Audience{}, readers: map[uuid.UUID]*owed{}}
}

func (l *ledger) reader(id uuid.UUID) *owed {
	o := l.readers[id]
	if o == nil {
		o = &owed{must: map[update]bool{}, may: map[update]bool{}, saved: map[uuid.UUID]int64{}, follows: map[uuid.UUID]int64{}}
		l.readers[id] = o
	}
	return o
}

// fold takes in one event.
func (l *ledger) fold(e event.Recorded, p event.Payload) {
	switch p := p.(type) {
	case document.Published:
		l.series[p.Document], l.audiences[p.Document] = p.Details.Series, p.Audience
	case document.AudienceChanged:
		l.audiences[p.Document] = p.Audience
	case document.Versioned:
		if p.Version.Major {
			l.causes[e.ID] = cause{update{p.Document, p.Version.Number}, e.Ordinal, l.series[p.Document]}
		}
	case library.Saved:
		o := l.reader(p.Person)
		o.saved[p.Document] = e.Ordinal
		if _, follows := o.follows[p.Series]; !follows && p.Series != uuid.Nil {
			o.follows[p.Series] = e.Ordinal
		}
	case library.Removed:
		delete(l.reader(p.Person).saved, p.Document)
	case person.NotificationSettingsChanged:
		o, was := l.reader(p.Person), l.reader(p.Person).on
		o.on = p.Schedule.Frequency != calendar.Off
		if !o.on {
			o.must = map[update]bool{}
		} else if !was {
			o.since = e.Ordinal
		}
	case person.Disabled:
		l.reader(p.Person).bar()
	case person.Erased:
		l.reader(p.Person).bar()
	case notice.Released:
		if c, told := l.causes[p.Cause]; told {
			l.release(c)
		}
	case digest.Sent:
		l.sent = append(l.sent, p)
	case digest.Withheld:
		l.unsent = append(l.unsent, p.Person)
	case digest.Failed:
		l.unsent = append(l.unsent, p.Person)
	}
}

func (o *owed) bar() { o.barred, o.must = true, map[update]bool{} }

// release owes an update to everybody who has digests on, may see the document, and
// kept it, or followed its series, before the update.
func (l *ledger) release(c cause) {
	l.released++
	if !slices.Contains([]access.Kind{access.Everyone, access.SignedIn}, l.audiences[c.document].Kind) {
		return
	}
	for _, o := range l.readers {
		saved, kept := o.saved[c.document]
		from, follows := o.follows[c.series]
		if o.on && !o.barred && c.ordinal > o.since && (kept && saved < c.ordinal || follows && from < c.ordinal) {
			o.must[c.update], o.may[c.update] = true, true
		}
	}
}

// catchUp folds the log to its end, also beside a program that appends to it.
func (l *ledger) catchUp(t *testing.T, flags engineFlags) {
	t.Helper()
	l.at = readOn(t, flags, l.at, l.fold)
}
