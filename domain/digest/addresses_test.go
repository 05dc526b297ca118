package digest_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
)

// TestTheWorkerKnowsTheAddressesThatThePersonHas: whatever becomes of addresses and
// accounts, the worker's row and the person, of whom the settings page tells, agree
// about the address in force, the one that waits and the suspension. Who is disabled
// is sent nothing, and asked nothing.
func TestTheWorkerKnowsTheAddressesThatThePersonHas(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 4))
		id, at := uuid.New(), time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
		state, row, ordinal := person.State{}.Fold(person.Joined{Person: id}), digest.Standing{Person: id}, int64(0)
		schedule := calendar.Schedule{Frequency: calendar.Daily, Hour: 8, Zone: "UTC"}
		did := ""
		do := func(name string, events []event.Payload, err error) {
			did += " " + name
			if err != nil { // refused: nothing happened
				return
			}
			for _, e := range events {
				if s, is := e.(person.NotificationSettingsChanged); is && !s.Address.IsZero() {
					s.Address = sealed(t)
					e = s
				}
				ordinal++
				state = state.Fold(e)
				recorded := event.Recorded{Ordinal: ordinal}
				recorded.Meta.Time = at
				if f, of := digest.FactOf(recorded, e); of {
					row = row.Evolve(f)
				}
			}
		}
		for range 12 {
			at = at.Add(30 * time.Hour)
			waits, force := state.Pending(), state.InForce()
			switch r.IntN(9) {
			case 0:
				if a, err := state.Give("ada@example.org", uuid.New(), at); err == nil {
					events, err := state.ChangeSettings(schedule, "en", a)
					do("give", events, err)
				}
			case 1:
				events, err := state.ChangeSettings(schedule, "en", force)
				do("back", events, err)
			case 2:
				events, err := state.ConfirmAddress(waits.ID, at)
				do("confirm", events, err)
			case 3: // by the link that confirmed it
				events, err := state.ConfirmAddress(force.ID, at)
				do("confirm-again", events, err)
			case 4:
				events, err := state.Bounce(person.Failure{AddressID: force.ID, Digest: uuid.New(), NoSuch: true, Status: "5.1.1"}, at)
				do("bounce", events, err)
			case 5:
				do("complain", state.Complain(force.ID), nil)
			case 6:
				events, err := state.Disable()
				do("disable", events, err)
			case 7:
				events, err := state.Enable()
				do("enable", events, err)
			case 8:
				do("off", state.TurnOff(), nil)
			}
			waiting := uuid.Nil
			if row.Pending != nil {
				waiting = row.Pending.AddressID
			}
			if row.Settings.AddressID != state.InForce().ID || waiting != state.Pending().ID || row.Suspended != state.Suspended() || row.Barred != state.Disabled() {
				t.Fatalf("seed %d:%s: in force %s, waiting %s, %q, %v; the person has %s, %s, %q, %v", seed, did,
					row.Settings.AddressID, waiting, row.Suspended, row.Barred, state.InForce().ID, state.Pending().ID, state.Suspended(), state.Disabled())
			}
			if wake, immediate := row.Wake(); row.Barred && (!wake.IsZero() || immediate) {
				t.Fatalf("seed %d:%s: disabled, and due at %s", seed, did, wake)
			}
		}
	}
}

// sealed is an address as it comes from the log.
func sealed(t *testing.T) (s event.Secret) {
	t.Helper()
	if err := s.UnmarshalJSON([]byte(`{"key":"person-1","box":"AAAA"}`)); err != nil {
		t.Fatal(err)
	}
	return s
}
