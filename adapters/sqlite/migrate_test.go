package sqlite

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"imprint/domain"
)

var (
	first  = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE a (x bigint);\n")}
	second = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE b (x bigint);\n")}
	older  = fstest.MapFS{"00001_a.sql": first}
	newer  = fstest.MapFS{"00001_a.sql": first, "00002_b.sql": second}
)

func TestMigrateBringsAFileUpToDateAndRefusesANewerOne(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Durable)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := CheckMigrated(t.Context(), db, older); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("an empty file is read: %v", err)
	}
	for range 2 { // the second time there is nothing to do
		if err := Migrate(t.Context(), db, older); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Write.Exec(`INSERT INTO a VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	if err := CheckMigrated(t.Context(), db, newer); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("an older file is read: %v", err)
	}
	if err := Migrate(t.Context(), db, newer); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec(`INSERT INTO b SELECT x FROM a`); err != nil {
		t.Error(err)
	}
	if err := CheckMigrated(t.Context(), db, newer); err != nil {
		t.Error(err)
	}
	for name, refuse := range map[string]error{"Migrate": Migrate(t.Context(), db, older), "CheckMigrated": CheckMigrated(t.Context(), db, older)} {
		if domain.KindOf(refuse) != domain.Unavailable {
			t.Errorf("%s takes a newer file: %v", name, refuse)
		}
	}
}
