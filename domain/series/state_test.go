package series_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/series"
)

var (
	now    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	name   = domain.English("SOC 2 reports")
	reason = domain.English("Replaced")
	a, b   = uuid.New(), uuid.New()
)

func opened(t *testing.T, id uuid.UUID) series.State {
	t.Helper()
	return does(t, series.State{})((series.State{}).Open(id, name, nil))
}

func does(t *testing.T, s series.State) func([]event.Payload, error) series.State {
	return func(events []event.Payload, err error) series.State {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s.Fold(events...)
	}
}

func refused(t *testing.T, code string) func([]event.Payload, error) {
	return func(events []event.Payload, err error) {
		t.Helper()
		var e *domain.Error
		if !errors.As(err, &e) || e.Code != code || len(events) > 0 {
			t.Errorf("got %d events, %v; want the refusal %s", len(events), err, code)
		}
	}
}

func TestASeriesOpensOnceAndIsRevised(t *testing.T) {
	refused(t, "missing-name")((series.State{}).Open(a, nil, nil))
	refused(t, "no-series")((series.State{}).Revise(name, nil))
	s := opened(t, a)
	refused(t, "series-exists")(s.Open(a, name, nil))
	refused(t, "unchanged")(s.Revise(name, nil))
	s = does(t, s)(s.Revise(domain.English("Reports"), nil))
	refused(t, "unchanged")(s.Revise(domain.English("Reports"), nil))
}

func TestASeriesIsDiscontinuedWithASuccessor(t *testing.T) {
	s, next := opened(t, a), opened(t, b)
	refused(t, "missing-reason")(s.Discontinue(nil, uuid.Nil, series.State{}, now))
	refused(t, "own-successor")(s.Discontinue(reason, a, s, now))
	refused(t, "no-successor")(s.Discontinue(reason, uuid.New(), series.State{}, now))
	ended := does(t, next)(next.Discontinue(reason, uuid.Nil, series.State{}, now))
	refused(t, "successor-discontinued")(s.Discontinue(reason, b, ended, now))

	events, err := s.Discontinue(reason, b, next, now)
	if err != nil || events[0].(series.Discontinued).Successor != b {
		t.Fatalf("%+v, %v", events, err)
	}
	s = s.Fold(events...)
	refused(t, "discontinued")(s.Discontinue(reason, uuid.Nil, series.State{}, now))
	refused(t, "no-series")((series.State{}).Discontinue(reason, uuid.Nil, series.State{}, now))
}

func TestOnlyALivingSeriesIsJoined(t *testing.T) {
	s := opened(t, a)
	if err := s.Join(); err != nil {
		t.Error(err)
	}
	refused(t, "no-series")(nil, (series.State{}).Join())
	refused(t, "discontinued")(nil, does(t, s)(s.Discontinue(reason, uuid.Nil, series.State{}, now)).Join())
}
