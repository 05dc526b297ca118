package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/work"
)

// imported is a new installation of a given identity that has imported a corpus at
// one moment.
func imported(t *testing.T, flags engineFlags, identity uuid.UUID, at time.Time, corpus, blobs string) *opened {
	t.Helper()
	tables := engines{flags: flags, holder: flags.newHolder()}
	must(t, tables.openFolder(true))
	must(t, tables.openWork(t.Context()))
	_, err := work.NewServed(tables.work).Claim(t.Context(), identity)
	must(t, err)
	must(t, tables.Close())

	in, err := open(t.Context(), flags, options{create: true, name: "Halden", clock: func() time.Time { return at }})
	must(t, err)
	t.Cleanup(func() { must(t, in.Close()) })
	archive, err := openInput("--blobs", blobs)
	must(t, err)
	_, err = (&importCommand{engineFlags: flags, Corpus: corpus, Blobs: blobs}).record(t.Context(), in, quietly(t), archive, 0)
	must(t, err)
	must(t, archive.Close())
	must(t, catchUp(t.Context(), in, quietly(t)))
	return in
}

// The same imported corpus gives read models of the same content hashes, whatever
// engines keep log, read models and bytes.
func TestTheSameCorpusGivesTheSameHashesOnEveryMixture(t *testing.T) {
	corpus, blobs, want := writeCorpus(t, 12, 4)
	identity, at, key := uuid.New(), time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), masterKeyIn(t, t.TempDir())
	expected := map[string]string{} // by the first mixture
	for mixture := range 8 {
		flags := engineFlags{Data: filepath.Join(t.TempDir(), "data"), MasterKeyFile: key}
		name := "files"
		if mixture&1 != 0 {
			flags.Log = kurrenttest.Start(t).ConnectionString()
			name += ", log on KurrentDB"
		}
		if mixture&2 != 0 {
			flags.Database = postgrestest.Database(t)
			name += ", read models on PostgreSQL"
		}
		if mixture&4 != 0 {
			flags.Content = bucketURL(t)
			name += ", bytes on S3"
		}
		in := imported(t, flags, identity, at, corpus, blobs)
		versions := int64(0)
		for _, p := range readModels() {
			report, err := in.engine.Sum(t.Context(), p)
			must(t, err)
			for _, table := range report.Tables {
				what, sum := p.Name+" "+table.Table, fmt.Sprintf("%d rows %s", table.Rows, table.Hash)
				if mixture == 0 {
					expected[what] = sum
				}
				if sum != expected[what] {
					t.Errorf("%s: %s has %s, and %s with files alone", name, what, sum, expected[what])
				}
				if what == "catalog versions" {
					versions = table.Rows
				}
			}
		}
		if versions != int64(want.Versions) {
			t.Errorf("%s: %d versions, want %d", name, versions, want.Versions)
		}
	}
}
