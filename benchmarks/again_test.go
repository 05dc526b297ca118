package main

import (
	"testing"

	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers/importer"
	"imprint/projections"
	"imprint/projections/catalog"
)

// TestALogGrowsToAnyNumberOfVersions: a sample of a history, all of it, and all of it
// more than twice. What is written folds, parks nothing, and every version is a row
// of its own.
func TestALogGrowsToAnyNumberOfVersions(t *testing.T) {
	ctx := t.Context()
	from := records{open: afternoon.read}
	documents := map[int]int{}
	for _, versions := range []int{20, afternoon.versions, 190} {
		in, err := openInstallation(ctx, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = in.Close() }()
		last := 0
		if err := grow(ctx, in, from, versions, func(done int) { last = done }); err != nil {
			t.Fatal(err)
		}
		p := catalog.Projection()
		build, err := in.engine.Rebuild(ctx, p, nil)
		if head, failed := in.log.Head(ctx); err != nil || failed != nil || build.Checkpoint.Ordinal != head.Ordinal {
			t.Fatalf("folded to %d of %d: %v, %v", build.Checkpoint.Ordinal, head.Ordinal, err, failed)
		}
		rows := map[string]int{}
		err = in.store.Read(ctx, func(r projections.Reader) error {
			for _, table := range p.Tables {
				for _, err := range r.Scan(ctx, build.Generation, table) {
					if err != nil {
						return err
					}
					rows[table.Name]++
				}
			}
			return nil
		})
		if err != nil || rows["versions"] != versions || last != versions {
			t.Errorf("%d versions, and %d were told of, want %d: %v", rows["versions"], last, versions, err)
		}
		documents[versions] = rows["documents"]
	}
	if whole := documents[afternoon.versions]; documents[20] > whole/2 || documents[190] < 2*whole {
		t.Errorf("documents by versions: %v", documents)
	}
}

// TestADocumentIsSampledWithAllItsNames: what renames connect is taken as a whole.
func TestADocumentIsSampledWithAllItsNames(t *testing.T) {
	from := records{open: afternoon.read}
	chosen, err := from.sample(20)
	if err != nil {
		t.Fatal(err)
	}
	taken, renames := 0, 0
	err = from.each(func(r importer.Record) (bool, error) {
		if r.RenamedFrom != "" {
			renames++
			if chosen.of(r.Doc) != chosen.of(r.RenamedFrom) {
				t.Errorf("%s and %s are apart", r.RenamedFrom, r.Doc)
			}
		}
		if chosen.taken[chosen.of(r.Doc)] && !r.Withdrawn {
			taken++
		}
		return true, nil
	})
	if err != nil || renames == 0 || taken < 20 || taken > afternoon.versions/2 {
		t.Errorf("%d versions are taken, of %d; %d renames: %v", taken, afternoon.versions, renames, err)
	}
}

// TestUnderAnotherReadingIdsDiffer, each by the same rule wherever it stands.
func TestUnderAnotherReadingIdsDiffer(t *testing.T) {
	ctx := t.Context()
	in, err := openInstallation(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	if err := grow(ctx, in, records{open: afternoon.read}, 5, func(int) {}); err != nil {
		t.Fatal(err)
	}
	page, err := in.log.ReadAll(ctx, event.Checkpoint{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page {
		if r.Type != (document.Published{}).EventType() {
			continue
		}
		was, err := in.registry.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		again := under(r, 1)
		is, err := in.registry.Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		former, newer := was.(document.Published), is.(document.Published)
		if again.Stream != document.Stream(newer.Document) || newer.Document == former.Document || newer.Details.Series == former.Details.Series || again.ID == r.ID {
			t.Errorf("%s of %s became %s of %s", former.Document, r.Stream, newer.Document, again.Stream)
		}
		return
	}
	t.Error("nothing was published")
}
