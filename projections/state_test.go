package projections

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// The rows of one key, folded by functions instead of payloads.
type (
	currentRow struct {
		ID  string    `col:"id,key"`
		N   int       `col:"n"`
		Raw []byte    `col:"raw"`
		Ref uuid.UUID `col:"ref"`
		At  time.Time `col:"at,unhashed"`
		Any []string  `col:"anything"`
	}
	setRow struct {
		ID  string `col:"id,key"`
		Sub string `col:"sub,sub"`
		N   int    `col:"n"`
	}
	intervalRow struct {
		ID string `col:"id,key"`
		N  int    `col:"n"`
	}
	factRow struct {
		ID string `col:"id,key"`
		N  int    `col:"n"`
	}
)

var tables = []*Table{
	NewTable[currentRow](Current, "k", "currents"),
	NewTable[setRow](Set, "k", "sets"),
	NewTable[intervalRow](Interval, "k", "intervals"),
	NewTable[factRow](Facts, "k", "facts"),
}

type fold func(*State) error

func (fold) EventType() string { return "Fold" }

func projection() Projection {
	return Projection{
		Name: "p", Version: 1, Types: []string{"Fold"}, Tables: tables,
		Keys: func(Event) []Key { return []Key{KeyOf("k", "a")} },
		Fold: func(s *State, e Event) error { return e.Payload.(fold)(s) },
	}
}

