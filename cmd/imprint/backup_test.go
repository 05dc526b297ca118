package main

// Here: backups of a folder that is being written, and what is restored of them.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"imprint/adapters/blob"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
	worker "imprint/handlers/digest"
	"imprint/handlers/reactions"
)

// publishingHouse is a small installation under test: one document, and a reader who keeps
// it and wants to be told at once.
type publishingHouse struct {
	t         *testing.T
	data      string // the folder, where there is one
	flags     engineFlags
	in        *opened
	digests   *mailing
	reactions *reactions.Reactions
	reader    uuid.UUID
	doc       uuid.UUID
	version   int
}

func newHouse(t *testing.T) *publishingHouse {
	t.Helper()
	return newHouseOn(t, engineFlags{Data: filepath.Join(t.TempDir(), "data")})
}

func newHouseOn(t *testing.T, flags engineFlags) *publishingHouse {
	t.Helper()
	h := &publishingHouse{t: t, data: flags.Data, flags: flags, doc: uuid.New(), version: 1}
	in, err := open(t.Context(), flags, options{create: true, name: "Halden"})
	h.must(err)
	h.in, h.reactions = in, in.reactions(0)
	t.Cleanup(func() { h.must(h.in.Close()) })
	h.digests, err = in.digests(portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"})
	h.must(err)
	_, err = in.publishing.DefineCategory(t.Context(), operator(), handlers.DefineCategory{Category: "reports", Group: "reports", Name: domain.English("Reports")})
	h.must(err)
	h.reader = h.join("Rosa")
	_, err = in.people.ChangeSettings(t.Context(), operator(), handlers.Settings{Person: h.reader, Language: "en", Address: "rosa@reader.example",
		Schedule: calendar.Schedule{Frequency: calendar.Immediate, Zone: "UTC", MonthDay: 1}})
	h.must(err)
	_, err = in.publishing.Publish(t.Context(), operator(), handlers.PublishDocument{Document: h.doc, Audience: access.Audience{Kind: access.SignedIn},
		Details: document.Details{Title: domain.English("Report"), Categories: []string{"reports"}}, Files: h.files(), Summary: domain.English("First.")})
	h.must(err)
	h.must(in.readModels.CatchUp(t.Context(), nil))
	_, err = in.libraries.Save(t.Context(), handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: h.reader.String(), Role: access.Member}}, h.doc)
	h.must(err)
	h.settle()
	return h
}

func (h *publishingHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *publishingHouse) join(name string) uuid.UUID {
	h.t.Helper()
	joined, err := h.in.people.Join(context.Background(), operator(), name)
	h.must(err)
	return joined.Person
}

// files stores new bytes.
func (h *publishingHouse) files() []document.File {
	h.t.Helper()
	stored, err := h.in.content.Put(context.Background(), strings.NewReader(uuid.NewString()))
	h.must(err)
	return []document.File{{Locale: "en", Name: "report.txt", SHA256: stored.SHA256, Bytes: stored.Bytes, MediaType: "text/plain"}}
}

// publish adds a version.
func (h *publishingHouse) publish() {
	h.t.Helper()
	_, err := h.in.publishing.Version(context.Background(), operator(), handlers.AddVersion{Document: h.doc, BasedOn: h.version, Major: true,
		Files: h.files(), Summary: domain.English(fmt.Sprintf("Version %d.", h.version+1))})
	h.must(err)
	h.version++
}

// settle lets reactions, read models and digests follow.
func (h *publishingHouse) settle() worker.Report {
	h.t.Helper()
	h.must(h.reactions.CatchUp(context.Background()))
	h.must(h.in.readModels.CatchUp(context.Background(), nil))
	report, err := h.digests.RunOnce(context.Background())
	h.must(err)
	h.must(h.in.readModels.CatchUp(context.Background(), nil))
	return report
}

// backup runs the command; at is called right after each part is copied.
func (h *publishingHouse) backup(at func(part string)) string {
	h.t.Helper()
	to := filepath.Join(h.t.TempDir(), "backup")
	c := backupCommand{engineFlags: engineFlags{Data: h.data}, To: to}
	h.must(c.Run(h.t.Context(), &console{Out: io.Discard, Err: partWriter(at)}))
	return to
}

