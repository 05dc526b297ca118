package mail_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/mail"
)

func TestRatesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]mail.Rate{
		"10/s": {Mails: 10, Per: time.Second}, "300/m": {Mails: 300, Per: time.Minute}, "1000000/h": {Mails: 1_000_000, Per: time.Hour}, "off": {},
	} {
		var r mail.Rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want || r.String() != text || r.Limits() != (text != "off") {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
	for _, text := range []string{"", "10", "0/s", "-1/s", "1.5/s", "10/d", "10/", "/s", "10 /s", "1000001/h", "10/s/s", "OFF"} {
		r := mail.Rate{Mails: 1, Per: time.Second}
		if err := r.UnmarshalText([]byte(text)); domain.KindOf(err) != domain.Invalid {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

// TestARateHoldsInEverySpan: whoever takes turns, in whatever groups and however
// far ahead, in no span are there more than the rate allows and one burst.
func TestARateHoldsInEverySpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := mail.Rate{Mails: rapid.IntRange(1, 500).Draw(t, "mails"), Per: rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "per")}
		now := time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)
		ahead := rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour}).Draw(t, "ahead")
		var taken time.Time
		var all []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "takes") {
			n := rapid.IntRange(1, 80).Draw(t, "n")
			turns, after := r.Take(taken, now, n, ahead)
			for _, turn := range turns {
				if turn.Before(now) || turn.Sub(now) > ahead {
					t.Fatalf("a turn at %s, now %s", turn, now)
				}
			}
			if len(turns) == 0 && after != taken {
				t.Fatal("who gets nothing takes something")
			}
			// Nobody waits for nothing: the next turn is not free yet.
			if len(turns) < n {
				if more, _ := r.Take(after, now, 1, ahead); len(more) > 0 {
					t.Fatalf("%d of %d turns given, and there was another", len(turns), n)
				}
			}
			all, taken = append(all, turns...), after
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(2*r.Per)/int64(r.Mails)*10).Draw(t, "pause")))
		}
		if !slices.IsSortedFunc(all, time.Time.Compare) {
			t.Fatalf("not in turn: %v", all)
		}
		for i := range all {
			for j := i; j < len(all); j++ {
				span := all[j].Sub(all[i])
				if most := int(span/(r.Per/time.Duration(r.Mails))) + 1 + r.Burst(); j-i+1 > most {
					t.Fatalf("%d turns in %s at %s", j-i+1, span, r)
				}
			}
		}
	})
}

func TestAClockThatWasSetBackHoldsNobodyUp(t *testing.T) {
	r, now := mail.Rate{Mails: 1, Per: time.Minute}, time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)
	_, taken := r.Take(time.Time{}, now.Add(365*24*time.Hour), 1, 0)
	if turns, _ := r.Take(taken, now, 1, 0); len(turns) != 1 || !turns[0].Equal(now) {
		t.Errorf("%v", turns)
	}
	_, taken = r.Take(time.Time{}, now, 10, time.Hour) // ten minutes ahead, rightly
	if turns, _ := r.Take(taken, now, 1, mail.MaxAhead); len(turns) != 1 || turns[0].Sub(now) != 10*time.Minute {
		t.Errorf("%v", turns)
	}
}
