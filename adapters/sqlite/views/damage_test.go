package views_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/views"
	"imprint/domain"
)

// A damaged file of read models names its remedy, and the remedy works.
func TestADamagedFileIsDeletedAndMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	s, err := views.Open(t.Context(), path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut":        string(whole[:len(whole)/2]),
		"no pages":   string(whole[:50]),
		"other kind": strings.Repeat("not a database. ", 100),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, writing := views.Open(t.Context(), path, time.Now)
		_, reading := views.OpenReadOnly(t.Context(), path)
		for _, err := range []error{writing, reading} {
			var told *domain.Error
			if !errors.As(err, &told) || told.Code != sqlite.DamagedFile || !strings.Contains(told.Message, "rm -f") || strings.Contains(told.Message, "restore") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if s, err = views.Open(t.Context(), path, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