// trial folds each function as the event of the next ordinal.
func trial(t *testing.T, folds ...func(*State)) *Trial {
	t.Helper()
	tr := NewTrial(projection())
	for i, f := range folds {
		if err := tr.Fold(at(int64(i+1), func(s *State) error { f(s); return nil })); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func at(ordinal int64, f fold) Event {
	return Event{Recorded: &event.Recorded{Event: event.Event{Type: "Fold"}, Ordinal: ordinal}, Payload: f}
}

func TestIntervalRowsCoverTheirSpans(t *testing.T) {
	put := func(n ...int) func(*State) {
		return func(s *State) {
			for _, n := range n {
				Put(s, intervalRow{ID: "a", N: n})
			}
		}
	}
	remove := func(s *State) { Clear[intervalRow](s) }
	const end = Forever
	for name, c := range map[string]struct {
		folds []func(*State)
		want  string
	}{
		"one":                      {[]func(*State){put(1)}, fmt.Sprint([]Values{{"a", 1, 1, end}})},
		"equal changes nothing":    {[]func(*State){put(1), put(1)}, fmt.Sprint([]Values{{"a", 1, 1, end}})},
		"closed by the next":       {[]func(*State){put(1), put(2)}, fmt.Sprint([]Values{{"a", 1, 1, 2}, {"a", 2, 2, end}})},
		"replaced by the same":     {[]func(*State){put(1), put(2, 3)}, fmt.Sprint([]Values{{"a", 1, 1, 2}, {"a", 3, 2, end}})},
		"cleared":                  {[]func(*State){put(1), remove}, fmt.Sprint([]Values{{"a", 1, 1, 2}})},
		"cleared by the same":      {[]func(*State){put(1), func(s *State) { put(2)(s); remove(s) }}, fmt.Sprint([]Values{{"a", 1, 1, 2}})},
		"cleared twice, reopened":  {[]func(*State){put(1), remove, remove, put(1)}, fmt.Sprint([]Values{{"a", 1, 1, 2}, {"a", 1, 4, end}})},
		"cleared before the first": {[]func(*State){remove, put(1)}, fmt.Sprint([]Values{{"a", 1, 2, end}})},
	} {
		if got := fmt.Sprint(trial(t, c.folds...).Table(tables[2])); got != c.want {
			t.Errorf("%s: rows %s, want %s", name, got, c.want)
		}
	}
}

func TestSetRowsAreReplacedBySub(t *testing.T) {
	tr := trial(t,
		func(s *State) { Put(s, setRow{"a", "y", 1}); Put(s, setRow{"a", "x", 1}) },
		func(s *State) { Put(s, setRow{"a", "y", 2}) },
		func(s *State) {
			if got := fmt.Sprint(Rows[setRow](s)); got != "[{a x 1} {a y 2}]" {
				t.Errorf("the fold sees %s", got)
			}
			Replace(s, []setRow{{"a", "z", 1}, {"a", "x", 5}})
		})
	if got := fmt.Sprint(RowsOf[setRow](tr)); got != "[{a x 5} {a z 1}]" {
		t.Errorf("rows %s", got)
	}
	tr = trial(t, func(s *State) { Put(s, setRow{"a", "y", 1}) }, func(s *State) { Clear[setRow](s) })
	if got := RowsOf[setRow](tr); len(got) != 0 {
		t.Errorf("after Clear: %v", got)
	}
}

func TestOneFactPerEvent(t *testing.T) {
	tr := trial(t,
		func(s *State) { Put(s, factRow{"a", 1}) },
		func(s *State) { Put(s, factRow{"a", 1}); Put(s, factRow{"a", 2}) })
	if got, want := fmt.Sprint(tr.Table(tables[3])), fmt.Sprint([]Values{{"a", 1, 1}, {"a", 2, 2}}); got != want {
		t.Errorf("facts %s, want %s", got, want)
	}
}

func TestRowsComeBackAsTheyWerePut(t *testing.T) {
	id := uuid.MustParse("0198aaaa-0000-7000-8000-000000000001")
	for _, want := range []currentRow{
		{ID: "a"},
		{ID: "a", N: -1, Raw: []byte{0}, Ref: id, At: time.UnixMicro(5).UTC(), Any: []string{"x", ""}},
	} {
		trial(t, func(s *State) { Put(s, want) }, func(s *State) {
			if got, ok := Row[currentRow](s); !ok || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
				t.Errorf("read back %#v, want %#v", got, want)
			}
		})
	}
}

func TestOnlyWhatChangedIsWritten(t *testing.T) {
	s := NewState(KeyOf("k", "a"), tables)
	s.load(tables[1], []Values{{"a", "y", int64(1)}, {"a", "x", int64(1)}, {"a", "w", int64(1)}})
	Replace(s, []setRow{{"a", "x", 1}, {"a", "y", 2}, {"a", "z", 1}})
	c := Change{Table: tables[1]}
	s.of(tables[1].row).changes(&c)
	if got := fmt.Sprint(c.Inserts, c.Upserts, c.Deletes); got != "[[a z 1]] [[a y 2]] [[a w]]" {
		t.Errorf("the batch writes %s", got)
	}
}

func TestAFailedFoldLeavesNothingBehind(t *testing.T) {
	tr := trial(t, func(s *State) { Put(s, currentRow{ID: "a", N: 1}); Put(s, setRow{"a", "x", 1}) })
	broken := errors.New("broken")
	for _, fail := range []fold{
		func(*State) error { return broken },
		func(*State) error { panic(broken) },
		func(s *State) error { Put(s, currentRow{ID: "of another key"}); return nil },
		func(s *State) error { Put(s, struct{ N int }{}); return nil },
	} {
		err := tr.Fold(at(2, func(s *State) error {
			Put(s, currentRow{ID: "a", N: 2})
			Replace(s, []setRow{{"a", "y", 1}})
			Put(s, factRow{"a", 1})
			return fail(s)
		}))
		var fold *FoldError
		if !errors.As(err, &fold) || fold.Ordinal != 2 {
			t.Errorf("the fold gave %v", err)
		}
		if got := fmt.Sprint(RowsOf[currentRow](tr)[0].N, RowsOf[setRow](tr), RowsOf[factRow](tr)); got != "1 [{a x 1}] []" {
			t.Errorf("a failed fold left %s", got)
		}
	}
}