// partWriter calls back for each line that says a part is copied.
type partWriter func(part string)

func (w partWriter) Write(p []byte) (int, error) {
	if part, ok := strings.CutSuffix(string(p), ": copied\n"); ok && w != nil {
		w(part)
	}
	return len(p), nil
}

// restored runs the command with the right key and opens what it made.
func (h *publishingHouse) restored(backup string) *publishingHouse {
	h.t.Helper()
	data := filepath.Join(h.t.TempDir(), "restored")
	key := filepath.Join(h.data, "master.key")
	c := restoreCommand{From: backup, engineFlags: engineFlags{Data: data, MasterKeyFile: key}}
	h.must(c.Run(h.t.Context(), &console{Out: io.Discard, Err: io.Discard}))
	r := &publishingHouse{t: h.t, data: data, reader: h.reader, doc: h.doc}
	var err error
	r.in, err = open(h.t.Context(), engineFlags{Data: data, MasterKeyFile: key}, options{})
	h.must(err)
	h.t.Cleanup(func() { h.must(r.in.Close()) })
	r.reactions = r.in.reactions(0)
	r.digests, err = r.in.digests(portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"})
	h.must(err)
	return r
}

// events reads the whole log.
func (h *publishingHouse) events() []event.Recorded {
	h.t.Helper()
	var all []event.Recorded
	var at event.Checkpoint
	for {
		page, err := h.in.log.ReadAll(context.Background(), at, 1000)
		h.must(err)
		if len(page) == 0 {
			return all
		}
		all, at = append(all, page...), page[len(page)-1].Checkpoint()
	}
}

// unseal opens every sealed field and salt of an event, and answers how many.
func (h *publishingHouse) unseal(e event.Recorded) (opened int) {
	h.t.Helper()
	var fields map[string]json.RawMessage
	h.must(json.Unmarshal(e.Data, &fields))
	for name, value := range fields {
		var s event.Sealed
		if json.Unmarshal(value, &s) != nil || s.Key == "" || s.Box == nil {
			continue
		}
		if _, err := s.Open(context.Background(), h.in.keys, name); err != nil {
			h.t.Errorf("event %d (%s), %s: %v", e.Ordinal, e.Type, name, err)
		}
		opened++
	}
	if s := e.Meta.SealedSalt; s != nil {
		if _, err := s.Open(context.Background(), h.in.keys, "salt"); err != nil {
			h.t.Errorf("event %d (%s), salt: %v", e.Ordinal, e.Type, err)
		}
		opened++
	}
	return opened
}

func (h *publishingHouse) sent() (windows []digest.Window) {
	h.t.Helper()
	for _, e := range h.events() {
		p, err := h.in.codec.Registry().Decode(e)
		h.must(err)
		if sent, ok := p.(digest.Sent); ok {
			windows = append(windows, sent.Window)
		}
	}
	return windows
}

func TestABackupTakenWhileWritingIsOneInstallation(t *testing.T) {
	h := newHouse(t)
	var stop atomic.Bool
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; !stop.Load(); n++ { // somebody joins under a new key, a version comes out, a mail is sent
			h.join(fmt.Sprintf("Reader %d", n))
			h.publish()
			h.settle()
		}
	})
	// Something happens between any two parts, however fast the copies are.
	backup := h.backup(func(string) {
		before, err := h.in.log.Head(t.Context())
		h.must(err)
		for head := before; head.Ordinal < before.Ordinal+3 && !t.Failed(); {
			head, err = h.in.log.Head(t.Context())
			h.must(err)
		}
	})
	stop.Store(true)
	writer.Wait()

	m, err := readManifest(backup)
	h.must(err)
	live := h.events()
	if m.Ordinal >= int64(len(live)) || len(m.Missing) > 0 || m.Log != h.in.identity.Log {
		t.Fatalf("nothing was written meanwhile, or the manifest is wrong: %+v", m)
	}
	r := h.restored(backup)
	again := r.events()
	if int64(len(again)) != m.Ordinal {
		t.Fatalf("%d events are back, the manifest says %d", len(again), m.Ordinal)
	}
	sealed := 0
	for i, e := range again {
		if e.ID != live[i].ID || !bytes.Equal(e.Data, live[i].Data) || e.Stream != live[i].Stream {
			t.Fatalf("event %d is another", e.Ordinal)
		}
		sealed += r.unseal(e)
		files, err := r.in.files(e)
		h.must(err)
		for _, f := range files {
			if has, err := r.in.content.Has(t.Context(), f.SHA256); err != nil || !has {
				t.Errorf("the bytes of event %d are not back: %v", e.Ordinal, err)
			}
		}
	}
	if sealed < 5 {
		t.Fatalf("only %d sealed fields were tried", sealed)
	}
	if out, errOut, code := imprint(t, "projections", "verify", "--data", r.data); code != 0 {
		t.Errorf("the read models do not verify: %s%s", out, errOut)
	}
	if _, err := os.Stat(filepath.Join(backup, "master.key")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the master key is in the backup")
	}
	// Life goes on, and the same name is the same person.
	if who := r.join("Reader 0"); who != h.join("Reader 0") {
		t.Error("the first who joined while the backup ran is somebody else now")
	}
	r.settle()
}

