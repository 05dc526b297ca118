package eventlog

import (
	"path/filepath"
	"testing"

	"imprint/adapters/conformance/logtest"
	"imprint/domain/event"
)

func TestConformance(t *testing.T) {
	logtest.Run(t, logtest.Suite{
		Open:      func(t *testing.T) event.Log { return open(t, filepath.Join(t.TempDir(), "log.db")) },
		UniqueIDs: true,
	})
}

// open opens a log that is closed at the test's end.
func open(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
