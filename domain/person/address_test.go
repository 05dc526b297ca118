package person_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
	"imprint/domain/person"
)

// given is a new address of a person's.
func given(t *testing.T, s person.State, at time.Time) person.Address {
	t.Helper()
	a, err := s.Give("ada@example.org", uuid.New(), at)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// do folds what a decision led to, and answers how many events that was.
func do(t *testing.T, s *person.State) func([]event.Payload, error) int {
	return func(events []event.Payload, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		*s = s.Fold(events...)
		return len(events)
	}
}

// settled has an address in force.
func settled(t *testing.T) (person.State, person.Address) {
	t.Helper()
	s := joined(t)
	a := given(t, s, now)
	do(t, &s)(s.ChangeSettings(schedule, "en", a))
	do(t, &s)(s.ConfirmAddress(a.ID, now))
	return s, a
}

func TestAnAddressIsInForceOnceItIsConfirmed(t *testing.T) {
	s := joined(t)
	first := given(t, s, now)
	do(t, &s)(s.ChangeSettings(schedule, "en", first))
	if s.InForce().ID != uuid.Nil || s.Pending().ID != first.ID {
		t.Errorf("before: in force %v, waiting %v", s.InForce().ID, s.Pending().ID)
	}
	refused(t, "address-replaced")(s.ConfirmAddress(uuid.New(), now))
	refused(t, "address-replaced")(s.ConfirmAddress(uuid.Nil, now))
	refused(t, "link-expired")(s.ConfirmAddress(first.ID, now.Add(person.ConfirmWithin+1)))
	if n := do(t, &s)(s.ConfirmAddress(first.ID, now.Add(person.ConfirmWithin))); n != 1 || s.InForce().ID != first.ID || s.Pending().ID != uuid.Nil {
		t.Errorf("after %d events: in force %v, waiting %v", n, s.InForce().ID, s.Pending().ID)
	}
	if n := do(t, &s)(s.ConfirmAddress(first.ID, now.Add(time.Hour))); n != 0 {
		t.Errorf("again: %d events", n)
	}
	second := given(t, s, now)
	do(t, &s)(s.ChangeSettings(schedule, "en", second))
	if s.InForce().ID != first.ID || s.Pending().ID != second.ID {
		t.Errorf("until the second is confirmed: in force %v, waiting %v", s.InForce().ID, s.Pending().ID)
	}
	refused(t, "address-replaced")(s.ConfirmAddress(first.ID, now))
	do(t, &s)(s.ChangeSettings(schedule, "de", s.InForce())) // back to the first
	if s.InForce().ID != first.ID || s.Pending().ID != uuid.Nil {
		t.Errorf("back: in force %v, waiting %v", s.InForce().ID, s.Pending().ID)
	}
	do(t, &s)(s.ChangeSettings(schedule, "en", person.Address{}))
	if !s.InForce().Address.IsZero() || !s.Pending().Address.IsZero() {
		t.Error("without an address, one is in force still")
	}
	refused(t, "address-replaced")(s.ConfirmAddress(second.ID, now))
}

// TestAnAddressOfOldIsInForce: those given before there was a confirmation.
func TestAnAddressOfOldIsInForce(t *testing.T) {
	s := joined(t).Fold(person.NotificationSettingsChanged{Person: me, Schedule: schedule, Language: "en", Address: event.Personal("ada@example.org")})
	if s.InForce().Address.IsZero() || !s.Pending().Address.IsZero() {
		t.Errorf("in force %v, waiting %v", s.InForce(), s.Pending())
	}
}

func TestAddressesAreGivenSeldom(t *testing.T) {
	s := joined(t)
	for i := range 5 {
		do(t, &s)(s.ChangeSettings(schedule, "en", given(t, s, now.Add(time.Duration(i)*time.Hour))))
	}
	_, err := s.Give("ada@example.org", uuid.New(), now.Add(23*time.Hour))
	refused(t, "too-many-addresses")(nil, err)
	given(t, s, now.Add(24*time.Hour))
}

func TestAnAddressThatDoesNotExistIsSuspendedUntilItIsConfirmedAnew(t *testing.T) {
	s, a := settled(t)
	failure := person.Failure{AddressID: a.ID, Digest: uuid.New(), NoSuch: true, Status: "5.1.1"}
	if n := do(t, &s)(s.Bounce(failure, now)); n != 2 || s.Suspended() != person.BadAddress {
		t.Errorf("%d events, %q", n, s.Suspended())
	}
	if b, ok := s.Bounced(); !ok || b.Status != "5.1.1" {
		t.Errorf("bounced: %+v", b)
	}
	if n := do(t, &s)(s.Bounce(failure, now)); n != 0 {
		t.Errorf("told again: %d events", n)
	}
	do(t, &s)(s.ChangeSettings(schedule, "de", s.InForce()))
	if s.Suspended() == person.NotSuspended {
		t.Error("other settings end the suspension")
	}
	again := given(t, s, now)
	do(t, &s)(s.ChangeSettings(schedule, "de", again))
	do(t, &s)(s.ConfirmAddress(again.ID, now))
	if s.Suspended() != person.NotSuspended || s.InForce().ID != again.ID {
		t.Errorf("confirmed anew: %q", s.Suspended())
	}
	if _, ok := s.Bounced(); ok {
		t.Error("the bounce of the address before is told of the new one")
	}
	if n := do(t, &s)(s.Bounce(person.Failure{AddressID: a.ID, Digest: uuid.New(), NoSuch: true}, now)); n != 0 || s.Suspended() != person.NotSuspended {
		t.Errorf("a late report of the address before: %d events, %q", n, s.Suspended())
	}
}

func TestAnAddressThatRefusesIsSuspendedAtTheThirdTimeInAMonth(t *testing.T) {
	s, a := settled(t)
	bounce := func(at time.Time) int {
		return do(t, &s)(s.Bounce(person.Failure{AddressID: a.ID, Digest: uuid.New(), Status: "5.2.2"}, at))
	}
	day := 24 * time.Hour
	for i, days := range []int{0, 20, 31, 52} { // never three within thirty days
		if n := bounce(now.Add(time.Duration(days) * day)); n != 1 {
			t.Errorf("bounce %d: %d events", i+1, n)
		}
	}
	if n := bounce(now.Add(55 * day)); n != 2 || s.Suspended() != person.Refusing {
		t.Errorf("the third: %d events, %q", n, s.Suspended())
	}
}

func TestAComplaintSuspends(t *testing.T) {
	s, a := settled(t)
	if events := s.Complain(uuid.New()); len(events) > 0 {
		t.Errorf("about another address: %v", events)
	}
	if n := do(t, &s)(s.Complain(a.ID), nil); n != 1 || s.Suspended() != person.Complained {
		t.Errorf("%d events, %q", n, s.Suspended())
	}
	if n := do(t, &s)(s.Complain(a.ID), nil); n != 0 {
		t.Errorf("again: %d events", n)
	}
}

// TestTheMailThatAsksMayBounce: it is told, and suspends nothing, for the address
// before stays in force.
func TestTheMailThatAsksMayBounce(t *testing.T) {
	s, first := settled(t)
	second := given(t, s, now)
	do(t, &s)(s.ChangeSettings(schedule, "en", second))
	if n := do(t, &s)(s.Bounce(person.Failure{AddressID: second.ID, NoSuch: true, Status: "5.1.1"}, now)); n != 1 || s.Suspended() != person.NotSuspended || s.InForce().ID != first.ID {
		t.Errorf("%d events, %q", n, s.Suspended())
	}
	if b, ok := s.Bounced(); !ok || b.AddressID != second.ID {
		t.Errorf("bounced: %+v", b)
	}
}

func TestAnAccountEndsForNowOrForEver(t *testing.T) {
	s, a := settled(t)
	if n := do(t, &s)(s.Enable()); n != 0 {
		t.Errorf("enabled what is: %d events", n)
	}
	for want := 1; want >= 0; want-- {
		if n := do(t, &s)(s.Disable()); n != want || !s.Disabled() {
			t.Errorf("disabled: %d events", n)
		}
	}
	refused(t, "account-disabled")(s.ConfirmAddress(a.ID, now))
	refused(t, "account-disabled")(s.IssueToken(uuid.New(), "reader", now.Add(time.Hour), now))
	if n := do(t, &s)(s.Enable()); n != 1 || s.Disabled() {
		t.Errorf("enabled: %d events", n)
	}
	for want := 1; want >= 0; want-- {
		if n := do(t, &s)(s.Erase()); n != want || !s.Erased() {
			t.Errorf("erased: %d events", n)
		}
	}
	refused(t, "no-person")(s.ChangeSettings(schedule, "en", person.Address{}))
	refused(t, "no-person")(s.ConfirmAddress(a.ID, now))
	refused(t, "no-person")(s.Disable())
	refused(t, "no-person")(s.Enable())
	refused(t, "no-person")(s.Join(me, "Ada"))
	refused(t, "no-person")((person.State{}).Erase())
	if s.TurnOff() != nil {
		t.Error("an erased person turns digests off")
	}
	if events, err := s.Bounce(person.Failure{AddressID: a.ID, NoSuch: true}, now); len(events) > 0 || err != nil {
		t.Errorf("bounced: %v, %v", events, err)
	}
}

// TestAStateThatIsHeldDoesNotChange: states are cached and shared.
func TestAStateThatIsHeldDoesNotChange(t *testing.T) {
	s, a := settled(t)
	bounce := func(s person.State) person.State {
		events, err := s.Bounce(person.Failure{AddressID: a.ID, Digest: uuid.New(), Status: "5.2.2"}, now)
		if err != nil {
			t.Fatal(err)
		}
		return s.Fold(events...)
	}
	held := bounce(s)
	want, _ := held.Bounced()
	bounce(bounce(held))
	bounce(held)
	if got, _ := held.Bounced(); got != want {
		t.Errorf("held %+v, now %+v", want, got)
	}
}
