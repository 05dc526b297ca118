package main

import (
	"bytes"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"imprint/adapters/work"
	"imprint/domain/event"
)

// doctorSays runs the doctor and answers its lines.
func doctorSays(t *testing.T, c doctorCommand) (lines string, failed bool) {
	t.Helper()
	if c.Mail == "" {
		c.Mail, c.MailFrom = keepMails, "a <a@halden.example>"
	}
	var out bytes.Buffer
	err := c.Run(t.Context(), &console{Out: &out, Err: io.Discard})
	if err != nil && !errors.Is(err, errFound) {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^(ok   |warn |FAIL ) [^—]+ — .+$`)
	for line := range strings.Lines(out.String()) {
		if !form.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("this line has no form: %q", line)
		}
	}
	return out.String(), err != nil
}

// damagedCopy is a backup of the house with its key, as a data folder to harm.
func damagedCopy(t *testing.T, h *publishingHouse, harm func(dir string) error) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	h.must((&restoreCommand{From: h.backup(nil), engineFlags: engineFlags{Data: dir}}).Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}))
	key, err := os.ReadFile(filepath.Join(h.data, "master.key"))
	h.must(err)
	h.must(os.WriteFile(filepath.Join(dir, "master.key"), key, 0o600))
	h.must(harm(dir))
	return dir
}

func TestTheDoctorFindsAServedInstallationWell(t *testing.T) {
	h := newHouse(t)
	said, failed := doctorSays(t, doctorCommand{engineFlags: engineFlags{Data: h.data}})
	if failed || strings.Contains(said, "warn") {
		t.Errorf("found fault:\n%s", said)
	}
	for _, want := range []string{"held by process", "of Halden, identity " + h.in.identity.Log.String(), "opens the data keys", "read model catalog — ", "newest 1 of 1 files", "digests — "} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

func TestTheDoctorNamesWhatIsWrong(t *testing.T) {
	h := newHouse(t)
	other := newHouse(t)
	for range 5 {
		other.publish()
	}
	other.settle()
	twin := newHouse(t) // as long a log
	run := func(name, statement string) func(string) error {
		return func(dir string) error {
			db, err := sql.Open("sqlite", filepath.Join(dir, name))
			if err != nil {
				return err
			}
			_, err = db.Exec(statement)
			return errors.Join(err, db.Close())
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	cut := func(name string) func(string) error {
		return func(dir string) error {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			return os.Truncate(filepath.Join(dir, name), info.Size()/2)
		}
	}
	write := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	}
	from := func(house *publishingHouse, name string) func(string) error {
		return func(dir string) error {
			strange, err := os.ReadFile(filepath.Join(house.backup(nil), name))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name), strange, 0o600)
		}
	}
	for _, c := range []struct {
		what   string
		harm   func(dir string) error
		says   string
		failed bool
		never  string // what must not be advised
	}{
		{"a sound copy", func(string) error { return nil }, "ok    log.db", false, ""},
		{"truncated log", cut("log.db"), "FAIL  log.db — ", true, "built anew"},
		{"truncated work tables", cut("work.db"), "FAIL  work.db — ", true, ""},
		{"truncated read models", cut("views.db"), "start imprint serve: it is built anew", true, "imprint restore"},
		{"no log", remove("log.db"), "FAIL  folder — ", true, "built anew"},
		{"an empty file for a log", write("log.db", ""), "FAIL  log.db — the log is an empty file, but work.db is not: events are lost; " + fromBackup, true, "built anew"},
		{"a log without events", run("log.db", "DELETE FROM events"), "FAIL  log.db — the log holds no event, but work.db remembers some: events are lost; " + fromBackup, true, "built anew"},
		{"a log that lost its end", run("log.db", "DELETE FROM events WHERE ordinal > 3"), "FAIL  log.db — it ends at event 3, and views.db has read ", true, "built anew"},
		{"no read models", remove("views.db"), "warn  views.db — there are no read models", false, "imprint restore"},
		{"an empty file for read models", write("views.db", ""), "warn  views.db — there are no read models", false, "imprint restore"},
		{"text for read models", write("views.db", "not a database"), "FAIL  views.db — ", true, "imprint restore"},
		{"no master key", remove("master.key"), "FAIL  master key — ", true, ""},
		{"another master key", write("master.key", strings.Repeat("cd", event.KeySize)), "FAIL  master key — it does not open the data keys", true, ""},
		{"a key that others read", func(dir string) error { return os.Chmod(filepath.Join(dir, "master.key"), 0o644) }, "chmod 600", true, ""},
		{"text for a log", write("log.db", strings.Repeat("not a database. ", 100)), "FAIL  log.db — ", true, "built anew"},
		{"another installation's read models", from(twin, "views.db"), "FAIL  read model ", true, "imprint restore"},
		{"read models of a longer log", from(other, "views.db"), "FAIL  log.db — it ends at event ", true, ""},
		{"another installation's work tables", from(other, "work.db"), "FAIL  work.db — they serve the log", true, ""},
		{"read models for a log", func(dir string) error { return os.Rename(filepath.Join(dir, "views.db"), filepath.Join(dir, "log.db")) }, "FAIL  log.db — ", true, "built anew"},
		{"a foreign file", write("notes.txt", "x"), `warn  folder — "notes.txt" does not belong`, false, ""},
		{"a folder that others enter", func(dir string) error { return os.Chmod(dir, 0o755) }, "run chmod 700", false, ""},
		{"lost content", func(dir string) error { return os.RemoveAll(filepath.Join(dir, "content")) }, "content is missing, and the log names 1 files; put it back", true, "put the right bytes"},
		{"no work tables", remove("work.db"), "work.db is missing or empty, but log.db is not: its data keys, tokens", true, "is --data the folder"},
	} {
		dir := damagedCopy(t, h, c.harm)
		said, failed := doctorSays(t, doctorCommand{engineFlags: engineFlags{Data: dir}})
		if failed != c.failed || !strings.Contains(said, c.says) || strings.Contains(said, "<nil>") {
			t.Errorf("%s: failed %v, %q is expected in\n%s", c.what, failed, c.says, said)
		}
		if c.never != "" && strings.Contains(said, c.never) {
			t.Errorf("%s: wrong advice\n%s", c.what, said)
		}
	}
	for _, c := range []doctorCommand{
		{engineFlags: engineFlags{Data: filepath.Join(t.TempDir(), "none")}},
		{engineFlags: engineFlags{Data: t.TempDir()}},
	} {
		if said, failed := doctorSays(t, c); !failed || !strings.HasPrefix(said, "FAIL  folder — ") {
			t.Errorf("%s: %v\n%s", c.Data, failed, said)
		}
	}
	// The other commands say the same of damaged read models.
	if err := (&tokenList{engineFlags{Data: damagedCopy(t, h, write("views.db", "not a database"))}}).Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}); codeOf(err) != "damaged-views" || strings.Contains(err.Error(), "imprint restore") {
		t.Errorf("damaged read models: %v", err)
	}
	said, failed := doctorSays(t, doctorCommand{engineFlags: engineFlags{Data: h.data}, mailFlags: mailFlags{Mail: "smtp://user:hunter2@:x", MailFrom: "nobody"}})
	if !failed || strings.Count(said, "FAIL  mail — ") != 2 || strings.Contains(said, "hunter2") {
		t.Errorf("a bad mail setting:\n%s", said)
	}
}

// The rows of an unfinished copy come before its log: no event of it is lost.
func TestTheDoctorMissesNoLogOfAnUnfinishedCopy(t *testing.T) {
	flags := external(t)
	e := &engines{flags: flags}
	must(t, e.connect(t.Context()))
	must(t, work.Begin(t.Context(), e.work, "another"))
	must(t, e.Close())
	if said, failed := doctorSays(t, doctorCommand{engineFlags: flags}); !failed || !strings.Contains(said, "unfinished copy") || strings.Contains(said, "events are lost") {
		t.Error(said)
	}
}

// What serve would refuse, or could not write, is no sound installation.
func TestTheDoctorNamesWhatServeCannotDo(t *testing.T) {
	flags := external(t)
	h := newHouseOn(t, flags)
	h.publish()
	h.settle()
	relayed := mailFlags{Mail: "smtp://127.0.0.1:25?tls=none", MailFrom: "Halden <trust@halden.example>"}
	if said, failed := doctorSays(t, doctorCommand{engineFlags: flags, mailFlags: relayed}); failed {
		t.Errorf("a sound installation:\n%s", said)
	}
	readOnly := flags
	readOnly.Database += "&default_transaction_read_only=on"
	if said, failed := doctorSays(t, doctorCommand{engineFlags: readOnly, mailFlags: relayed}); !failed || !strings.Contains(said, "FAIL  database — IMPRINT_DATABASE leads to a server that takes no writes") {
		t.Errorf("a database that takes no writes:\n%s", said)
	}
	kept := mailFlags{Mail: keepMails, MailFrom: relayed.MailFrom}
	flags.Data = ""
	if said, failed := doctorSays(t, doctorCommand{engineFlags: flags, mailFlags: kept}); !failed || !strings.Contains(said, "FAIL  mail — mails are kept as files") {
		t.Errorf("mails kept nowhere:\n%s", said)
	}
}
