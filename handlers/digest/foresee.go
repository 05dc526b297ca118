package digest

// Here: what publishers see before a version goes out: how many would be told, and
// the mail.

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/notice"
	"imprint/handlers/digest/letter"
	"imprint/projections/notices"
)

// MostForeseen is how many readers are looked at, at most.
const MostForeseen = 10_000

// NextVersion is a version that somebody is about to publish.
type NextVersion struct {
	Document   uuid.UUID
	Title      domain.Text
	Series     uuid.UUID
	SeriesName domain.Text
	Audience   access.Audience
	Number     int
	Summary    domain.Text
}

// Forecast says what a version would lead to. It names nobody.
type Forecast struct {
	Told    map[calendar.Frequency]int // who would be told, by how often they get mails
	Waiting int                        // digests are on, and no mail may go to the address now: told once it may
	Quiet   int                        // digests are off
	More    bool                       // there are others; MostForeseen were looked at
	Mail    letter.Mail                // to one who keeps the document; zero where nobody may see it
}

// Foresee counts whom a version would be told to, by the rule that selects digests,
// and renders the mail as a digest is rendered, in a language and a time zone. Nothing
// is written or sent. notices.ErrPartial while a read model is not whole.
func (s *Service) Foresee(ctx context.Context, v NextVersion, language, zone string) (Forecast, error) {
	persons, more, err := s.notices.Readers(ctx, v.Document, v.Series, MostForeseen)
	if err != nil {
		return Forecast{}, fmt.Errorf("digest: whom a version would concern: %w", err)
	}
	standings, err := s.work.FindAll(ctx, persons)
	if err != nil {
		return Forecast{}, err
	}
	f := Forecast{Told: map[calendar.Frequency]int{}, More: more, Quiet: len(persons) - len(standings)}
	for _, st := range standings {
		switch {
		case !access.MaySee(readerOf(st.Person), v.Audience):
		case !st.On():
			f.Quiet++
		case st.Blocked() != "":
			f.Waiting++
		default:
			f.Told[st.Settings.Schedule.Frequency]++
		}
	}
	now := s.now()
	// To nobody in particular: the address that unsubscribes leads nowhere.
	reader := digest.Standing{Settings: digest.Settings{Language: language, Schedule: calendar.Schedule{Zone: zone}}, LastDue: now}
	c := s.decide(wanted{standing: reader, due: now}, []entry{{Candidate: notices.Candidate{
		Item:    digest.Item{Kind: notice.NewVersion, Document: v.Document, Version: v.Number, Updates: 1},
		Ordinal: math.MaxInt64, CauseAt: now, Title: v.Title, Summary: v.Summary, Series: v.Series, SeriesName: v.SeriesName,
		Audience: v.Audience, Kind: notice.NewVersion,
	}}})
	if len(c.items) > 0 {
		f.Mail, err = s.press.Render(c.letter)
	}
	return f, err
}
