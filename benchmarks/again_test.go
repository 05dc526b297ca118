package main

import (
	"path/filepath"
	"testing"
	"time"

	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/projections"
	"imprint/projections/catalog"
)

// TestTheCorpusAgainIsAsManyVersions folds three readings of a corpus, which park
// nothing, and counts the versions: every one is a row of its own.
func TestTheCorpusAgainIsAsManyVersions(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	in, err := openInstallation(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	c, err := openCorpus("", dir, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := measureImport(ctx, &report{}, in, c); err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(ctx, filepath.Join(dir, "again.db"), eventlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	const versions = 190
	events, err := readAgain(ctx, in.log, log, versions)
	if err != nil {
		t.Fatal(err)
	}
	store, err := views.Open(ctx, filepath.Join(dir, "again-views.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	p := catalog.Projection()
	build, err := projections.Engine{Log: log, Registry: in.registry, Store: store, Holder: "test"}.Rebuild(ctx, p, nil)
	if err != nil || build.Checkpoint.Ordinal != events {
		t.Fatalf("folded to %d of %d: %v", build.Checkpoint.Ordinal, events, err)
	}
	rows := 0
	err = store.Read(ctx, func(r projections.Reader) error {
		for _, table := range p.Tables {
			if table.Name != "versions" {
				continue
			}
			for _, err := range r.Scan(ctx, build.Generation, table) {
				if err != nil {
					return err
				}
				rows++
			}
		}
		return nil
	})
	if err != nil || rows != versions {
		t.Errorf("%d versions, want %d: %v", rows, versions, err)
	}
}
