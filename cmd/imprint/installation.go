package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"imprint/adapters/queries"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/installation"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// opened is an installation open for writing: its engines, and the handlers on
// them.
type opened struct {
	engines
	identity installation.LogOpened
	clock    domain.Clock
	logger   *slog.Logger
	master   []byte
	// remembers: the work tables held data keys before the log was opened.
	remembers bool

	keys  *work.Keys
	codec *event.Codec

	engine     projections.Engine
	readModels *projections.Group
	catalog    *queries.Catalog
	library    *queries.Library
	history    *queries.History
	notices    *queries.Notices

	publishing *handlers.Publishing
	libraries  *handlers.Libraries
	people     *handlers.People
	domains    *handlers.MailDomains
	facts      *digest.Facts

	telemetry *telemetry // nil: nobody watches
}

// readModels lists the projections of this program.
func readModels() []projections.Projection {
	return []projections.Projection{catalog.Projection(), library.Projection(), history.Projection(), notices.Projection()}
}

// options of an installation.
type options struct {
	clock     domain.Clock
	maxUpload int64           // bytes; 0: the default
	create    bool            // a new installation where there is none; else that is refused
	name      string          // of a new installation
	telemetry *telemetryFlags // nil: nobody watches
}

// open opens the installation that the flags name; under the lock of the data
// folder, if any part lies in it.
func open(ctx context.Context, flags engineFlags, o options) (_ *opened, err error) {
	if err := flags.check(); err != nil {
		return nil, err
	}
	if o.clock == nil {
		o.clock = time.Now
	}
	in := &opened{engines: engines{flags: flags, holder: flags.newHolder()}, clock: o.clock, logger: slog.Default()}
	defer func() {
		if err != nil {
			_ = in.Close() // the first error tells more
		}
	}()
	if err = in.openFolder(o.create); err != nil {
		return nil, err
	}
	if in.master, err = in.masterKey(); err != nil {
		return nil, err
	}
	if err = in.openAll(ctx, o); err != nil {
		return nil, err
	}
	if err = o.telemetry.watch(ctx, in); err != nil {
		return nil, err
	}
	if err = in.wire(); err != nil {
		return nil, err
	}
	id, err := in.belongTogether(ctx)
	if err != nil {
		return nil, err
	}
	name := o.name
	if name == "" {
		name = "imprint"
	}
	in.identity, err = handlers.OpenInstallation(ctx, in.log, in.codec, in.clock, id, name)
	if err != nil {
		return nil, err
	}
	// Another program may have opened the log meanwhile, beside another database.
	if err = in.sameLog(id, true, in.identity, true); err != nil {
		return nil, err
	}
	return in, nil
}

// openAll opens the engines: first those that tell whether the log may be made.
func (in *opened) openAll(ctx context.Context, o options) error {
	before, err := in.present()
	if err != nil {
		return err
	}
	if err := in.openWork(ctx); err != nil {
		return err
	}
	if in.keys, err = work.NewKeys(in.work, in.master, in.clock); err != nil {
		return err
	}
	if err := in.whole(ctx, before); err != nil {
		return err
	}
	if err := in.openViews(ctx); err != nil {
		return err
	}
	if err := in.openLog(ctx, in.clock, in.logger); err != nil {
		return err
	}
	return in.openContent(ctx, o.maxUpload)
}

// wire puts the handlers on the ports.
func (in *opened) wire() error {
	registry, err := schema.Registry()
	if err != nil {
		return err
	}
	in.codec = event.NewCodec(registry, in.keys)
	in.engine = projections.Engine{Log: in.log, Registry: registry, Store: in.views, Holder: in.holder}
	in.engine.Folded = in.telemetry.folded()
	if in.readModels, err = in.engine.Group(readModels()...); err != nil {
		return err
	}
	in.catalog = queries.NewCatalog(in.views, in.search)
	in.library = queries.NewLibrary(in.views)
	in.history = queries.NewHistory(in.views)
	in.notices = queries.NewNotices(in.views)
	journal := handlers.NewJournal(in.log, in.codec, in.clock, in.requests())
	in.publishing = handlers.NewPublishing(journal, in.content, in.catalog)
	in.libraries = handlers.NewLibraries(journal, in.catalog, in.readModels.Wait)
	in.facts = digest.NewFacts(in.log, registry, work.NewDigests(in.work))
	in.people = handlers.NewPeople(journal, in.keys, work.NewNames(in.work), work.NewTokens(in.work), in.facts)
	in.domains = handlers.NewMailDomains(journal)
	return nil
}

// requests remembers the ids of requests where the log does not know them.
func (in *opened) requests() handlers.Requests {
	if in.flags.logInFile() {
		return nil
	}
	return work.NewRequests(in.work)
}

// secret derives a secret for one purpose from the master key (HKDF, RFC 5869).
func (in *opened) secret(purpose string) ([]byte, error) {
	s, err := hkdf.Key(sha256.New, in.master, nil, "imprint "+purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the secret for %s: %w", purpose, err)
	}
	return s, nil
}

// writing opens the installation for a command that wants it for itself.
func (f engineFlags) writing(ctx context.Context, do func(*opened) error) (err error) {
	in, err := open(ctx, f, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return do(in)
}

// reading opens the installation for a command that changes nothing, beside a
// program that may serve it.
func (f engineFlags) reading(ctx context.Context, do func(*viewed) error) error {
	v, done, err := view(ctx, f)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // only read
	return do(v)
}

// viewed is an installation open for reading.
type viewed struct {
	engines
	engine projections.Engine
}

// view opens an installation for reading.
func view(ctx context.Context, flags engineFlags) (_ *viewed, closeAll func() error, err error) {
	if err := flags.check(); err != nil {
		return nil, nil, err
	}
	registry, err := schema.Registry()
	if err != nil {
		return nil, nil, err
	}
	v := &viewed{engines: engines{flags: flags, holder: flags.newHolder()}}
	if err := v.openForReading(ctx); err != nil {
		return nil, nil, errors.Join(err, v.Close())
	}
	if err := v.belongs(ctx, event.NewCodec(registry, nil)); err != nil {
		return nil, nil, errors.Join(err, v.Close())
	}
	v.engine = projections.Engine{Log: v.log, Registry: registry, Store: v.views, Holder: v.holder}
	return v, v.Close, nil
}

// belongs refuses a database that serves another log.
func (v *viewed) belongs(ctx context.Context, codec *event.Codec) error {
	bound, known, err := work.NewServed(v.work).Log(ctx)
	if err != nil {
		return err
	}
	identity, found, err := handlers.Identity(ctx, v.log, codec)
	if err != nil {
		return err
	}
	if err := v.sameLog(bound, known, identity, found); err != nil || !known {
		return err
	}
	return v.expect(ctx, bound)
}
