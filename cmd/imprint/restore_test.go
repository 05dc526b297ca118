package main

// Here: what a backup and a restore refuse, and what becomes of those that are
// killed.

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imprint/adapters/blob"
	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/sqlite"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/handlers"
)

// command is a command line with the flags of engines.
func command(name string, f engineFlags, args ...string) []string {
	all := append([]string{name}, args...)
	for flag, value := range map[string]string{"data": f.Data, "log": f.Log, "database": f.Database, "content": f.Content, "installation": f.Installation, "master-key-file": f.MasterKeyFile} {
		if value != "" {
			all = append(all, "--"+flag, value)
		}
	}
	return all
}

// untouched finds what a refused restore has left on servers.
func untouched(t *testing.T, what string, flags engineFlags) {
	t.Helper()
	e, err := openForBackup(t.Context(), flags)
	must(t, err)
	defer func() { must(t, e.Close()) }()
	head, err := e.log.Head(t.Context())
	must(t, err)
	empty, err := work.Empty(t.Context(), e.work)
	must(t, err)
	if head.Ordinal != 0 || !empty {
		t.Errorf("%s: %d events are there, and the work tables are empty: %v", what, head.Ordinal, empty)
	}
	for hash := range e.content.All(t.Context()) {
		t.Errorf("%s: the content %s is there", what, hash)
	}
}

func TestRestoreRefusesTheWrongKeyAndWhatIsDamaged(t *testing.T) {
	h := newHouse(t)
	h.publish()
	backup := h.backup(nil)
	servers := external(t)
	servers.MasterKeyFile = h.key()
	wrong := filepath.Join(t.TempDir(), "other.key")
	h.must(os.WriteFile(wrong, []byte(strings.Repeat("ab", event.KeySize)), 0o600))

	refused := func(what, code, names string, c restoreCommand) {
		t.Helper()
		var e *domain.Error
		err := c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard})
		if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, names) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// both restores into files, where nothing must be left, and onto servers.
	both := func(what, code, names, from, key string) {
		t.Helper()
		data := filepath.Join(t.TempDir(), "parent", "data")
		refused(what, code, names, restoreCommand{From: from, engineFlags: engineFlags{Data: data, MasterKeyFile: key}})
		left, err := filepath.Glob(filepath.Join(filepath.Dir(data), "*")) // also hidden names
		hidden, err2 := filepath.Glob(filepath.Join(filepath.Dir(data), ".*"))
		if err := errors.Join(err, err2); err != nil || len(left)+len(hidden) > 0 {
			t.Errorf("%s: something is left: %v %v %v", what, left, hidden, err)
		}
		flags := servers
		flags.MasterKeyFile = key
		refused(what+", onto servers", code, names, restoreCommand{From: from, engineFlags: flags})
		untouched(t, what, flags)
	}
	both("wrong key", "wrong-master-key", wrong, backup, wrong)

	content, err := filepath.Glob(filepath.Join(backup, "content", "??", "*"))
	if h.must(err); len(content) == 0 {
		t.Fatal("the backup has no content")
	}
	for _, path := range []string{"log.db", "work.db", "views.db", "contents.txt", content[0]} {
		name := filepath.Base(path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(backup, path)
		}
		whole, err := os.ReadFile(path)
		h.must(err)
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		for what, text := range map[string][]byte{"flipped": flipped, "cut": whole[:len(whole)/2], "gone": nil} {
			h.must(os.Remove(path))
			if text != nil {
				h.must(os.WriteFile(path, text, 0o600))
			}
			both(name+" "+what, "damaged-backup", name, backup, h.key())
			h.must(os.WriteFile(path, whole, 0o600))
		}
	}
	path := filepath.Join(backup, manifestName)
	whole, err := os.ReadFile(path)
	h.must(err)
	h.must(os.WriteFile(path, []byte("{"), 0o600))
	both("cut manifest", "damaged-backup", manifestName, backup, h.key())
	h.must(os.WriteFile(path, bytes.Replace(whole, []byte(`"format": 1`), []byte(`"format": 2`), 1), 0o600))
	both("newer backup", "newer-backup", "with the program that made it", backup, h.key())
	h.must(os.WriteFile(path, whole, 0o600))
	both("a part of a path", "no-backup", manifestName, filepath.Dir(backup), h.key())

	refused("over an installation", "folder-not-empty", h.data, restoreCommand{From: backup, engineFlags: engineFlags{Data: h.data}})
	keyless := engineFlags{Data: filepath.Join(t.TempDir(), "data"), Log: servers.Log, Installation: "another"}
	refused("onto a server without the key", "no-master-key", "--master-key-file", restoreCommand{From: backup, engineFlags: keyless})
	if r := h.restored(backup, servers); len(r.events()) == 0 { // and what was whole all the time is restored
		t.Error("nothing was restored")
	}
}

