package main

import (
	"path/filepath"
	"testing"

	"imprint/adapters/sqlite/views"
)

// TestWhatIsMeasuredIsRight holds the rows of a common rebuild against a fresh
// fold of each projection by itself.
func TestWhatIsMeasuredIsRight(t *testing.T) {
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
	if err := importCorpus(ctx, &report{}, in, c); err != nil {
		t.Fatal(err)
	}
	builds, err := in.engine.RebuildAll(ctx, readModels(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range readModels() {
		if err := in.engine.Switch(ctx, p, builds[i].Number); err != nil {
			t.Fatal(err)
		}
		scratch, err := views.OpenScratch(ctx, filepath.Join(dir, p.Name+".db"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := in.engine.Verify(ctx, p, scratch, nil)
		if err != nil || r.Difference != nil || r.Generation != builds[i].Number || r.Checkpoint != r.Head {
			t.Errorf("%s: %+v, %v, difference %v", p.Name, r, err, r.Difference)
		}
		if err := scratch.Close(); err != nil {
			t.Error(err)
		}
	}
}
