package document_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
)

// Whatever is asked in whatever order, what is recorded keeps the rules. The
// rules are checked on the events alone, by a reader that knows nothing of State.
func TestWhateverIsAskedTheRulesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s document.State
		var all []event.Payload
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			before := s
			events, err := command(t, s)
			if err != nil {
				if len(events) > 0 || domain.KindOf(err) == domain.Internal {
					t.Fatalf("a refusal with %d events: %v", len(events), err)
				}
				continue
			}
			s = s.Fold(events...)
			all = append(all, events...)
			if basis := before.Fold(); fmt.Sprint(basis) != fmt.Sprint(before) {
				t.Fatal("folding changed the state it began with")
			}
		}
		if whole := (document.State{}).Fold(all...); fmt.Sprint(whole) != fmt.Sprint(s) {
			t.Fatalf("folded at once: %v\nfolded one by one: %v", whole, s)
		}
		read(t, all)
	})
}

// command asks for something that may or may not be allowed.
func command(t *rapid.T, s document.State) ([]event.Payload, error) {
	d := draft(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "bytes"))
	d.Major = rapid.Bool().Draw(t, "major")
	if rapid.IntRange(0, 4).Draw(t, "summary") == 0 {
		d.Summary = nil
	}
	number := rapid.IntRange(0, s.Newest()+1).Draw(t, "number")
	if rapid.Bool().Draw(t, "on the newest") {
		number = s.Newest()
	}
	det := details()
	det.Title = domain.English(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "title"))
	switch rapid.IntRange(0, 9).Draw(t, "command") {
	case 0:
		return s.Publish(id, det, everyone, d, now)
	case 1, 2:
		return s.Version(number, d, rapid.Bool().Draw(t, "force"), now)
	case 3:
		return s.Withdraw(reason, now)
	case 4:
		return s.Reinstate(nil, now)
	case 5:
		return s.WithdrawVersion(number, reason)
	case 6:
		return s.ReinstateVersion(number, reason)
	case 7:
		return s.CorrectSummary(number, d.Summary, "")
	case 8:
		return s.Revise(det)
	default:
		p := past("1")
		p.Draft, p.Details = d, det
		return s.Import(id, p)
	}
}

// read holds the rules against a whole history.
func read(t *rapid.T, all []event.Payload) {
	var major []bool   // by version
	var inForce []bool // by version
	gone := false
	add := func(v document.Version) {
		if v.Number != len(major)+1 {
			t.Fatalf("version %d follows %d", v.Number, len(major))
		}
		if v.Major && len(v.Summary) == 0 || v.Number == 1 && !v.Major {
			t.Fatalf("version %d: major %v, summary %v", v.Number, v.Major, v.Summary)
		}
		if gone {
			t.Fatalf("version %d came while the document was withdrawn", v.Number)
		}
		major, inForce = append(major, v.Major), append(inForce, true)
	}
	for i, p := range all {
		if _, first := p.(document.Published); first != (i == 0) {
			t.Fatalf("event %d is %s", i, p.EventType())
		}
		switch e := p.(type) {
		case document.Published:
			add(e.Version)
		case document.Versioned:
			add(e.Version)
		case document.SummaryCorrected:
			if major[e.Number-1] && len(e.Summary) == 0 {
				t.Fatalf("major version %d lost its summary", e.Number)
			}
		case document.VersionWithdrawn:
			if gone || !inForce[e.Number-1] {
				t.Fatalf("version %d was withdrawn twice, or with the document", e.Number)
			}
			inForce[e.Number-1] = false
		case document.VersionReinstated:
			inForce[e.Number-1] = true
		case document.Withdrawn:
			if gone || len(e.Reason) == 0 {
				t.Fatal("withdrawn twice or without a reason")
			}
			gone = true
		case document.Reinstated:
			if !gone {
				t.Fatal("reinstated without a withdrawal")
			}
			gone = false
		}
		if !slices.Contains(inForce, true) {
			t.Fatal("no version is left")
		}
	}
}