// A target that holds anything but an unfinished restore of this very backup stays
// as it is.
func TestRestoreRefusesTargets(t *testing.T) {
	h := newHouseOn(t, external(t))
	h.publish()
	backup := h.backup(nil)
	refused := func(what, code string, to engineFlags) {
		t.Helper()
		if err := (&restoreCommand{From: backup, engineFlags: to}).Run(t.Context(), quietly(t)); codeOf(err) != code {
			t.Errorf("%s: %v", what, err)
		}
	}
	other := external(t)
	other.MasterKeyFile = h.key()
	newHouseOn(t, other)
	refused("another installation", "foreign-target", other)

	stranger := external(t)
	newHouseOn(t, engineFlags{Data: stranger.Data, Log: stranger.Log, Database: stranger.Database, Content: stranger.Content, Installation: stranger.Installation,
		MasterKeyFile: func() string {
			path := filepath.Join(t.TempDir(), "other.key")
			h.must(os.WriteFile(path, []byte(strings.Repeat("cd", event.KeySize)), 0o600))
			return path
		}()})
	stranger.MasterKeyFile = h.key()
	refused("another installation under another key", "foreign-target", stranger)

	begun := external(t)
	begun.MasterKeyFile = h.key()
	e, err := openForBackup(t.Context(), begun)
	h.must(err)
	h.must(work.Begin(t.Context(), e.work, "another log"))
	h.must(e.Close())
	refused("an unfinished copy of another installation", "foreign-target", begun)

	bare := postgrestest.Start(t, postgrestest.Options{})
	unmigrated := external(t)
	unmigrated.Database, unmigrated.MasterKeyFile = bare.URL("postgres"), h.key()
	refused("a database without tables", "older-schema", unmigrated)

	to := external(t)
	r := h.restored(backup, to)
	to.MasterKeyFile = h.key()
	h.must((&restoreCommand{From: backup, engineFlags: to}).Run(t.Context(), quietly(t))) // verified once more
	r.publish()
	refused("what has been used since", "target-lives", to)
}

// What could not be restored is not backed up.
func TestBackupRefusesWhatIsNoWholeInstallation(t *testing.T) {
	h := newHouseOn(t, external(t))
	refused := func(what, code string, from engineFlags) {
		t.Helper()
		to := filepath.Join(t.TempDir(), "backup")
		if err := (&backupCommand{engineFlags: from, To: to}).Run(t.Context(), quietly(t)); codeOf(err) != code {
			t.Errorf("%s: %v", what, err)
		}
		if left, err := os.ReadDir(filepath.Dir(to)); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left (%v)", what, left, err)
		}
	}
	fresh := external(t)
	refused("servers that hold nothing", "empty-log", fresh)
	another := newHouseOn(t, external(t))
	mixed := h.flags
	mixed.Log, mixed.Installation = another.flags.Log, another.flags.Installation
	refused("parts of two installations", "another-log", mixed)
	refused("nothing", "no-data", engineFlags{Data: t.TempDir()})

	files := newHouse(t)
	cut := damagedCopy(t, files, func(dir string) error {
		db, err := sqlite.Open(t.Context(), filepath.Join(dir, "log.db"), sqlite.Durable)
		if err != nil {
			return err
		}
		_, err = db.Write.Exec(`DELETE FROM events WHERE ordinal > 3`)
		return errors.Join(err, db.Close())
	})
	refused("a log that lost its end", "another-log", engineFlags{Data: cut})

	files.must(work.Begin(t.Context(), h.in.work, "another log"))
	refused("an unfinished copy", "unfinished-copy", h.flags)
	files.must(work.Finish(t.Context(), h.in.work, event.Checkpoint{}))
}

