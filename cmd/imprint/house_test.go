package main

// Here: a small installation under test.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

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
	_, err = in.people.Vouch(t.Context(), operator(), h.reader)
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
	c := backupCommand{engineFlags: h.flags, To: to}
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

// key is the file of the master key.
func (h *publishingHouse) key() string {
	if h.flags.MasterKeyFile != "" {
		return h.flags.MasterKeyFile
	}
	return filepath.Join(h.data, "master.key")
}

// restored makes an installation on other engines from a backup, with the right
// key, and opens it.
func (h *publishingHouse) restored(backup string, to engineFlags) *publishingHouse {
	h.t.Helper()
	to.MasterKeyFile = h.key()
	h.must((&restoreCommand{From: backup, engineFlags: to}).Run(h.t.Context(), quietly(h.t)))
	return h.again(to)
}

// again opens the same installation on other engines.
func (h *publishingHouse) again(flags engineFlags) *publishingHouse {
	h.t.Helper()
	in, err := open(h.t.Context(), flags, options{})
	h.must(err)
	b := &publishingHouse{t: h.t, data: flags.Data, flags: flags, in: in, reactions: in.reactions(0), reader: h.reader, doc: h.doc, version: h.version}
	h.t.Cleanup(func() { b.must(b.in.Close()) })
	b.digests, err = in.digests(portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"})
	h.must(err)
	return b
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
	for _, s := range h.digestsSent() {
		windows = append(windows, s.Window)
	}
	return windows
}

// digestsSent are the facts of the mails that were sent, in the order of the log.
func (h *publishingHouse) digestsSent() (all []digest.Sent) {
	h.t.Helper()
	for _, e := range h.events() {
		p, err := h.in.codec.Registry().Decode(e)
		h.must(err)
		if sent, ok := p.(digest.Sent); ok {
			all = append(all, sent)
		}
	}
	return all
}
