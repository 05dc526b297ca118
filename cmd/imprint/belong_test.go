package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/domain/event"
)

func TestAStartRefusesAFolderThatLostAFile(t *testing.T) {
	h := newHouse(t)
	other := newHouse(t)
	for range 3 {
		other.publish()
	}
	other.settle()
	theirs := other.backup(nil)
	gone := func(names ...string) func(string) error {
		return func(dir string) error {
			for _, name := range names {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	empty := func(name string) func(string) error {
		return func(dir string) error { return os.Truncate(filepath.Join(dir, name), 0) }
	}
	from := func(name string) func(string) error {
		return func(dir string) error {
			strange, err := os.ReadFile(filepath.Join(theirs, name))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name), strange, 0o600)
		}
	}
	for _, c := range []struct {
		what string
		harm func(dir string) error
		code string // "": it starts
	}{
		{"a sound copy", func(string) error { return nil }, ""},
		{"no read models", gone("views.db"), ""},
		{"no log", gone("log.db"), "lost-log"},
		{"an empty log", empty("log.db"), "lost-log"},
		{"an empty log and no read models", func(dir string) error {
			if err := gone("views.db")(dir); err != nil {
				return err
			}
			return empty("log.db")(dir)
		}, "lost-log"},
		{"no work tables", gone("work.db"), "lost-work"},
		{"empty work tables", empty("work.db"), "lost-work"},
		{"another installation's read models", from("views.db"), "another-log"},
		{"another master key", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "master.key"), []byte(strings.Repeat("cd", event.KeySize)), 0o600)
		}, "wrong-master-key"},
	} {
		dir := damagedCopy(t, h, c.harm)
		in, err := open(t.Context(), engineFlags{Data: dir}, options{})
		if codeOf(err) != c.code || c.code == "" && err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if err == nil {
			h.must(in.Close())
		}
	}
	// serve may make a folder, and must not make a log beside older files.
	dir := damagedCopy(t, h, gone("log.db"))
	if in, err := open(t.Context(), engineFlags{Data: dir}, options{create: true}); codeOf(err) != "lost-log" {
		t.Errorf("beside work tables: %v, %v", in, err)
	}
	// Nor anything that would be written over the file once it is put back.
	if left, err := filepath.Glob(filepath.Join(dir, "log.db*")); len(left) > 0 || err != nil {
		t.Errorf("it made %v (%v)", left, err)
	}
}

func TestOnlyWhatStartsAnInstallationMakesItsFolder(t *testing.T) {
	absent := engineFlags{Data: filepath.Join(t.TempDir(), "typo")}
	quiet := &console{Out: io.Discard, Err: io.Discard}
	for name, err := range map[string]error{
		"content scrub": (&contentScrub{engineFlags: absent}).Run(t.Context(), quiet),
		"token list":    (&tokenList{engineFlags: absent}).Run(t.Context(), quiet),
		"import":        (&importCommand{engineFlags: absent, Corpus: "none", Blobs: "none"}).Run(t.Context(), quiet),
		"reactions":     (&reactionsParked{engineFlags: absent}).Run(t.Context(), quiet),
		"projections":   (&projectionsRebuild{engineFlags: absent}).Run(t.Context(), quiet),
	} {
		if code := codeOf(err); code != "no-data" && code != "no-input" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(absent.Data); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}
