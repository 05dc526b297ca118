package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"imprint/adapters/blob"
	"imprint/adapters/datafolder"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/installation"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// embeddedHolder names this process in leases. The lock on the folder lets one
// process in, so a restart after a crash may take its own leases over at once.
const embeddedHolder = "embedded"

// folderFlags name the installation that a command works on.
type folderFlags struct {
	Data          string `required:"" env:"IMPRINT_DATA" placeholder:"DIR" help:"The data folder."`
	MasterKeyFile string `env:"IMPRINT_MASTER_KEY_FILE" placeholder:"FILE" help:"The master key, 64 hexadecimal digits. Default: master.key in the data folder."`
}

// opened is an installation on the embedded engines, open for writing: its files,
// the ports over them, and the handlers on the ports.
type opened struct {
	folder   *datafolder.Folder
	identity installation.LogOpened
	clock    domain.Clock
	logger   *slog.Logger
	master   []byte
	// remembers: the work tables held data keys before the log was opened.
	remembers bool

	log     *eventlog.Log
	work    *workfile.DB
	views   *views.Store
	content *blob.Directory
	keys    *work.Keys
	codec   *event.Codec

	engine     projections.Engine
	readModels *projections.Group
	catalog    *queries.Catalog
	library    *queries.Library
	history    *queries.History
	notices    *queries.Notices

	publishing *handlers.Publishing
	libraries  *handlers.Libraries
	people     *handlers.People

	closers []func() error // in the order of opening
}

// readModels lists the projections of this program.
func readModels() []projections.Projection {
	return []projections.Projection{catalog.Projection(), library.Projection(), history.Projection(), notices.Projection()}
}

// options of an installation.
type options struct {
	clock     domain.Clock
	maxUpload int64  // bytes; 0: the default
	create    bool   // a new installation where there is none; else that is refused
	name      string // of a new installation
}

// open opens the installation in a folder, under the folder's lock.
func open(ctx context.Context, flags folderFlags, o options) (_ *opened, err error) {
	if o.clock == nil {
		o.clock = time.Now
	}
	in := &opened{clock: o.clock, logger: slog.Default()}
	defer func() {
		if err != nil {
			_ = in.Close() // the first error tells more
		}
	}()
	if !o.create { // a mistyped folder must not become an empty installation that is found well
		if _, err = datafolder.View(flags.Data); err != nil {
			return nil, err
		}
	}
	if in.folder, err = datafolder.Open(flags.Data); err != nil {
		return nil, err
	}
	in.closers = append(in.closers, in.folder.Close)
	if in.master, err = in.folder.MasterKey(flags.MasterKeyFile); err != nil {
		return nil, err
	}
	before, err := present(in.folder)
	if err != nil {
		return nil, err
	}
	if err = in.openFiles(ctx, o, before); err != nil {
		return nil, err
	}
	if err = in.belongTogether(ctx); err != nil {
		return nil, err
	}
	if err = in.wire(); err != nil {
		return nil, err
	}
	name := o.name
	if name == "" {
		name = "imprint"
	}
	in.identity, err = handlers.OpenInstallation(ctx, in.log, in.codec, in.clock, name)
	return in, err
}

func (in *opened) openFiles(ctx context.Context, o options, before presence) (err error) {
	if in.work, err = workfile.Open(ctx, in.folder.Work(), time.Now); err != nil {
		return err
	}
	in.closers = append(in.closers, in.work.Close)
	if in.keys, err = work.NewKeys(in.work, in.master, in.clock); err != nil {
		return err
	}
	if err = in.whole(ctx, before); err != nil {
		return err
	}
	if in.log, err = eventlog.Open(ctx, in.folder.Log(), eventlog.Options{Clock: in.clock}); err != nil {
		return err
	}
	in.closers = append(in.closers, in.log.Close)
	if in.views, err = views.Open(ctx, in.folder.Views(), time.Now); err != nil {
		return builtAnew(in.folder.Views(), err)
	}
	in.closers = append(in.closers, in.views.Close)
	in.content, err = blob.Open(in.folder.Content(), blob.Options{MaxBytes: o.maxUpload})
	return err
}

// wire puts the handlers on the ports.
func (in *opened) wire() error {
	registry, err := schema.Registry()
	if err != nil {
		return err
	}
	in.codec = event.NewCodec(registry, in.keys)
	in.engine = projections.Engine{Log: in.log, Registry: registry, Store: in.views, Holder: embeddedHolder}
	if in.readModels, err = in.engine.Group(readModels()...); err != nil {
		return err
	}
	in.catalog = queries.NewCatalog(in.views, views.Search{})
	in.library = queries.NewLibrary(in.views)
	in.history = queries.NewHistory(in.views)
	in.notices = queries.NewNotices(in.views)
	in.publishing = handlers.NewPublishing(in.log, in.codec, in.content, in.clock, in.catalog)
	in.libraries = handlers.NewLibraries(in.log, in.codec, in.catalog, in.clock)
	in.people = handlers.NewPeople(in.log, in.codec, in.keys, work.NewNames(in.work), work.NewTokens(in.work), in.clock)
	return nil
}

// secret derives a secret for one purpose from the master key (HKDF, RFC 5869).
func (in *opened) secret(purpose string) ([]byte, error) {
	s, err := hkdf.Key(sha256.New, in.master, nil, "imprint "+purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the secret for %s: %w", purpose, err)
	}
	return s, nil
}

// Close closes the files in the reverse order of their opening.
func (in *opened) Close() error {
	var errs []error
	for i := len(in.closers) - 1; i >= 0; i-- {
		errs = append(errs, in.closers[i]())
	}
	return errors.Join(errs...)
}

// writing opens the installation for a command that wants it for itself.
func (f folderFlags) writing(ctx context.Context, do func(*opened) error) (err error) {
	in, err := open(ctx, f, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return do(in)
}

// reading opens the installation for a command that changes nothing, beside a
// program that may serve it.
func (f folderFlags) reading(ctx context.Context, do func(*viewed) error) error {
	v, done, err := view(ctx, f)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // only read
	return do(v)
}

// viewed is an installation open for reading.
type viewed struct {
	folder *datafolder.Folder
	log    *eventlog.Log
	views  *views.Store
	engine projections.Engine
}

// view opens an installation for reading.
func view(ctx context.Context, flags folderFlags) (_ *viewed, closeAll func() error, err error) {
	folder, err := datafolder.View(flags.Data)
	if err != nil {
		return nil, nil, err
	}
	log, err := eventlog.OpenReadOnly(ctx, folder.Log())
	if err != nil {
		return nil, nil, err
	}
	store, err := views.OpenReadOnly(ctx, folder.Views())
	if err != nil {
		return nil, nil, errors.Join(builtAnew(folder.Views(), err), log.Close())
	}
	registry, err := schema.Registry()
	if err != nil {
		return nil, nil, errors.Join(err, store.Close(), log.Close())
	}
	v := &viewed{folder: folder, log: log, views: store, engine: projections.Engine{Log: log, Registry: registry, Store: store, Holder: embeddedHolder}}
	return v, func() error { return errors.Join(store.Close(), log.Close()) }, nil
}
