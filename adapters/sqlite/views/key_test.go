package views_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/views"
	"imprint/domain/event"
	"imprint/projections"
)

type townRow struct {
	Town string `col:"town,key"`
	Name string `col:"name"`
}

func towns() projections.Projection {
	return projections.Projection{Name: "land", Version: 2, Tables: []*projections.Table{
		projections.NewTable[townRow](projections.Current, "town", "towns"),
	}}
}

// loading is a generation that is being loaded.
type loading struct {
	t     *testing.T
	store *views.Store
	path  string
	build projections.Build
}

// loaded has rows 0000 to 0099, which were only added.
func loaded(t *testing.T, s *views.Store, path string) *loading {
	t.Helper()
	made, err := s.Create(t.Context(), towns())
	if err != nil {
		t.Fatal(err)
	}
	build, err := s.Acquire(t.Context(), made, "a", time.Minute, true)
	if err != nil {
		t.Fatal(err)
	}
	l := &loading{t, s, path, build}
	var rows []projections.Values
	for n := range 100 {
		rows = append(rows, projections.Values{fmt.Sprintf("%04d", n), "x"})
	}
	if err := l.commit(projections.Change{Inserts: rows}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *loading) commit(changes ...projections.Change) error {
	to := event.Checkpoint{Ordinal: l.build.Checkpoint.Ordinal + 1}
	to.Position = event.Position(fmt.Sprint(to.Ordinal))
	for i := range changes {
		changes[i].Table = towns().Tables[0]
	}
	err := l.store.Commit(l.t.Context(), projections.Batch{Generation: l.build.Generation, Epoch: l.build.Epoch, From: l.build.Checkpoint, To: to, Changes: changes})
	if err == nil {
		l.build.Checkpoint = to
	}
	return err
}

// keys counts the table's keys, in the file.
func (l *loading) keys() (n int) {
	l.t.Helper()
	db, err := sqlite.OpenReadOnly(context.Background(), l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Read.QueryRow(`SELECT count(*) FROM pragma_index_list($1) WHERE "unique"`, fmt.Sprintf("land_towns_v2_g%d", l.build.Number)).Scan(&n)
	if err != nil {
		l.t.Fatal(err)
	}
	return n
}

// TestATableGetsItsKeyWhenThatIsNeeded: rows that are only added need none; the first
// that is looked for, replaced or deleted does.
func TestATableGetsItsKeyWhenThatIsNeeded(t *testing.T) {
	s, path := openViews(t)
	for what, need := range map[string]func(*loading) error{
		"load": func(l *loading) error {
			found, err := s.Load(t.Context(), l.build.Generation, towns().Tables[0], []projections.Key{projections.KeyOf("town", "0040")})
			if err == nil && len(found) != 1 {
				err = fmt.Errorf("%d rows are found", len(found))
			}
			return err
		},
		"replace": func(l *loading) error {
			return l.commit(projections.Change{Upserts: []projections.Values{{"0000", "y"}}})
		},
		"delete": func(l *loading) error {
			return l.commit(projections.Change{Deletes: []projections.Values{{"0000"}}})
		},
		"index": func(l *loading) error { return s.Index(t.Context(), towns(), l.build.Generation) },
	} {
		l := loaded(t, s, path)
		before := l.keys()
		for range 2 { // again, with what is there
			if err := need(l); err != nil {
				t.Fatal(err)
			}
		}
		if after := l.keys(); before != 0 || after != 1 {
			t.Errorf("%s: %d keys before, %d after", what, before, after)
		}
	}
}

// TestAKeyThatWasUndoneIsMadeAgain, with the batch that needed it.
func TestAKeyThatWasUndoneIsMadeAgain(t *testing.T) {
	s, path := openViews(t)
	l := loaded(t, s, path)
	replace := projections.Change{Upserts: []projections.Values{{"0000", "y"}}}
	if err := l.commit(replace, projections.Change{Inserts: []projections.Values{{"0001", "there already"}}}); err == nil || l.keys() != 0 {
		t.Fatalf("a row that is there was added, or there are %d keys: %v", l.keys(), err)
	}
	if err := l.commit(replace); err != nil || l.keys() != 1 {
		t.Errorf("the batch behind it: %v, %d keys", err, l.keys())
	}
}