// A newer program backs up what an older one served, and leaves it as it is.
func TestAnOlderInstallationIsBackedUp(t *testing.T) {
	h := newHouse(t)
	h.join("Ada")
	tables := func(dir, text string) (version int) {
		db, err := sqlite.Open(t.Context(), filepath.Join(dir, "work.db"), sqlite.Durable)
		h.must(err)
		_, err = db.Write.Exec(text)
		h.must(err)
		h.must(db.Read.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&version))
		h.must(db.Close())
		return version
	}
	older := damagedCopy(t, h, func(dir string) error {
		tables(dir, `DROP TABLE leases; DROP TABLE requests; DROP TABLE mail_rates;
			DROP INDEX names_person; DROP INDEX digest_standings_later;
			ALTER TABLE digest_standings DROP COLUMN pending; ALTER TABLE digest_standings DROP COLUMN suspended; ALTER TABLE digest_standings DROP COLUMN barred;
			ALTER TABLE digest_standings DROP COLUMN later; ALTER TABLE digest_standings DROP COLUMN turn;
			DELETE FROM goose_db_version WHERE version_id > 5`)
		return nil
	})
	b := &publishingHouse{t: t, data: older, flags: engineFlags{Data: older}, reader: h.reader, doc: h.doc}
	r := b.restored(b.backup(nil), mixtures["files"](t))
	if r.join("Ada") != h.join("Ada") {
		t.Error("a person was lost")
	}
	if has := tables(older, ``); has != 5 {
		t.Errorf("the file that was backed up is at version %d, and was at 5", has)
	}
}

// Damaged bytes are told and left out, wherever they lie.
func TestABackupToldOfDamagedContentIsTakenWithoutIt(t *testing.T) {
	bytesAway := newStorage(t)
	inBucket := engineFlags{Data: filepath.Join(t.TempDir(), "data"), Content: bytesAway.url}
	for name, c := range map[string]struct {
		flags  engineFlags
		damage func(h *publishingHouse, hash, text string) error
	}{
		"in a folder": {engineFlags{Data: filepath.Join(t.TempDir(), "data")}, func(h *publishingHouse, hash, text string) error {
			return os.WriteFile(filepath.Join(h.data, "content", hash[:2], hash), []byte(text), 0o600)
		}},
		"in a bucket": {inBucket, func(_ *publishingHouse, hash, text string) error {
			_, err := bytesAway.backend.PutObject("imprint", "sha256/"+hash, map[string]string{}, strings.NewReader(text), int64(len(text)), nil)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouseOn(t, c.flags)
			files := h.files()
			h.publish()
			_, err := h.in.publishing.Version(t.Context(), operator(), handlers.AddVersion{Document: h.doc, BasedOn: h.version, Major: true, Files: files, Summary: domain.English("Damaged.")})
			h.must(err)
			hash := files[0].SHA256
			h.must(c.damage(h, hash, "not these"))
			to := filepath.Join(t.TempDir(), "backup")
			var out bytes.Buffer
			if err := (&backupCommand{engineFlags: c.flags, To: to}).Run(t.Context(), &console{Out: &out, Err: io.Discard}); !errors.Is(err, errFound) {
				t.Fatalf("the damage passed in silence: %v", err)
			}
			m, err := readManifest(to)
			h.must(err)
			if len(m.Missing) != 1 || m.Missing[0] != hash || !strings.Contains(out.String(), "damaged  "+hash) {
				t.Errorf("missing %v, said:\n%s", m.Missing, out.String())
			}
			if has, err := blob.View(filepath.Join(to, "content")).Has(t.Context(), hash); err != nil || has {
				t.Errorf("damaged bytes were copied: %v", err)
			}
			if r := h.restored(to, mixtures["files"](t)); len(r.events()) != int(m.Ordinal) {
				t.Error("what is whole was not restored")
			}
		})
	}
	// A store that is away says nothing about its contents.
	h := newHouseOn(t, engineFlags{Data: filepath.Join(t.TempDir(), "data"), Content: bytesAway.url})
	to := filepath.Join(t.TempDir(), "backup")
	err := (&backupCommand{engineFlags: h.flags, To: to}).Run(t.Context(), &console{Out: io.Discard, Err: partWriter(func(part string) {
		bytesAway.denying.Store(part == "keys")
	})})
	bytesAway.denying.Store(false)
	if codeOf(err) != "content-credentials" {
		t.Errorf("while the bytes are away: %v", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a backup without bytes has its name: %v", err)
	}
}

// killedAfter runs a program, kills it once it has said a line that begins so, and
// tells whether it was in time.
func killedAfter(t *testing.T, cmd *exec.Cmd, line string) bool {
	t.Helper()
	pipe, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	var said []string
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		said = append(said, lines.Text())
		if strings.HasPrefix(lines.Text(), line) {
			must(t, cmd.Process.Kill())
			break
		}
	}
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() >= 0 {
		t.Fatalf("it was not killed after %q, and ended with %v:\n%s", line, err, strings.Join(said, "\n"))
	}
	return !cmd.ProcessState.Exited()
}

