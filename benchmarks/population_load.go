package main

// Persons in bulk. A million of them would be ten million commands; instead, the
// rows to which these would have led are written straight into the files, each a
// copy of the row of one person, the model, who did everything as usual, under
// another id. The log does not know them: `projections verify` would find that out.
// To the worker nothing is different; it meets the same tables.

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/datafolder"
	"imprint/adapters/sqlite"
	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/person"
	libraries "imprint/projections/library"
)

const modelAddress = "model@example.org"

// personID names the i-th person; SQL makes the same of it (personSQL).
func personID(i int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("%08x-5eed-7000-8000-%012x", i, i))
}

const personSQL = `printf('%08x-5eed-7000-8000-%012x', n.i, n.i)`

// spread draws each person's documents: odd factors, one for each document kept.
var spread = [keeps]int64{2654435761, 2246822519, 3266489917, 668265263, 374761393}

// load writes the persons into the closed files of a folder.
func (p population) load(ctx context.Context, dir string, model uuid.UUID, docs []publication, saved int64) (err error) {
	folder, err := datafolder.Open(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	master, err := folder.MasterKey("")
	if err != nil {
		return err
	}
	if err := p.loadStandings(ctx, folder.Work(), master, model, saved); err != nil {
		return fmt.Errorf("standings and keys: %w", err)
	}
	if err := p.loadLibraries(ctx, folder.Views(), model, docs); err != nil {
		return fmt.Errorf("libraries: %w", err)
	}
	return nil
}

// loadLibraries draws what each keeps: the popular documents by many. Every
// seventh person follows a series beside them.
func (p population) loadLibraries(ctx context.Context, path string, model uuid.UUID, docs []publication) error {
	return inFile(ctx, path, func(db *sqlite.DB) error {
		var generation int
		l := libraries.Projection()
		if err := db.Read.QueryRowContext(ctx, `SELECT generation FROM generations WHERE live AND projection = $1 AND version = $2`, l.Name, l.Version).Scan(&generation); err != nil {
			return err
		}
		table := func(name string) string { return fmt.Sprintf("%s_%s_v%d_g%d", l.Name, name, l.Version, generation) }
		conn, err := db.Write.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if err := execute(ctx, conn, []string{"BEGIN IMMEDIATE", "CREATE TEMP TABLE docs (place INTEGER PRIMARY KEY, document TEXT, series TEXT)"}); err != nil {
			return err
		}
		for i, d := range docs {
			line := ""
			if d.line != uuid.Nil {
				line = d.line.String()
			}
			if _, err := conn.ExecContext(ctx, "INSERT INTO docs VALUES ($1, $2, $3)", i, d.id.String(), line); err != nil {
				return err
			}
		}
		numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", p.people)
		for k := range keeps {
			// The square of an even draw: the documents of low places are popular.
			draw := fmt.Sprintf("((n.i * %d) %% 4294967296) / 4294967296.0", spread[k])
			if err := execute(ctx, conn, []string{fmt.Sprintf(`%[1]sINSERT INTO %[2]s (person, document, saved, saved_at, version, title, series_then)
				SELECT %[3]s, d.document, m.saved, m.saved_at, m.version, m.title, d.series FROM n
				JOIN docs d ON d.place = CAST(%[4]s * %[4]s * %[5]d AS INTEGER) * %[6]d + %[7]d
				JOIN %[2]s m ON m.person = '%[8]s'`, numbers, table("entries"), personSQL, draw, p.documents/keeps, keeps, k, model)}); err != nil {
				return err
			}
		}
		return execute(ctx, conn, []string{fmt.Sprintf(`%[1]sINSERT INTO %[2]s (person, series, followed, unfollowed, explicit)
			SELECT %[3]s, d.series, m.followed, m.unfollowed, m.explicit FROM n
			JOIN docs d ON d.place = (n.i %% %[4]d) * %[6]d
			JOIN %[2]s m ON m.person = '%[5]s' WHERE n.i %% 7 = 0`, numbers, table("follows"), personSQL, max(1, p.documents/inLine), model, inLine), "COMMIT"})
	})
}

// loadStandings copies the model's standing, sealing for each person an address of
// its own under a key of its own.
func (p population) loadStandings(ctx context.Context, path string, master []byte, model uuid.UUID, saved int64) error {
	wrapping, err := gcm(master)
	if err != nil {
		return err
	}
	return inFile(ctx, path, func(db *sqlite.DB) error {
		template, columns, err := modelRow(ctx, db, model)
		if err != nil {
			return err
		}
		at := func(column string) int { return slices.Index(columns, column) }
		settings := template[at("settings")].(string)
		_, box, found := strings.Cut(settings, `"box":"`)
		box, _, ended := strings.Cut(box, `"`)
		if !found || !ended {
			return errors.New("the model's address is not where it was")
		}
		standings := &built{name: "digest_standings", columns: columns}
		keys := &built{name: "data_keys", columns: []string{"id", "wrapped", "created"}}
		conn, err := db.Write.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if err := execute(ctx, conn, []string{"BEGIN IMMEDIATE"}); err != nil {
			return err
		}
		for i := 1; i <= p.people; i++ {
			id, key := personID(i), make(oneKey, event.KeySize)
			_, _ = rand.Read(key) // never fails
			address, err := event.Seal(ctx, key, person.Key(id), person.AddressField, fmt.Appendf(nil, "reader-%d@example.org", i))
			if err != nil {
				return err
			}
			row := slices.Clone(template)
			row[at("person")], row[at("cursor")] = id.String(), saved+1
			row[at("settings")] = strings.NewReplacer(box, base64.StdEncoding.EncodeToString(address.Box), model.String(), id.String()).Replace(settings)
			if p.frequency != calendar.Immediate {
				next := whenDue.Add(30 * 24 * time.Hour)
				if i%p.due == 0 {
					next = dueAt(i / p.due % p.slices)
				}
				row[at("next_due")], row[at("wake_at")] = next.UnixMicro(), next.UnixMicro()
			}
			standings.rows, keys.rows = append(standings.rows, row), append(keys.rows, []any{string(person.Key(id)), wrapped(wrapping, person.Key(id), key), whenDue.UnixMicro()})
			if len(keys.rows) == 100*bulkRows || i == p.people {
				if err := errors.Join(standings.insert(ctx, conn), keys.insert(ctx, conn)); err != nil {
					return err
				}
				standings.rows, keys.rows = standings.rows[:0], keys.rows[:0]
			}
		}
		return execute(ctx, conn, []string{`DELETE FROM digest_standings WHERE person = '` + model.String() + `'`, "COMMIT"})
	})
}

// modelRow reads the model's standing.
func modelRow(ctx context.Context, db *sqlite.DB, model uuid.UUID) (row []any, columns []string, err error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT * FROM digest_standings WHERE person = $1`, model.String())
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if columns, err = rows.Columns(); err != nil {
		return nil, nil, err
	}
	if !rows.Next() {
		return nil, nil, errors.Join(errors.New("the model has no standing"), rows.Err())
	}
	row = make([]any, len(columns))
	to := make([]any, len(columns))
	for i := range row {
		to[i] = &row[i]
	}
	return row, columns, rows.Scan(to...)
}

// inFile opens a closed file of ours, with nothing synced before its end.
func inFile(ctx context.Context, path string, do func(*sqlite.DB) error) (err error) {
	db, err := sqlite.Open(ctx, path, sqlite.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// wrapped is a key as adapters/work keeps it.
func wrapped(master cipher.AEAD, id event.KeyID, key []byte) []byte {
	nonce := make([]byte, master.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return master.Seal(nonce, nonce, key, []byte(id))
}

// oneKey is an event.Keys of a single key.
type oneKey []byte

func (k oneKey) Ensure(context.Context, event.KeyID) ([]byte, error) { return k, nil }

func (k oneKey) Key(context.Context, event.KeyID) ([]byte, error) { return k, nil }
