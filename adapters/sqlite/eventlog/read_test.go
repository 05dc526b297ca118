package eventlog

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
)

func TestPlaces(t *testing.T) {
	for name, c := range map[string]event.Checkpoint{
		"not a number":         {Position: "zzzzzzzzzzzzzzzz", Ordinal: 1},
		"too short":            {Position: "1", Ordinal: 1},
		"upper case":           {Position: "000000000000000A", Ordinal: 10},
		"negative":             {Position: "-000000000000001", Ordinal: -1},
		"zero":                 {Position: "0000000000000000"},
		"another ordinal":      {Position: position(5), Ordinal: 6},
		"ordinal alone":        {Ordinal: 6},
		"position alone":       {Position: position(5)},
		"another engine's":     {Position: "00000000000000010000000000000001", Ordinal: 1},
		"with a sign and zero": {Position: "+000000000000001", Ordinal: 1},
	} {
		if _, err := place(c); domain.KindOf(err) != domain.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, ordinal := range []int64{0, 1, 15, 16, 1 << 40, 1<<63 - 1} {
		if got, err := place(event.Checkpoint{Position: position(ordinal), Ordinal: ordinal}); err != nil || got != ordinal {
			t.Errorf("%d comes back as %d, %v", ordinal, got, err)
		}
		if ordinal > 1 && position(ordinal) <= position(ordinal-1) {
			t.Errorf("position %q does not follow %q", position(ordinal), position(ordinal-1))
		}
	}
}

func TestReadsRefuseNonsense(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "log.db"))
	_, all := l.ReadAll(t.Context(), event.Checkpoint{}, 0)
	_, stream := l.ReadStream(t.Context(), "document-1", -1, 10)
	_, back := l.ReadStreamBack(t.Context(), "document-1", -5)
	for i, err := range []error{all, stream, back} {
		if domain.KindOf(err) != domain.Invalid {
			t.Errorf("read %d: %v", i, err)
		}
	}
}

func TestAReaderBesideTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	if _, err := OpenReadOnly(t.Context(), path); domain.KindOf(err) != domain.NotFound {
		t.Errorf("a log that does not exist was opened: %v", err)
	}
	db, err := sqlite.Open(t.Context(), path, sqlite.Durable)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), path); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("a file without tables was opened: %v", err)
	}

	l := open(t, path)
	reader, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for i := range int64(3) {
		if _, err := l.Append(t.Context(), "document-1", i-1, []event.Event{new1()}); err != nil {
			t.Fatal(err)
		}
		if got := all(t, reader); !reflect.DeepEqual(got, all(t, l)) {
			t.Errorf("the reader sees %d events", len(got))
		}
	}
	if _, err := reader.Append(t.Context(), "document-1", 2, []event.Event{new1()}); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("the reader appended: %v", err)
	}
}

func TestTheClockIsTheStoresOwn(t *testing.T) {
	then := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), Options{Clock: func() time.Time { return then }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if _, err := l.Append(t.Context(), "document-1", event.NoStream, []event.Event{new1()}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("an event of today went into a log of 2020: %v", err)
	}
	if _, err := l.Append(t.Context(), "document-1", event.NoStream, []event.Event{sample(then)}); err != nil {
		t.Error(err)
	}
}