func TestAKilledBackupNeverLooksWhole(t *testing.T) {
	for name, parts := range map[string][]string{
		"files":                        {"read models", "work tables", "log", "keys"},
		"KurrentDB, PostgreSQL and S3": {"work tables", "log", "keys"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouseOn(t, mixtures[name](t))
			h.flags.MasterKeyFile = h.key()
			for range 100 { // so that there is work left when the last line is read
				h.files()
			}
			caught := 0
			for _, part := range parts {
				to := filepath.Join(t.TempDir(), "backup")
				if !killedAfter(t, program(t.Context(), command("backup", h.flags, "--to", to)...), part+": copied") {
					if _, err := readManifest(to); err != nil { // it was faster than the signal, and must be whole
						t.Errorf("killed after %s: %v", part, err)
					}
					continue
				}
				if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
					if _, err := readManifest(to); err != nil {
						t.Errorf("killed after %s: %v", part, err)
					}
					continue
				}
				caught++
				left, err := filepath.Glob(filepath.Join(filepath.Dir(to), ".backup.incomplete-*"))
				if h.must(err); len(left) != 1 {
					t.Fatalf("killed after %s: %v is left", part, left)
				}
				c := restoreCommand{From: left[0], engineFlags: engineFlags{Data: filepath.Join(t.TempDir(), "data")}}
				if err := c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}); domain.KindOf(err) != domain.NotFound {
					t.Errorf("killed after %s, and restored: %v", part, err)
				}
			}
			if caught == 0 {
				t.Error("not one backup was caught")
			}
			backup := h.backup(nil) // and it can still be backed up
			if err := (&backupCommand{engineFlags: h.flags, To: backup}).Run(t.Context(), quietly(t)); codeOf(err) != "backup-exists" {
				t.Errorf("over a backup: %v", err)
			}
		})
	}
	h := newHouse(t)
	if err := (&backupCommand{engineFlags: h.flags, To: filepath.Join(h.data, "backup")}).Run(t.Context(), quietly(t)); codeOf(err) != "backup-inside" {
		t.Errorf("into the data folder: %v", err)
	}
}

// A restore onto servers that is killed leaves them to nobody, and the same command
// goes on; then who was due is told, once.
func TestAKilledRestoreGoesOn(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.publish()
	}
	h.must(h.reactions.CatchUp(t.Context()))
	backup := h.backup(nil)
	temp := t.TempDir() // for what a killed one leaves
	for name, to := range map[string]engineFlags{
		"servers":             external(t),
		"KurrentDB and files": {Data: filepath.Join(t.TempDir(), "data"), Log: kurrenttest.Start(t).ConnectionString(), Installation: "halden"},
	} {
		t.Run(name, func(t *testing.T) {
			to.MasterKeyFile = h.key()
			restore := command("restore", to, "--from", backup)
			caught := 0
			for _, line := range []string{"keys, names and tokens: ", "contents: ", "events: ", "both logs have", "work rows: "} {
				cmd := program(t.Context(), restore...)
				cmd.Env = append(cmd.Env, "TMPDIR="+temp)
				if !killedAfter(t, cmd, line) {
					continue
				}
				in, err := open(t.Context(), to, options{})
				if err == nil {
					h.must(in.Close()) // it had come to its end
					continue
				}
				if caught++; codeOf(err) != "unfinished-copy" {
					t.Errorf("killed after %q it is refused with %v", line, err)
				}
			}
			if caught < 3 {
				t.Errorf("only %d were caught", caught)
			}
			r := h.restored(backup, to)
			if first, second := r.settle(), r.settle(); first.Accepted != 1 || second.Accepted != 0 {
				t.Errorf("it tells %+v and then %+v", first, second)
			}
			if released, told := r.updates(); released != 3 || told != 3 {
				t.Errorf("%d updates were released, and %d told", released, told)
			}
			h.must((&projectionsVerify{engineFlags: r.flags}).Run(t.Context(), quietly(t)))
		})
	}
}
