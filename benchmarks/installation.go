package main

// An installation on the embedded engines, wired as the program imprint does.

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/blob"
	"imprint/adapters/datafolder"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// readModels lists the projections of the program.
func readModels() []projections.Projection {
	return []projections.Projection{catalog.Projection(), library.Projection(), history.Projection(), notices.Projection()}
}

type installation struct {
	log        *eventlog.Log
	work       *workfile.DB
	master     []byte
	keys       *work.Keys
	codec      *event.Codec
	content    *blob.Directory
	registry   *event.Registry
	store      *views.Store
	views      string // the store's file
	engine     projections.Engine
	readModels *projections.Group
	catalog    *queries.Catalog
	library    *queries.Library
	publishing *handlers.Publishing
	libraries  *handlers.Libraries
	people     *handlers.People

	closers []func() error // in the order of opening
}

func openInstallation(ctx context.Context, dir string) (_ *installation, err error) {
	in := &installation{}
	defer func() {
		if err != nil {
			_ = in.Close() // the first error tells more
		}
	}()
	folder, err := datafolder.Open(filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	in.closers = append(in.closers, folder.Close)
	if in.master, err = folder.MasterKey(""); err != nil {
		return nil, err
	}
	if in.work, err = workfile.Open(ctx, folder.Work(), time.Now); err != nil {
		return nil, err
	}
	in.closers = append(in.closers, in.work.Close)
	if in.keys, err = work.NewKeys(in.work, in.master, time.Now); err != nil {
		return nil, err
	}
	if in.log, err = eventlog.Open(ctx, folder.Log(), eventlog.Options{}); err != nil {
		return nil, err
	}
	in.closers = append(in.closers, in.log.Close)
	in.views = folder.Views()
	if in.store, err = views.Open(ctx, in.views, time.Now); err != nil {
		return nil, err
	}
	in.closers = append(in.closers, in.store.Close)
	if in.content, err = blob.Open(folder.Content(), blob.Options{}); err != nil {
		return nil, err
	}
	if in.registry, err = schema.Registry(); err != nil {
		return nil, err
	}
	in.codec = event.NewCodec(in.registry, in.keys)
	in.engine = projections.Engine{Log: in.log, Registry: in.registry, Store: in.store, Holder: "benchmarks"}
	if in.readModels, err = in.engine.Group(readModels()...); err != nil {
		return nil, err
	}
	in.catalog = queries.NewCatalog(in.store, views.Search{})
	in.library = queries.NewLibrary(in.store)
	journal := handlers.NewJournal(in.log, in.codec, time.Now, nil)
	in.publishing = handlers.NewPublishing(journal, in.content, in.catalog)
	in.libraries = handlers.NewLibraries(journal, in.catalog, in.readModels.Wait)
	in.people = handlers.NewPeople(journal, in.keys, work.NewNames(in.work), work.NewTokens(in.work), digest.NewFacts(in.log, in.registry, work.NewDigests(in.work)))
	_, err = handlers.OpenInstallation(ctx, in.log, in.codec, time.Now, uuid.New(), "benchmarks")
	return in, err
}

// Close closes the files in the reverse order of their opening.
func (in *installation) Close() error {
	var errs []error
	for i := len(in.closers) - 1; i >= 0; i-- {
		errs = append(errs, in.closers[i]())
	}
	in.closers = nil
	return errors.Join(errs...)
}
