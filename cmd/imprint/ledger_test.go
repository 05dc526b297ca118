package main

// Here: what a whole installation must have kept and told at the end, held against
// what was acknowledged.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
)

// each decodes every event of the log.
func (w *whole) each(do func(e event.Recorded, p event.Payload)) {
	w.t.Helper()
	ids := map[uuid.UUID]bool{}
	readOn(w.t, w.flags, event.Checkpoint{}, func(e event.Recorded, p event.Payload) {
		if ids[e.ID] {
			w.t.Errorf("the event %s (%s) stands in the log twice", e.ID, e.Type)
		}
		ids[e.ID] = true
		do(e, p)
	})
}

// readOn decodes every event behind a place of the log, read by the log's own means,
// and answers the place where it ends now.
func readOn(t *testing.T, flags engineFlags, at event.Checkpoint, do func(e event.Recorded, p event.Payload)) event.Checkpoint {
	t.Helper()
	must(t, flags.reading(t.Context(), func(v *viewed) error {
		for {
			page, err := v.log.ReadAll(t.Context(), at, 1000)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				p, err := v.engine.Registry.Decode(e)
				if err != nil {
					return err
				}
				do(e, p)
			}
			at = page[len(page)-1].Checkpoint()
		}
	}))
	return at
}

// inTheLogOnce holds the versions in the log, and the releases of their notices,
// against those that were acknowledged.
func (w *whole) inTheLogOnce() {
	w.t.Helper()
	versions, causes, released := map[uuid.UUID]int{}, map[uuid.UUID]string{}, map[uuid.UUID]int{}
	w.each(func(e event.Recorded, p event.Payload) {
		switch p := p.(type) {
		case document.Published:
			versions[p.Document], causes[e.ID] = 1, fmt.Sprintf("version 1 of %s", p.Document)
		case document.Versioned:
			if versions[p.Document]++; p.Version.Number != versions[p.Document] {
				w.t.Errorf("version %d of %s stands where version %d should", p.Version.Number, p.Document, versions[p.Document])
			}
			causes[e.ID] = fmt.Sprintf("version %d of %s", p.Version.Number, p.Document)
		case notice.Released:
			released[p.Cause]++
		}
	})
	for _, p := range w.publishers {
		if versions[p.document] != p.done() {
			w.t.Errorf("%d versions of %s are in the log, %d were acknowledged", versions[p.document], p.document, p.done())
		}
	}
	for id, what := range causes {
		if released[id] != 1 {
			w.t.Errorf("the notice of %s was released %d times", what, released[id])
		}
	}
	w.t.Logf("versions acknowledged: %v", slices.Sorted(maps.Values(versions)))
}

// inTheHistoryOfEach asks every program for its history, and for the newest bytes of
// each document.
func (w *whole) inTheHistoryOfEach(all ...*server) {
	w.t.Helper()
	for _, s := range all {
		versions := map[uuid.UUID]int{}
		for _, p := range w.publishers {
			body := s.eventually("/api/v1/history?document="+p.document.String(), func(status int, _ string) bool { return status == http.StatusOK },
				"Authorization", "Bearer "+w.auditor, "Wait", p.newest.WaitToken)
			for line := range strings.Lines(body) {
				var e struct {
					Type     string
					Document uuid.UUID
				}
				must(w.t, json.Unmarshal([]byte(line), &e))
				if strings.HasPrefix(e.Type, "Document") {
					versions[e.Document]++
				}
			}
			path := fmt.Sprintf("/api/v1/documents/%s/versions/%d/files/report.md", p.document, p.done())
			if status, body := s.get(path, "Authorization", "Bearer "+w.auditor); status != http.StatusOK || body != p.content(p.done()) {
				w.t.Errorf("%s answers %d, %.200s", path, status, body)
			}
			if versions[p.document] != p.done() {
				w.t.Errorf("%d versions of %s are in the history that %s shows, %d were acknowledged", versions[p.document], p.document, s.url, p.done())
			}
		}
	}
}

