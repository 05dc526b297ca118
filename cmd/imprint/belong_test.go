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

// Settings that name parts of two installations are refused by every command, and
// the refusal names the settings. Nothing is written.
func TestPartsOfTwoInstallationsAreRefused(t *testing.T) {
	a, b := external(t), external(t)
	b.MasterKeyFile = a.MasterKeyFile // so that it is not the key that differs
	b.Installation = "another"
	for _, flags := range []engineFlags{a, b} {
		h := newHouseOn(t, flags)
		h.publish()
		h.settle()
	}
	fresh := external(t)
	change := func(change func(*engineFlags)) engineFlags {
		mixed := a
		change(&mixed)
		return mixed
	}
	for _, c := range []struct {
		what  string
		flags engineFlags
		code  string
	}{
		{"another cluster", change(func(f *engineFlags) { f.Log, f.Installation = b.Log, b.Installation }), "another-log"},
		{"another database", change(func(f *engineFlags) { f.Database = b.Database }), "another-log"},
		{"an empty cluster", change(func(f *engineFlags) { f.Log = fresh.Log }), "lost-log"},
		{"another name on the cluster", change(func(f *engineFlags) { f.Installation = "a-third" }), "lost-log"},
		{"another's replica", change(func(f *engineFlags) { f.DatabaseRead = b.Database }), "another-database"},
		{"an empty database", change(func(f *engineFlags) { f.Database = fresh.Database }), "lost-work"},
		{"another master key", change(func(f *engineFlags) {
			f.MasterKeyFile = filepath.Join(t.TempDir(), "other.key")
			if err := os.WriteFile(f.MasterKeyFile, []byte(strings.Repeat("cd", event.KeySize)), 0o600); err != nil {
				t.Fatal(err)
			}
		}), "wrong-master-key"},
	} {
		in, err := open(t.Context(), c.flags, options{create: true})
		if codeOf(err) != c.code {
			t.Errorf("%s: %v", c.what, err)
		}
		if err == nil {
			_ = in.Close()
		}
		if strings.HasSuffix(c.code, "-log") && err != nil && (!strings.Contains(err.Error(), "IMPRINT_LOG") || !strings.Contains(err.Error(), "IMPRINT_DATABASE")) {
			t.Errorf("%s: the settings are not named: %v", c.what, err)
		}
		if settings := map[string]string{"lost-log": "IMPRINT_INSTALLATION", "wrong-master-key": "IMPRINT_MASTER_KEY_FILE"}; err != nil && !strings.Contains(err.Error(), settings[c.code]) {
			t.Errorf("%s: %s is not named: %v", c.what, settings[c.code], err)
		}
		if said, failed := doctorSays(t, doctorCommand{engineFlags: c.flags}); !failed {
			t.Errorf("%s, and to the doctor all is well:\n%s", c.what, said)
		}
		if c.code == "another-database" {
			if said, failed := doctorSays(t, doctorCommand{engineFlags: c.flags}); !failed || !strings.Contains(said, "FAIL  replica — IMPRINT_DATABASE_READ leads") {
				t.Errorf("%s, to the doctor:\n%s", c.what, said)
			}
		}
		if strings.HasPrefix(c.code, "another-") {
			if err := (&projectionsList{engineFlags: c.flags}).Run(t.Context(), quietly(t)); codeOf(err) != c.code {
				t.Errorf("%s, for reading: %v", c.what, err)
			}
		}
	}
	// The refused starts bound nothing: what was empty still takes a first start.
	newHouseOn(t, fresh)
}
