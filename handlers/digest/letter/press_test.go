package letter

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"imprint/domain"
)

// TestAPressPrintsLikeItsFirstLetter: whatever was printed before and kept, a
// letter has the bytes that it has alone.
func TestAPressPrintsLikeItsFirstLetter(t *testing.T) {
	// Few of each, so that most of it is the same as in a letter before.
	items := []Item{weekly("en").Items[0], weekly("en").Items[7], hostile().Items[0]}
	rapid.Check(t, func(t *rapid.T) {
		p := &Press{}
		text := func(name string) domain.Text {
			made := domain.Text{}
			for _, locale := range []string{"en", "de", "fr"} {
				if s := rapid.SampledFrom([]string{"", "SOC 2", "A longer one that goes beyond the end of a line in the plain text part of it"}).Draw(t, name+" in "+locale); s != "" {
					made[locale] = s
				}
			}
			return made
		}
		for range rapid.IntRange(2, 9).Draw(t, "letters") {
			l := weekly(rapid.SampledFrom([]string{"en", "de", "fr"}).Draw(t, "language"))
			l.Zone = zone(rapid.SampledFrom([]string{"Europe/Berlin", "UTC"}).Draw(t, "zone"))
			switch rapid.IntRange(0, 6).Draw(t, "other frame") {
			case 0:
				l.Portal = "Another Trust Center"
			case 1:
				l.Until = l.Until.Add(time.Hour)
			case 2:
				l.From = time.Time{}
			case 3:
				l.More = rapid.IntRange(0, 2).Draw(t, "more")
			case 4:
				l.SettingsURL = portalURL + "/settings"
			case 5:
				l.UnsubscribeURL = portalURL + "/unsubscribe?token=another"
			}
			l.Items = nil
			for range rapid.SampledFrom([]int{1, 2, 3, 12}).Draw(t, "entries") {
				i := rapid.SampledFrom(items).Draw(t, "item")
				// One thing about it is another than in the letters before.
				switch rapid.IntRange(0, 14).Draw(t, "other") {
				case 0:
					i.Title = text("title")
				case 1:
					i.Summary = text("summary")
				case 2:
					i.Reason = text("reason")
				case 3:
					i.Series = text("series")
				case 4:
					i.Version = rapid.IntRange(0, 1).Draw(t, "version")
				case 5:
					i.MaybeSent = !i.MaybeSent
				case 6:
					i.At = moment(28, rapid.IntRange(0, 3).Draw(t, "hour"), 30) // the clocks go forward
				case 7:
					i.Via = rapid.SampledFrom([]Via{ViaLibrary, ViaSeries}).Draw(t, "via")
				case 8:
					i.Kind = rapid.SampledFrom([]Kind{Updated, Withdrawn, Moved, Joined}).Draw(t, "kind")
				case 9:
					i.URL = portalURL + "/a"
				case 10:
					i.SeriesURL = portalURL + "/a"
				case 11:
					i.FormerURL = portalURL + "/a"
				case 12:
					i.Updates = rapid.IntRange(2, 3).Draw(t, "updates")
				case 13:
					i.Former = text("former")
				case 14:
					i.Successor, i.SuccessorURL = text("successor"), rapid.SampledFrom([]string{"", portalURL + "/b"}).Draw(t, "of the successor")
				}
				l.Items = append(l.Items, i)
			}
			got, err := p.Render(l)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Render(l)
			if err != nil || got != want {
				t.Fatalf("printed after others:\n%s\nalone:\n%s\n%v", got.Text, want.Text, err)
			}
		}
	})
}

// TestAPressTellsLettersOfTheSameLengthApart: they have a heading in common, and not
// what is left out.
func TestAPressTellsLettersOfTheSameLengthApart(t *testing.T) {
	p, items := &Press{}, fifty()
	for _, listed := range []int{3, 2, 1} {
		l := with(weekly("en"), 3-listed, items[:listed]...)
		if got, err := p.Render(l); err != nil || got != render(t, l) {
			t.Errorf("%d listed of 3: %v\n%s", listed, err, got.Text)
		}
	}
}

// TestAPressIsBounded: it forgets instead of growing.
func TestAPressIsBounded(t *testing.T) {
	p := &Press{}
	for i, before := 0, 0; len(p.entries) >= before; i++ {
		before = len(p.entries)
		l := with(weekly("en"), 0, Item{Kind: Updated, Version: i, URL: portalURL + "/d", Title: domain.English("Policy"), Summary: domain.English(strings.Repeat("long ", 80))})
		if _, err := p.Render(l); err != nil {
			t.Fatal(err)
		}
		if i > 10_000 {
			t.Fatal("nothing is ever forgotten")
		}
		if i%1000 != 0 && len(p.entries) >= before {
			continue
		}
		held := 0
		for key, e := range p.entries {
			held += len(key) + len(e.subject) + len(e.text) + len(e.html)
		}
		for key, f := range p.frames {
			held += len(key) + len(f.open) + len(f.head) + len(f.foot) + len(f.textHead) + len(f.textFoot)
		}
		if held != p.used || held > roomForPrinted {
			t.Fatalf("letter %d: %d bytes are held, %d counted", i, held, p.used)
		}
	}
}
