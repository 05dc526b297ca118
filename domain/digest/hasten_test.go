package digest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/person"
)

var (
	noon  = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	later = noon.Add(5 * time.Hour)
	fault = Failure{Class: ForNow, Code: 450}
)

// daily can be reached, and is due later.
func daily() Standing {
	return Standing{Person: uuid.New(), NextDue: later, Settings: Settings{Schedule: calendar.Schedule{Frequency: calendar.Daily, Hour: 17, Zone: "UTC"}, Address: &event.Sealed{}}}
}

func TestOnlyWhatFailedIsHastened(t *testing.T) {
	for name, c := range map[string]struct {
		is   func(*Standing)
		code string    // of the refusal
		at   time.Time // when the person needs the worker then
	}{
		"nothing failed":            {is: func(*Standing) {}, code: "nothing-failed"},
		"tried again":               {is: func(s *Standing) { s.Open = &Delivery{State: Waiting, Failure: fault, Retry: later} }, at: noon},
		"in doubt":                  {is: func(s *Standing) { s.Open = &Delivery{State: InDoubt, Failure: fault, Retry: later} }, at: noon},
		"being sent":                {is: func(s *Standing) { s.Open = &Delivery{State: Sending, Failure: fault, Retry: later} }, code: "under-way"},
		"to be recorded":            {is: func(s *Standing) { s.Open = &Delivery{State: GivenUp, Failure: fault, Retry: later} }, code: "under-way"},
		"carried to a daily digest": {is: func(s *Standing) { s.Carried = []Carried{{Failure: fault, Failures: 3, Retry: later}} }, at: noon},
		"carried to an immediate one": {is: func(s *Standing) {
			s.Carried, s.NextDue, s.Settings.Schedule.Frequency = []Carried{{Retry: later}}, time.Time{}, calendar.Immediate
		}, at: noon},
		"due already": {is: func(s *Standing) { s.Open = &Delivery{State: Waiting, Failure: fault, Retry: noon.Add(-time.Hour)} }, at: noon.Add(-time.Hour)},
		"put off by a rate": {is: func(s *Standing) {
			s.Open, s.Later, s.Turn = &Delivery{State: Waiting, Failure: fault, Retry: later}, noon.Add(time.Hour), true
		}, at: noon.Add(time.Hour)},
		"the mail that asks, and a digest that did not fail": {is: func(s *Standing) { s.Pending = &Confirmation{Failure: fault, Retry: later} }, at: noon},
		"the mail that asks, and no address":                 {is: func(s *Standing) { s.Pending, s.Settings.Address = &Confirmation{Failure: fault, Retry: later}, nil }, at: noon},
		"the mail that asks was refused for good":            {is: func(s *Standing) { s.Pending = &Confirmation{Failure: fault, GivenUp: true} }, code: "nothing-failed"},
		"suspended":  {is: func(s *Standing) { s.Carried, s.Suspended = []Carried{{Retry: later}}, person.BadAddress }, code: "not-reachable"},
		"no address": {is: func(s *Standing) { s.Carried, s.Settings.Address = []Carried{{Retry: later}}, nil }, code: "not-reachable"},
		"disabled":   {is: func(s *Standing) { s.Open, s.Barred = &Delivery{State: Waiting, Failure: fault}, true }, code: "not-reachable"},
		"off": {is: func(s *Standing) {
			s.Open, s.Settings.Schedule.Frequency = &Delivery{State: Waiting, Failure: fault}, calendar.Off
		}, code: "not-reachable"},
	} {
		s, same := daily(), daily()
		same.Person = s.Person
		c.is(&s)
		c.is(&same)
		got, err := s.Hasten(noon)
		var refused *domain.Error
		if code := ""; errors.As(err, &refused) || c.code != "" {
			if refused != nil {
				code = refused.Code
			}
			if code != c.code {
				t.Errorf("%s: %v, want %q", name, err, c.code)
			}
			continue
		}
		if at, _ := got.Wake(); !at.Equal(c.at) {
			t.Errorf("%s: due at %s, want %s", name, at, c.at)
		}
		if !reflect.DeepEqual(s, same) {
			t.Errorf("%s: the standing itself has changed", name)
		}
		if len(got.Carried) > 0 && got.Carried[0].Failures != s.Carried[0].Failures {
			t.Errorf("%s: the failures are forgotten", name)
		}
		if s.Pending != nil && !got.NextDue.Equal(later) {
			t.Errorf("%s: a digest that did not fail is due at %s", name, got.NextDue)
		}
	}
}