// told is up to which version each document was told to a reader, and an error where
// a version was left out or told by two mails.
func (w *whole) told(r reader) (upTo map[string]int, err error) {
	order, copies := w.office.mails()
	upTo = map[string]int{}
	for _, p := range w.publishers {
		upTo[p.document.String()] = 1 // everybody kept it when it had one version
	}
	for _, id := range order {
		if copies[id][0].to != r.address {
			continue
		}
		all, err := copies[id][0].read()
		if err != nil {
			return nil, err
		}
		for _, n := range all {
			if upTo[n.document]+n.updates != n.version {
				return nil, fmt.Errorf("%s was told of %s up to version %d, and is then told of %d versions up to %d", r.address, n.document, upTo[n.document], n.updates, n.version)
			}
			upTo[n.document] = n.version
		}
	}
	return upTo, nil
}

// allTold waits until some readers have been told of every version.
func (w *whole) allTold(some func(reader) bool) {
	w.t.Helper()
	w.until("everybody has been told everything", func() string {
		missing := 0
		for _, r := range w.readers {
			if !some(r) {
				continue
			}
			upTo, err := w.told(r)
			must(w.t, err)
			for _, p := range w.publishers {
				missing += p.done() - upTo[p.document.String()]
			}
		}
		if missing == 0 {
			return ""
		}
		var released, told, shown int64
		must(w.t, w.database.QueryRow(w.t.Context(), `SELECT (SELECT min(ordinal) FROM imprint_work.reaction_checkpoints),
			(SELECT min(ordinal) FROM imprint_work.digest_reader), (SELECT min(ordinal) FROM imprint_views.generations WHERE live)`).Scan(&released, &told, &shown))
		return fmt.Sprintf("%d versions are not told; the reactions are at event %d, the digests at %d, the read models at %d", missing, released, told, shown)
	})
}

// toldOnce holds the mails against the facts about them. One mail came twice, that
// of the program that was killed between its acceptance and the record of it; no
// other.
func (w *whole) toldOnce(caught, cut string) {
	w.t.Helper()
	sent := map[string]digest.Sent{}
	w.each(func(_ event.Recorded, p event.Payload) {
		switch p := p.(type) {
		case digest.Sent:
			if _, twice := sent[p.MessageID]; twice {
				w.t.Errorf("the log says twice that %s was sent", p.MessageID)
			}
			sent[p.MessageID] = p
		case digest.Failed, digest.Withheld:
			w.t.Errorf("the log says %+v", p)
		}
	})
	order, copies := w.office.mails()
	address := map[uuid.UUID]string{}
	for _, r := range w.readers {
		address[uuid.MustParse(r.person)] = r.address
	}
	for _, id := range order {
		want := 1
		if id == caught {
			want = 2
		}
		first := copies[id][0]
		if len(copies[id]) != want {
			w.t.Errorf("%s to %s came %d times, not %d (by %v)", id, first.to, len(copies[id]), want, copies[id])
		}
		for _, other := range copies[id][1:] {
			if other.to != first.to || !bytes.Equal(other.bytes, first.bytes) {
				w.t.Errorf("the copies of %s are not one mail", id)
			}
		}
		fact, known := sent[id]
		if of := digest.ID(fact.Person, fact.Window.From).String() + "@halden.example"; id != of {
			w.t.Errorf("the Message-ID %s does not follow from person and window, as %s does: two programs could make two mails of it", id, of)
		}
		if !known || fact.ContentHash != first.hash() || address[fact.Person] != first.to {
			w.t.Errorf("%s to %s is not what the log says was sent (%v): %+v", id, first.to, known, fact)
		}
		if resent := want - 1; fact.Resent != resent {
			w.t.Errorf("the log says that %s was sent again %d times, not %d", id, fact.Resent, resent)
		}
		delete(sent, id)
	}
	for id := range sent {
		w.t.Errorf("%s never came", id)
	}
	if len(copies[cut]) == 0 || copies[cut][0].door != "b" || len(copies[caught]) == 0 || copies[caught][0].door != "a" {
		w.t.Errorf("the mails that were caught are not those of the programs: %v, %v", copies[caught], copies[cut])
	}
	w.t.Logf("%d mails", len(order))
}
