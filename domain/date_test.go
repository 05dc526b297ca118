package domain_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"imprint/domain"
)

func TestDatesAreReadStrictly(t *testing.T) {
	for _, good := range []string{"0001-01-01", "1582-10-10", "1969-12-31", "1970-01-01", "2024-02-29", "2025-12-31", "9999-12-31"} {
		d, err := domain.ParseDate(good)
		if err != nil || d.String() != good || d.IsZero() {
			t.Errorf("%q is read as %q: %v", good, d, err)
		}
	}
	for _, bad := range []string{
		"", "2025-02-30", "2025-02-29", "2025-13-01", "2025-00-10", "2025-01-00", "0000-01-01", "10000-01-01", "2025-1-1", "25-01-01",
		"2025-01-01T00:00:00Z", " 2025-01-01", "2025-01-01 ", "20250101", "2025/01/01", "-2025-01-01", "２０２５-01-01", "null",
	} {
		d, err := domain.ParseDate(bad)
		if domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), "2025-12-31") || !d.IsZero() {
			t.Errorf("%q is read as %q: %v; want an Invalid that shows the form", bad, d, err)
		}
		var read struct{ D domain.Date }
		if b, _ := json.Marshal(map[string]string{"D": bad}); json.Unmarshal(b, &read) == nil {
			t.Errorf("JSON %s is read as %q", b, read.D)
		}
	}
}

// A day has no zone: what is written in one place is the same day in another,
// and the order of days is that of their texts.
func TestDatesAreDays(t *testing.T) {
	moment := rapid.Map(rapid.Int64Range(time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC).Unix()),
		func(s int64) time.Time { return time.Unix(s, 0) })
	rapid.Check(t, func(rt *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-14*3600, 14*3600).Draw(rt, "offset"))
		a, b := moment.Draw(rt, "a").In(zone), moment.Draw(rt, "b").In(zone)
		if rapid.Bool().Draw(rt, "near") {
			b = a.AddDate(0, 0, rapid.IntRange(-1, 1).Draw(rt, "days"))
		}
		d, e := domain.DateOf(a), domain.DateOf(b)
		if d.String() != a.Format(time.DateOnly) {
			rt.Fatalf("%s falls on %s", a, d)
		}
		if got, want := d.Compare(e), strings.Compare(d.String(), e.String()); got != want || (d == e) != (want == 0) {
			rt.Fatalf("%s and %s compare as %d", d, e, got)
		}
		text, err := json.Marshal(d)
		var back domain.Date
		if err != nil || json.Unmarshal(text, &back) != nil || back != d {
			rt.Fatalf("%s is written as %s and read as %s: %v", d, text, back, err)
		}
	})
}

func TestNoDateIsBeforeEveryDate(t *testing.T) {
	first, err := domain.ParseDate("0001-01-01")
	if err != nil {
		t.Fatal(err)
	}
	none := domain.Date{}
	if !none.IsZero() || none.String() != "" || none.Compare(first) != -1 || first.Compare(none) != 1 || domain.DateOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) != none {
		t.Errorf("none is %q", none)
	}
	b, err := json.Marshal(struct {
		D domain.Date `json:"d,omitzero"`
	}{})
	if string(b) != "{}" {
		t.Errorf("none is written as %s: %v", b, err)
	}
}
