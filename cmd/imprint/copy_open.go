package main

// Here: source and target of a copy are named and opened.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"imprint/adapters/work"
	"imprint/domain"
)

// anySize lets every content in: the source has judged it.
const anySize = 1 << 62

// targetFlags say where the parts of the target are kept, as engineFlags do for
// every other installation.
type targetFlags struct {
	ToData         string `env:"IMPRINT_TO_DATA" placeholder:"DIR" help:"The target's data folder; it is made where it is missing. Default: none, and needed while a part is kept in files."`
	ToLog          string `env:"IMPRINT_TO_LOG" default:"file" placeholder:"file|esdb://…" help:"Where the target's log is, as IMPRINT_LOG says it."`
	ToDatabase     string `env:"IMPRINT_TO_DATABASE" default:"file" placeholder:"file|postgres://…" help:"Where the target's read models and work tables are, as IMPRINT_DATABASE says it."`
	ToContent      string `env:"IMPRINT_TO_CONTENT" default:"dir" placeholder:"dir|s3://…" help:"Where the target's bytes are, as IMPRINT_CONTENT says it."`
	ToInstallation string `env:"IMPRINT_TO_INSTALLATION" default:"imprint" placeholder:"NAME" help:"What the target's streams begin with on a KurrentDB cluster."`
}

// engines are the target's flags. The data keys stay wrapped as they are, so it
// has the master key of the source; a data folder with the keys in it gets a copy
// of the key where the source has it in its folder too (keyCopied).
func (t targetFlags) engines(from engineFlags) (to engineFlags, keyCopied bool) {
	to = engineFlags{Data: t.ToData, Log: t.ToLog, Database: t.ToDatabase, Content: t.ToContent, Installation: t.ToInstallation, MasterKeyFile: from.MasterKeyFile}
	keyCopied = from.MasterKeyFile == "" && to.databaseInFile()
	if from.MasterKeyFile == "" && !keyCopied {
		to.MasterKeyFile = filepath.Join(from.Data, "master.key")
	}
	return to, keyCopied
}

// open opens source and target, both for this program alone.
func (c *copyCommand) open(ctx context.Context, io *console) (*copying, error) {
	to, keyCopied := c.targetFlags.engines(c.engineFlags)
	if err := c.engineFlags.check(); err != nil {
		return nil, err
	}
	if err := to.check(); err != nil {
		return nil, fmt.Errorf("the target (--to-…): %w", err)
	}
	if err := apart(c.engineFlags, to); err != nil {
		return nil, err
	}
	return openCopying(ctx, io, c.engineFlags, to, keyCopied, "the target (--to-…)")
}

// openCopying opens what the flags of both sides name; target is how errors call the
// other.
func openCopying(ctx context.Context, io *console, from, to engineFlags, keyCopied bool, target string) (_ *copying, err error) {
	run := &copying{io: io}
	defer func() {
		if err != nil {
			_ = run.Close() // the first error tells more
		}
	}()
	if run.from, err = openSource(ctx, from); err != nil {
		return nil, err
	}
	if run.to, err = openTarget(ctx, to, run.from.master, keyCopied); err != nil {
		return nil, fmt.Errorf("%s: %w", target, err)
	}
	return run, nil
}

// apart refuses a target that shares a part with the source. Bytes may be shared:
// they are never changed, and none is copied then.
func apart(from, to engineFlags) error {
	shared := func(what string) error {
		return domain.Refuse(domain.Invalid, "same-target", "source and target name one %s; a copy needs one of its own", what)
	}
	here, err := filepath.Abs(from.Data)
	if err != nil {
		return err
	}
	there, err := filepath.Abs(to.Data)
	switch {
	case err != nil:
		return err
	case from.embedded() && to.embedded() && here == there:
		return shared("data folder (--data, --to-data)")
	case !to.databaseInFile() && from.Database == to.Database:
		return shared("database (--database, --to-database)")
	case !to.logInFile() && from.Log == to.Log && from.Installation == to.Installation:
		return shared("log (--log, --to-log, --installation, --to-installation)")
	}
	return nil
}

// openSource opens an installation as every command does, but makes none.
func openSource(ctx context.Context, flags engineFlags) (_ *opened, err error) {
	in := &opened{engines: engines{flags: flags, holder: flags.newHolder()}, clock: time.Now, logger: slog.Default()}
	defer func() {
		if err != nil {
			_ = in.Close() // the first error tells more
		}
	}()
	if err := in.openFolder(false); err != nil {
		return nil, err
	}
	if in.master, err = in.masterKey(); err != nil {
		return nil, err
	}
	if err := in.openAll(ctx, options{}); err != nil {
		return nil, err
	}
	if err := in.wire(); err != nil {
		return nil, err
	}
	_, err = in.belongTogether(ctx)
	return in, err
}

// openTarget opens engines that may hold nothing, or a part of a copy: what
// belongs to what is asked by copying.begin.
func openTarget(ctx context.Context, flags engineFlags, master []byte, keyCopied bool) (_ *opened, err error) {
	in := &opened{engines: engines{flags: flags, holder: flags.newHolder()}, clock: time.Now, logger: slog.Default(), master: master}
	defer func() {
		if err != nil {
			_ = in.Close() // the first error tells more
		}
	}()
	if err := in.openFolder(true); err != nil {
		return nil, err
	}
	if keyCopied { // before any data that it opens
		if err := in.folder.AdoptMasterKey(master); err != nil {
			return nil, err
		}
	}
	if err := in.openWork(ctx); err != nil {
		return nil, err
	}
	if in.keys, err = work.NewKeys(in.work, master, in.clock); err != nil {
		return nil, err
	}
	if _, err := in.keys.Check(ctx, startKeys); err != nil {
		return nil, domain.Refuse(domain.Conflict, "foreign-target", "the master key of the source does not open the data keys in %s at the target, so it is another installation; name an empty target", in.work.Name()).Because(err)
	}
	if err := in.openViews(ctx); err != nil {
		return nil, err
	}
	if err := in.openLog(ctx, in.clock, in.logger); err != nil {
		return nil, err
	}
	if err := in.openContent(ctx, anySize); err != nil {
		return nil, err
	}
	return in, in.wire()
}

// Close closes both sides.
func (c *copying) Close() error {
	var errs []error
	for _, in := range []*opened{c.to, c.from} {
		if in != nil {
			errs = append(errs, in.Close())
		}
	}
	return errors.Join(errs...)
}
