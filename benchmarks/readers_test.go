package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"imprint/adapters/smtp"
	"imprint/domain/calendar"
	"imprint/domain/digest"
)

// TestTenThousandReaders serves those of ten thousand people who are due, over SMTP,
// and holds every digest against a statement that selects for all of them by itself:
// nobody is left out, nobody else gets a mail, and each is told of exactly the
// notices that concern the reader.
func TestTenThousandReaders(t *testing.T) {
	p := population{people: 10_000, due: 5, slices: 1, frequency: calendar.Daily, documents: 250, updated: 40}
	if testing.Short() || raced {
		p.people = 1_000
	}
	ctx, dir := t.Context(), t.TempDir()
	if err := p.populate(ctx, dir); err != nil {
		t.Fatal(err)
	}
	err := withInstallation(ctx, dir, func(in *installation) error {
		to, err := openSink(0)
		if err != nil {
			return err
		}
		defer func() { _ = to.close() }()
		head, err := in.log.Head(ctx)
		if err != nil {
			return err
		}
		want := map[uuid.UUID]map[uuid.UUID]bool{}
		_, err = insertSelect(ctx, dir, filepath.Join(dir, "told.db"), head.Ordinal+1, func(conn *sql.Conn) (err error) {
			want, err = toldCauses(ctx, conn)
			return err
		})
		if err != nil {
			return err
		}
		s, _, err := workerRound(ctx, in, to, smtp.Encoder{}, 0)
		if err != nil {
			return err
		}
		due := p.people / p.due
		if s.Accepted != len(want) || s.Empty != due-len(want) || to.accepted.Load() != int64(len(want)) || len(want) < due/2 {
			t.Errorf("%+v and %d mails, want %d of %d who are due", s, to.accepted.Load(), len(want), due)
		}
		if open, err := in.openIntents(ctx); err != nil || open != 0 {
			t.Errorf("%d digests are open in the end: %v", open, err)
		}
		for at := head; ; {
			page, err := in.log.ReadAll(ctx, at, againPage)
			if err != nil || len(page) == 0 {
				break
			}
			at = page[len(page)-1].Checkpoint()
			for _, e := range page {
				f, err := in.registry.Decode(e)
				if err != nil {
					return err
				}
				sent, ok := f.(digest.Sent)
				if !ok {
					t.Fatalf("the round appended a %s", e.Type)
				}
				causes := want[sent.Person]
				delete(want, sent.Person)
				for _, item := range sent.Items {
					if !causes[item.Notice] {
						t.Errorf("%s was told of %s, which does not concern that reader or was told before", sent.Person, item.Notice)
					}
					delete(causes, item.Notice)
				}
				if len(causes) > 0 {
					t.Errorf("%s was not told of %v", sent.Person, causes)
				}
			}
		}
		if len(want) > 0 {
			t.Errorf("%d readers were told nothing", len(want))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// toldCauses are the notices that concern each person.
func toldCauses(ctx context.Context, conn *sql.Conn) (map[uuid.UUID]map[uuid.UUID]bool, error) {
	rows, err := conn.QueryContext(ctx, "SELECT person, cause FROM told")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[uuid.UUID]map[uuid.UUID]bool{}
	for rows.Next() {
		var person, cause uuid.UUID
		if err := rows.Scan(&person, &cause); err != nil {
			return nil, err
		}
		if all[person] == nil {
			all[person] = map[uuid.UUID]bool{}
		}
		all[person][cause] = true
	}
	return all, rows.Err()
}
