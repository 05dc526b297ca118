package handlers_test

import (
	"testing"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/handlers"
)

func TestTurningOffKeepsTheOtherSettings(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.joined("Ada")
	self := access.Reader{Person: ada.String(), Role: access.Member}
	before, err := w.people().Settings(ctx, ada)
	ok(t, err)
	if before.Schedule.Frequency != calendar.Off {
		t.Errorf("a person who never chose gets %q", before.Schedule.Frequency)
	}
	if off, err := w.people().TurnOff(ctx, w.ask(self), ada); err != nil || off.Events != 0 {
		t.Errorf("turning off what is off wrote %d events (%v)", off.Events, err)
	}

	chosen := handlers.Settings{Person: ada, Schedule: schedule, Language: "de", Address: "ada@example.org"}
	people := w.people()
	_, err = people.ChangeSettings(ctx, w.ask(self), chosen)
	ok(t, err)
	// The handler that wrote them and a new one, which reads them from the log.
	for name, p := range map[string]*handlers.People{"the same": people, "another": w.people()} {
		if got, err := p.Settings(ctx, ada); err != nil || got.Settings != chosen {
			t.Errorf("%s handler reads %+v, %v", name, got, err)
		}
	}

	_, err = w.people().TurnOff(ctx, w.ask(self), ada)
	ok(t, err)
	got, err := w.people().Settings(ctx, ada)
	ok(t, err)
	want := chosen
	want.Schedule.Frequency = calendar.Off
	if got.Settings != want {
		t.Errorf("after turning off: %+v, want %+v", got, want)
	}
	if again, err := w.people().TurnOff(ctx, w.ask(self), ada); err != nil || again.Events != 0 {
		t.Errorf("again wrote %d events (%v)", again.Events, err)
	}
}
