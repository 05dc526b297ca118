package digest

// Here: what commands and pages ask of the worker.

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/mail"
	"imprint/handlers/digest/letter"
)

// maxListed bounds every list given here.
const maxListed = 1000

// DueRow is one person whose time has come.
type DueRow struct {
	Person    uuid.UUID
	Frequency calendar.Frequency
	Due       time.Time // zero for immediate
	From      int64     // the window begins here
	State     digest.State
	Failure   digest.Failure // the newest, where a digest is under way
	PutOff    time.Time      // until then, by the rate of the mail domain; zero: not
}

// Due lists who would be served by a round at an instant, if it need not wait:
// those due by time, and immediate readers behind whose cursor a notice lies; and at
// the end those who are due and put off. At most 1,000 of either.
func (s *Service) Due(ctx context.Context, now time.Time) ([]DueRow, error) {
	standings, err := s.work.Due(ctx, now, maxListed)
	if err != nil {
		return nil, err
	}
	covered, err := s.notices.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	immediate, err := s.work.DueAtOnce(ctx, covered.End, maxListed-len(standings))
	if err != nil {
		return nil, err
	}
	rows := make([]DueRow, 0, len(standings))
	for _, st := range standings {
		rows = append(rows, dueRow(st))
	}
	for _, st := range immediate { // lowest cursor first: if nothing is pending for one, neither for the rest
		pending, err := s.notices.Pending(ctx, st.Cursor)
		if err != nil {
			return nil, err
		}
		if !pending {
			break
		}
		rows = append(rows, dueRow(st))
	}
	off, err := s.work.PutOff(ctx, maxListed)
	if err != nil {
		return nil, err
	}
	for _, st := range off {
		if st.Later.After(now) {
			row := dueRow(st)
			row.PutOff = st.Later
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Waits says why digests would wait now, and what to do; "" while they would not.
func (s *Service) Waits(ctx context.Context) (string, error) {
	head, err := s.log.Head(ctx)
	if err != nil {
		return "", err
	}
	covered, err := s.notices.Coverage(ctx)
	if err != nil {
		return "", err
	}
	var why *domain.Error
	if errors.As(covered.Whole(head.Ordinal+1), &why) {
		return why.Message, nil
	}
	return "", nil
}

// Totals counts what has become of all rounds since the start. RouteDown says
// whether mails cannot leave now.
func (s *Service) Totals() Report {
	s.adding.Lock()
	defer s.adding.Unlock()
	t := s.totals
	t.RouteDown = s.route.down(s.now())
	return t
}

// OldestDue is when the oldest digest was due that has not been sent: one that
// nobody has begun, or one that was refused and is tried again. Zero if none
// is late. Readers who want theirs at once have no due time before their first
// attempt. Of more than 1,000 that were refused, or are put off, some are looked at;
// the oldest of those not begun that nothing holds back is always found.
func (s *Service) OldestDue(ctx context.Context) (time.Time, error) {
	now := s.now()
	due, err := s.work.Due(ctx, now, maxListed)
	if err != nil {
		return time.Time{}, err
	}
	troubled, err := s.work.Troubled(ctx, maxListed)
	if err != nil {
		return time.Time{}, err
	}
	off, err := s.work.PutOff(ctx, maxListed)
	if err != nil {
		return time.Time{}, err
	}
	var oldest time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && (oldest.IsZero() || t.Before(oldest)) {
			oldest = t
		}
	}
	for _, st := range due {
		if st.Open == nil {
			at, _ := st.Wake()
			consider(at)
		}
	}
	for _, st := range off {
		if st.Open == nil && !st.NextDue.After(now) {
			consider(st.NextDue)
		}
	}
	for _, st := range slices.Concat(due, troubled, off) {
		if st.Open != nil && !st.Open.Closing() {
			consider(st.Open.Due)
		}
	}
	return oldest, nil
}

func dueRow(st digest.Standing) DueRow {
	row := DueRow{Person: st.Person, Frequency: st.Settings.Schedule.Frequency, Due: st.NextDue, From: st.Cursor}
	at, _ := st.Wake()
	switch n := len(st.Carried); {
	case st.Open != nil:
		row.Due, row.From, row.State, row.Failure = at, st.Open.Window.From, st.Open.State, st.Open.Failure
	case n > 0:
		row.Due, row.From, row.Failure = at, st.Carried[0].Window.From, st.Carried[n-1].Failure
	}
	return row
}

// Preview is the mail that a person would get now. Nothing is written or sent.
type Preview struct {
	Mail     letter.Mail // zero where there is nothing to tell
	Window   digest.Window
	Items    []digest.Item
	Withheld []digest.Item
	NextDue  time.Time // zero: off or immediate
}

// Preview composes the next mail of a person; domain.NotFound for one who has
// never chosen settings.
func (s *Service) Preview(ctx context.Context, person uuid.UUID) (Preview, error) {
	if _, err := s.CatchUp(ctx); err != nil {
		return Preview{}, err
	}
	st, found, err := s.work.Find(ctx, person)
	if err != nil {
		return Preview{}, err
	}
	if !found {
		return Preview{}, domain.Refuse(domain.NotFound, "no-settings", "person %s has no notification settings; choose a frequency first", person)
	}
	covered, err := s.notices.Coverage(ctx)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Window: digest.Window{From: st.Cursor, Until: max(st.Cursor, covered.End)}, NextDue: st.NextDue}
	if !st.On() || p.Window.From == p.Window.Until {
		return p, nil
	}
	done, err := s.compose(ctx, []wanted{{st, p.Window, s.now()}})
	if err != nil {
		return Preview{}, err
	}
	c := done[0]
	p.Items, p.Withheld = c.items, c.withheld
	if len(c.items) > 0 {
		p.Mail, err = s.press.Render(c.letter)
	}
	return p, err
}

// SentMail is one mail in the folder of mails.
type SentMail struct {
	ID      string // for ReadMail
	Person  uuid.UUID
	Subject string
	Date    time.Time
}

// Mails lists the newest mails kept, newest first. Whose they are is told by the
// signed token in them; mails that are not ours are passed over.
func (s *Service) Mails(ctx context.Context, limit int) ([]SentMail, error) {
	kept, err := s.sent.List(ctx, min(limit, maxListed))
	if err != nil {
		return nil, err
	}
	var mails []SentMail
	for _, k := range kept {
		person, err := s.links.Recipient(k.Unsubscribe)
		if err != nil {
			continue
		}
		mails = append(mails, SentMail{ID: k.ID, Person: person, Subject: k.Subject, Date: k.Date})
	}
	return mails, nil
}

// ReadMail answers the bytes of a mail kept; domain.NotFound if there is none.
func (s *Service) ReadMail(ctx context.Context, id string) ([]byte, error) {
	return s.sent.Read(ctx, id)
}

// NoSent is the folder of an installation that sends its mails: always empty.
type NoSent struct{}

var _ Sent = NoSent{}

// List answers no mails.
func (NoSent) List(context.Context, int) ([]mail.Kept, error) { return nil, nil }

// Read answers that there is none.
func (NoSent) Read(context.Context, string) ([]byte, error) {
	return nil, domain.Refuse(domain.NotFound, "no-mail", "mails are sent by the mail server and not kept here")
}