func TestADigestSentBetweenWorkAndLogIsNotSentAgain(t *testing.T) {
	h := newHouse(t)
	h.publish()
	backup := h.backup(func(part string) {
		if part == "work tables" && h.settle().Accepted != 1 {
			t.Error("no digest was sent between the two copies")
		}
	})
	if len(h.sent()) != 1 {
		t.Fatalf("sent: %v", h.sent())
	}
	r := h.restored(backup)
	standing, _, err := work.NewDigests(r.in.work).Find(t.Context(), r.reader)
	if h.must(err); standing.Cursor != h.sent()[0].Until || standing.Open != nil {
		t.Errorf("restored below what was sent: cursor %d, sent %v", standing.Cursor, h.sent())
	}
	if report := r.settle(); report.Accepted != 0 || len(r.sent()) != 1 {
		t.Errorf("after the restore the digest went out again: %+v, %v", report, r.sent())
	}
	// The next update is told, in a window that begins where the last ended.
	r.version = h.version
	r.publish()
	if report := r.settle(); report.Accepted != 1 {
		t.Errorf("the next digest: %+v", report)
	}
	if windows := r.sent(); len(windows) != 2 || windows[1].From < windows[0].Until {
		t.Errorf("windows: %v", windows)
	}
	// Without the key the restore leaves the rows as they are; the start raises them.
	keyless := filepath.Join(t.TempDir(), "keyless")
	c := restoreCommand{From: backup, engineFlags: engineFlags{Data: keyless}}
	h.must(c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}))
	h.must(os.Link(filepath.Join(h.data, "master.key"), filepath.Join(keyless, "master.key")))
	if out, errOut, code := imprint(t, "digest", "run", "--data", keyless); code != 0 || !strings.HasPrefix(out, "0 accepted") {
		t.Errorf("the first run: exit %d, %s%s", code, out, errOut)
	}
}

