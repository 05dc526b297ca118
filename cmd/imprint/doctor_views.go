package main

// Here: the doctor looks at the read models.

import (
	"context"
	"errors"
	"slices"

	"imprint/adapters/datafolder"
	"imprint/adapters/sqlite/views"
	"imprint/domain/event"
	"imprint/handlers/digest"
	"imprint/projections"
)

// viewsFile checks the file of the read models; nil if there is none to look into.
func (d *doctor) viewsFile(ctx context.Context, folder *datafolder.Folder) *views.Store {
	if has, err := holds(folder.Views()); err == nil && !has {
		d.warn("views.db", "there are no read models yet; imprint serve builds them")
		return nil
	}
	if !d.sound(ctx, folder.Views(), fromLog) {
		return nil
	}
	store, err := views.OpenReadOnly(ctx, folder.Views())
	if !d.open(folder.Views(), fromLog, err) {
		return nil
	}
	d.ok("views.db", "sound")
	return store
}

// views checks the read models, which can be made again.
func (d *doctor) views(ctx context.Context, e *engines) {
	if e.flags.databaseInFile() {
		store := d.viewsFile(ctx, e.folder)
		if store == nil {
			return
		}
		e.views = store
		e.closers = append(e.closers, store.Close)
	}
	if e.views == nil {
		return // the database is away: that has been told
	}
	var builds []projections.Build
	parked := map[int64]int{}
	err := e.views.Read(ctx, func(r projections.Reader) (err error) {
		if builds, err = r.Builds(ctx); err != nil {
			return err
		}
		for _, b := range builds {
			waiting, err := r.Parked(ctx, b.Generation)
			if err != nil {
				return err
			}
			parked[b.Number] = len(waiting)
		}
		return nil
	})
	head, headErr := e.log.Head(ctx)
	if err := errors.Join(err, headErr); err != nil {
		d.failure(d.part.views, err)
		return
	}
	if read := furthest(builds); read > head.Ordinal {
		d.fail(d.part.log, "it ends at event %d, and %s has read %d: the log lost its end, or the two are of different installations; put back what belongs together, or %s", head.Ordinal, d.part.views, read, d.part.lost)
		return
	}
	for _, p := range readModels() {
		d.readModel(ctx, e.log, head, p, builds, parked)
	}
	d.unread(ctx, e, builds)
}

func (d *doctor) readModel(ctx context.Context, log eventLog, head event.Checkpoint, p projections.Projection, builds []projections.Build, parked map[int64]int) {
	what := "read model " + p.Name
	for _, b := range builds {
		if !b.Live || b.Projection != p.Name || b.Version != p.Version {
			continue
		}
		behind := head.Ordinal - b.Checkpoint.Ordinal
		err := place(ctx, log, b.Checkpoint)
		switch {
		case err != nil:
			d.fail(what, "its place is not one of this log (%v). If the log is the right one, the read models are not: %s", err, d.part.anew)
		case parked[b.Number] > 0:
			waits := ""
			if slices.Contains(digest.RestsOn(), p.Name) {
				waits = ", and digests wait"
			}
			d.warn(what, "%d events are parked, and what they are about is hidden%s; see imprint projections parked, then replay", parked[b.Number], waits)
		case behind > 0 && !d.served:
			d.warn(what, "generation %d is %d events behind; imprint serve brings it up to date", b.Number, behind)
		default:
			d.ok(what, "version %d, generation %d, %d events behind", b.Version, b.Number, behind)
		}
		return
	}
	d.warn(what, "version %d is not built yet; imprint serve builds it", p.Version)
}

// unread names the generations of read models that this program does not read.
func (d *doctor) unread(ctx context.Context, e *engines, builds []projections.Build) {
	sizes, err := e.views.Sizes(ctx)
	if err != nil {
		d.failure(d.part.views, err)
		return
	}
	count, bytes, fed := 0, int64(0), 0
	for _, b := range builds {
		if !projections.Unread(b, readModels()) {
			continue
		}
		count++
		bytes += sizes[b.Number]
		if b.Unfed == 0 {
			fed++
		}
	}
	if count > 0 {
		d.ok("read models", "%d generations that this program does not read take %d KiB, and %d of them are fed by another; imprint serve removes each when nobody has fed it for %d days, imprint projections prune sooner", count, bytes>>10, fed, int(inDays(unfedKept)))
	}
}
