package main

// Here: settings that lead nowhere, or to the wrong place.

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/postgres/postgrestest"
)

// nowhere is an address that nobody listens on.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Every wrong setting is refused by its name, with a remedy, and without the
// password in it.
func TestAWrongSettingIsNamedAndItsPasswordIsNot(t *testing.T) {
	const password = "hunter2-secret"
	good := external(t)
	locked := kurrenttest.Start(t, kurrenttest.WithUser("imprint", "right"))
	old := postgrestest.Start(t, postgrestest.Options{})
	withPassword := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("imprint", password)
		return u.String()
	}
	for _, c := range []struct {
		what    string
		change  func(*engineFlags)
		setting string
		says    string
	}{
		{"a log of no kind", func(f *engineFlags) { f.Log = "mysql://u:" + password + "@h" }, "IMPRINT_LOG", "esdb://"},
		{"a database of no kind", func(f *engineFlags) { f.Database = "mysql://u:" + password + "@h" }, "IMPRINT_DATABASE", "postgres://"},
		{"a replica of a file", func(f *engineFlags) { f.Database, f.DatabaseRead = inFile, "postgres://u:"+password+"@h/d" }, "IMPRINT_DATABASE_READ", "leave both out"},
		{"content of no kind", func(f *engineFlags) { f.Content = password }, "IMPRINT_CONTENT", "s3://"},
		{"no data folder", func(f *engineFlags) { f.Data, f.Content = "", "" }, "IMPRINT_DATA", "--data"},
		{"no master key", func(f *engineFlags) { f.MasterKeyFile = "" }, "IMPRINT_MASTER_KEY_FILE", "openssl rand"},
		{"a name that cannot be", func(f *engineFlags) { f.Installation = "Halden & Co" }, "", "a-z, 0-9 and '-'"},
		{"an unreachable log", func(f *engineFlags) { f.Log = "esdb://u:" + password + "@" + nowhere(t) + "?tls=false" }, "IMPRINT_LOG", ""},
		{"an unreachable database", func(f *engineFlags) { f.Database = "postgres://u:" + password + "@" + nowhere(t) + "/d" }, "IMPRINT_DATABASE", ""},
		{"a log's wrong password", func(f *engineFlags) { f.Log = withPassword(locked.ConnectionString()) }, "IMPRINT_LOG", ""},
		{"an older schema", func(f *engineFlags) { f.Database = old.URL("postgres") }, "IMPRINT_DATABASE", "imprint migrate up"},
		{"no such database", func(f *engineFlags) { f.Database = old.URL("none") }, "IMPRINT_DATABASE", "createdb"},
		{"an unreachable bucket", func(f *engineFlags) {
			f.Content = "s3://imprint?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape("http://"+nowhere(t))
		}, "IMPRINT_CONTENT", ""},
	} {
		flags := good
		c.change(&flags)
		in, err := open(t.Context(), flags, options{create: true})
		if err == nil {
			_ = in.Close()
			t.Errorf("%s: it starts", c.what)
			continue
		}
		said := explain(err)
		if !strings.Contains(said, c.setting) || !strings.Contains(said, c.says) || strings.Contains(said, password) || strings.HasPrefix(said, "internal fault") {
			t.Errorf("%s: %s", c.what, said)
		}
		told, failed := "", true
		if flags.check() == nil { // else the doctor refuses the same way
			told, failed = doctorSays(t, doctorCommand{engineFlags: flags})
		}
		if !failed || strings.Contains(told, password) {
			t.Errorf("%s: the doctor says\n%s", c.what, told)
		}
	}
}

func TestMigrateTellsHowADatabaseStands(t *testing.T) {
	server := postgrestest.Start(t, postgrestest.Options{})
	flags := engineFlags{Database: server.URL("postgres")}
	var out bytes.Buffer
	say := &console{Out: &out, Err: io.Discard}
	if err := (&migrateStatus{flags}).Run(t.Context(), say); err != errFound || !strings.Contains(out.String(), "run imprint migrate up") {
		t.Errorf("an empty database: %v\n%s", err, out.String())
	}
	for range 2 {
		out.Reset()
		if err := (&migrateUp{flags}).Run(t.Context(), say); err != nil || !strings.Contains(out.String(), "imprint_work: at migration 9, this program knows 9") {
			t.Errorf("migrated: %v\n%s", err, out.String())
		}
	}
	out.Reset()
	if err := (&migrateStatus{engineFlags{Data: t.TempDir()}}).Run(t.Context(), say); err != nil || !strings.Contains(out.String(), "IMPRINT_DATABASE=file") {
		t.Errorf("files: %v\n%s", err, out.String())
	}
}

func TestTheDoctorLooksAtServers(t *testing.T) {
	h := newHouseOn(t, external(t))
	said, failed := doctorSays(t, doctorCommand{engineFlags: h.flags})
	for _, want := range []string{"ok    database — answers; imprint_work is at migration", "ok    log — answers", "of Halden, identity " + h.in.identity.Log.String(),
		"opens the data keys", "read model catalog — ", "newest 1 of 1 files", "digests — ", "warn  lease — nobody carries out the reactions"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	if failed {
		t.Errorf("found fault:\n%s", said)
	}
	another := newHouseOn(t, external(t))
	mixed := h.flags
	mixed.Log, mixed.Installation = another.flags.Log, another.flags.Installation
	if said, failed := doctorSays(t, doctorCommand{engineFlags: mixed}); !failed || !strings.Contains(said, "FAIL  work tables — they serve the log "+h.in.identity.Log.String()) {
		t.Errorf("another installation's log:\n%s", said)
	}
}