func TestRestoreRefusesTheWrongKeyAndWhatIsDamaged(t *testing.T) {
	h := newHouse(t)
	h.publish()
	backup := h.backup(nil)
	refused := func(what, code, names string, c restoreCommand) {
		t.Helper()
		c.Data = filepath.Join(t.TempDir(), "parent", "data")
		var e *domain.Error
		err := c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard})
		if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, names) {
			t.Errorf("%s: %v", what, err)
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(c.Data), "*")) // also hidden names
		hidden, err2 := filepath.Glob(filepath.Join(filepath.Dir(c.Data), ".*"))
		if err := errors.Join(err, err2); err != nil || len(left)+len(hidden) > 0 {
			t.Errorf("%s: something is left: %v %v %v", what, left, hidden, err)
		}
	}
	wrong := filepath.Join(t.TempDir(), "other.key")
	h.must(os.WriteFile(wrong, []byte(strings.Repeat("ab", event.KeySize)), 0o600))
	refused("wrong key", "wrong-master-key", wrong, restoreCommand{From: backup, engineFlags: engineFlags{MasterKeyFile: wrong}})

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
		h.must(os.WriteFile(path, flipped, 0o600))
		refused(name+" flipped", "damaged-backup", name, restoreCommand{From: backup})
		h.must(os.WriteFile(path, whole[:len(whole)/2], 0o600))
		refused(name+" cut", "damaged-backup", name, restoreCommand{From: backup})
		h.must(os.Remove(path))
		refused(name+" gone", "damaged-backup", name, restoreCommand{From: backup})
		h.must(os.WriteFile(path, whole, 0o600))
	}
	h.must(os.WriteFile(filepath.Join(backup, manifestName), []byte("{"), 0o600))
	refused("cut manifest", "damaged-backup", manifestName, restoreCommand{From: backup})

	var e *domain.Error
	c := restoreCommand{From: backup, engineFlags: engineFlags{Data: h.data}}
	c.From = h.backup(nil)
	if err := c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}); !errors.As(err, &e) || e.Code != "folder-not-empty" {
		t.Errorf("restored over an installation: %v", err)
	}
}

func TestABackupToldOfDamagedContentIsTakenWithoutIt(t *testing.T) {
	h := newHouse(t)
	files := h.files()
	h.publish()
	_, err := h.in.publishing.Version(t.Context(), operator(), handlers.AddVersion{Document: h.doc, BasedOn: h.version, Major: true, Files: files, Summary: domain.English("Damaged.")})
	h.must(err)
	hash := files[0].SHA256
	h.must(os.WriteFile(filepath.Join(h.data, "content", hash[:2], hash), []byte("not these"), 0o600))
	to := filepath.Join(t.TempDir(), "backup")
	var out bytes.Buffer
	if err := (&backupCommand{engineFlags: engineFlags{Data: h.data}, To: to}).Run(t.Context(), &console{Out: &out, Err: io.Discard}); !errors.Is(err, errFound) {
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
	if r := h.restored(to); len(r.events()) != int(m.Ordinal) {
		t.Error("what is whole was not restored")
	}
}

func TestAKilledBackupNeverLooksWhole(t *testing.T) {
	h := newHouse(t)
	for range 200 { // so that there is work left when the last line is read
		h.files()
	}
	caught := 0
	for _, part := range []string{"read models", "work tables", "log", "keys"} {
		to := filepath.Join(t.TempDir(), "backup")
		cmd := program(t.Context(), "backup", "--data", h.data, "--to", to)
		pipe, err := cmd.StderrPipe()
		h.must(err)
		h.must(cmd.Start())
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			if lines.Text() == part+": copied" {
				h.must(cmd.Process.Kill())
				break
			}
		}
		_ = cmd.Wait() // killed
		if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
			if _, err := readManifest(to); err != nil { // it was faster than the signal, and must be whole
				t.Errorf("killed after %s: %v", part, err)
			}
			continue
		}
		caught++
		parts, err := filepath.Glob(filepath.Join(filepath.Dir(to), ".backup.incomplete-*"))
		if h.must(err); len(parts) != 1 {
			t.Fatalf("killed after %s: %v is left", part, parts)
		}
		c := restoreCommand{From: parts[0], engineFlags: engineFlags{Data: filepath.Join(t.TempDir(), "data")}}
		if err := c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}); domain.KindOf(err) != domain.NotFound {
			t.Errorf("killed after %s, and restored: %v", part, err)
		}
	}
	if caught == 0 {
		t.Error("not one backup was caught")
	}
	backup := h.backup(nil) // and the folder can still be backed up

	for what, to := range map[string]string{"backup-exists": backup, "backup-inside": filepath.Join(h.data, "backup")} {
		var e *domain.Error
		if err := (&backupCommand{engineFlags: engineFlags{Data: h.data}, To: to}).Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}); !errors.As(err, &e) || e.Code != what {
			t.Errorf("--to %s: %v", to, err)
		}
	}
}
