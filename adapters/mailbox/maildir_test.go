package mailbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"imprint/adapters/mailbox"
	"imprint/domain"
)

func maildir(t *testing.T, mails map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, part), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range mails {
		if err := os.WriteFile(filepath.Join(dir, "new", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestAMailIsPutAwayWhenItIsDealtWith(t *testing.T) {
	dir := maildir(t, map[string]string{"1.a": "first", "2.b": "second, and longer", "3.c": "third"})
	m, err := mailbox.Open(dir, 6)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the database is away")
	var got []string
	err = m.Each(t.Context(), func(raw []byte) error {
		if got = append(got, string(raw)); len(got) == 2 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || !slices.Equal(got, []string{"first", "second,"}) {
		t.Errorf("%q, %v", got, err)
	}
	if left := names(t, filepath.Join(dir, "new")); !slices.Equal(left, []string{"2.b", "3.c"}) {
		t.Errorf("left are %v", left)
	}
	got = nil
	if err := m.Each(t.Context(), func(raw []byte) error { got = append(got, string(raw)); return nil }); err != nil {
		t.Fatal(err)
	}
	// One byte more than the bound is read, so that the reader can tell.
	if !slices.Equal(got, []string{"second,", "third"}) {
		t.Errorf("afterwards %q", got)
	}
	if seen := names(t, filepath.Join(dir, "cur")); !slices.Equal(seen, []string{"1.a:2,S", "2.b:2,S", "3.c:2,S"}) {
		t.Errorf("seen are %v", seen)
	}
}

func TestWhatIsNoMailboxIsRefused(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent")} {
		var refused *domain.Error
		if _, err := mailbox.Open(dir, 1); !errors.As(err, &refused) || refused.Code != "no-mailbox" || refused.Field != mailbox.Setting {
			t.Errorf("%v", err)
		}
	}
}
