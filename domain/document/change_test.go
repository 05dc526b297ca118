package document_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
)

func TestWithdrawingNeedsAPublicReason(t *testing.T) {
	s := published(t).with("2")
	refused(t, domain.Invalid, "missing-reason")(s.Withdraw(nil, now))
	refused(t, domain.Invalid, "missing-reason")(s.WithdrawVersion(1, domain.Text{"en": "\t"}))
	s.does(s.Withdraw(reason, now))
	refused(t, domain.Conflict, "withdrawn", "already")(s.Withdraw(reason, now))
}

func TestAWithdrawnDocumentTakesNoVersions(t *testing.T) {
	s := published(t).with("2", "3")
	s.does(s.WithdrawVersion(3, reason))
	refused(t, domain.Conflict, "not-withdrawn")(s.Reinstate(nil, now))
	s.does(s.Withdraw(reason, now))
	refused(t, domain.Conflict, "withdrawn", "reinstate it first")(s.Version(3, draft("4"), false, now))
	refused(t, domain.Conflict, "withdrawn")(s.WithdrawVersion(1, reason))
	refused(t, domain.Conflict, "withdrawn")(s.ReinstateVersion(3, reason))
	// What was said about it may still be corrected.
	s.does(s.CorrectSummary(1, domain.English("Corrected"), ""))
	s.does(s.Reinstate(nil, now))
	if s.Withdrawn() || s.Current() != 2 {
		t.Errorf("withdrawn %v, current %d; want version 3 to stay withdrawn alone", s.Withdrawn(), s.Current())
	}
	s.with("4")
}

func TestAWrongVersionIsWithdrawnAlone(t *testing.T) {
	s := published(t).with("2")
	s.does(s.WithdrawVersion(2, reason))
	if s.Current() != 1 || s.Newest() != 2 {
		t.Errorf("current %d, newest %d; want 1, 2", s.Current(), s.Newest())
	}
	refused(t, domain.Conflict, "version-withdrawn")(s.WithdrawVersion(2, reason))
	refused(t, domain.Conflict, "last-version", "withdraw the document instead")(s.WithdrawVersion(1, reason))
	refused(t, domain.NotFound, "no-version", "1 to 2")(s.WithdrawVersion(3, reason))
	s.does(s.ReinstateVersion(2, nil))
	refused(t, domain.Conflict, "not-withdrawn")(s.ReinstateVersion(2, nil))
	s.does(s.WithdrawVersion(1, reason))
	if s.Current() != 2 {
		t.Errorf("current %d, want 2", s.Current())
	}
}

func TestCorrectionsAreFurtherEvents(t *testing.T) {
	s := published(t).with("2")
	before := s.State
	s.does(s.CorrectSummary(1, domain.English("Right"), "typo"))
	refused(t, domain.Conflict, "unchanged")(s.CorrectSummary(1, domain.English("Right"), ""))
	if _, err := before.CorrectSummary(1, domain.English("Right"), ""); err != nil {
		t.Errorf("folding changed the state it began with: %v", err)
	}
	refused(t, domain.Invalid, "missing-summary")(s.CorrectSummary(1, nil, ""))
	refused(t, domain.NotFound, "no-version")(s.CorrectSummary(0, domain.English("x"), ""))

	refused(t, domain.Conflict, "unchanged")(s.CorrectDates(2, &now, &document.Period{}, ""))
	earlier := now.Add(-time.Hour)
	covers := &document.Period{From: domain.DateOf(now.AddDate(-1, 0, 0)), To: domain.DateOf(now)}
	s.does(s.CorrectDates(2, &earlier, covers, ""))
	refused(t, domain.Conflict, "unchanged")(s.CorrectDates(2, &earlier, covers, ""))
	refused(t, domain.Invalid, "bad-time", "publishedAt")(s.CorrectDates(2, &time.Time{}, nil, ""))
	// What would be kept as no time is none; every other time of the years 1 to 9999 is one.
	refused(t, domain.Invalid, "bad-time", "publishedAt")(s.CorrectDates(2, new(time.Time{}.Add(999*time.Nanosecond)), nil, ""))
	for _, at := range []time.Time{time.Time{}.Add(time.Microsecond), time.Unix(0, 0)} {
		if _, err := s.CorrectDates(2, &at, nil, ""); err != nil {
			t.Errorf("%s is refused: %v", at, err)
		}
	}
	refused(t, domain.TooLarge, "text-too-long", "reason")(s.CorrectDates(2, &now, nil, string(make([]byte, 1001))))
}

// TestDatesAreCorrectedOneByOne: what a correction does not name stays.
func TestDatesAreCorrectedOneByOne(t *testing.T) {
	s, earlier := published(t), now.Add(-time.Hour)
	covers := &document.Period{From: domain.DateOf(now.AddDate(-1, 0, 0))}
	refused(t, domain.Conflict, "unchanged", "publishedAt would stay as it is")(s.CorrectDates(1, new(now), nil, ""))
	refused(t, domain.Conflict, "unchanged", "effective would stay as it is")(s.CorrectDates(1, nil, &document.Period{}, ""))
	for _, step := range []struct {
		publishedAt *time.Time
		effective   *document.Period
		want        document.DatesCorrected
	}{
		{nil, covers, document.DatesCorrected{PublishedAt: now, Effective: covers}},
		{&earlier, nil, document.DatesCorrected{PublishedAt: earlier, Effective: covers}},
		{nil, &document.Period{}, document.DatesCorrected{PublishedAt: earlier}},
	} {
		events, err := s.CorrectDates(1, step.publishedAt, step.effective, "")
		if err != nil {
			t.Fatal(err)
		}
		got := events[0].(document.DatesCorrected)
		if !got.PublishedAt.Equal(step.want.PublishedAt) || (got.Effective == nil) != (step.want.Effective == nil) || got.Effective != nil && *got.Effective != *step.want.Effective {
			t.Errorf("%+v, not %+v", got, step.want)
		}
		s.does(events, nil)
	}
}

func TestADocumentIsInOneSeriesAtMost(t *testing.T) {
	s := published(t)
	d := details()
	refused(t, domain.Conflict, "unchanged")(s.Revise(d))
	for range 2 { // into a series, then to another
		d.Series = uuid.New()
		s.does(s.Revise(d))
		if s.Details().Series != d.Series {
			t.Errorf("in series %s, want %s", s.Details().Series, d.Series)
		}
	}
	d.Series = uuid.Nil
	s.does(s.Revise(d))
	d.Categories = []string{"soc", "iso-iec"}
	s.does(s.Revise(d))
	d.Categories = []string{"iso-iec", "soc"}
	refused(t, domain.Conflict, "unchanged")(s.Revise(d))
	refused(t, domain.NotFound, "no-document")((document.State{}).Revise(d))
}

func TestTheAudienceChanges(t *testing.T) {
	s := published(t)
	refused(t, domain.Conflict, "unchanged")(s.ChangeAudience(everyone, ""))
	refused(t, domain.Invalid, "bad-audience")(s.ChangeAudience(access.Audience{Kind: "none"}, ""))
	s.does(s.ChangeAudience(access.Audience{Kind: access.SignedIn}, "internal"))
	if !s.Audience().Restricted() {
		t.Error("the document is still open to everyone")
	}
}
