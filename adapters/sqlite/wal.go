package sqlite

// Keeping the write-ahead log of a file small.
//
// SQLite itself moves commits from the write-ahead log into the file, but begins
// the log anew only in a moment without readers. Under readers that overlap there
// is no such moment, and it would grow for as long as they go on. Nor does it ever
// give back the room that one large transaction took.

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"time"

	"imprint/domain"
)

const (
	// walPages is how many pages gather before a commit of a durable file moves them
	// into it. Moving costs the one who commits two fsyncs and a write per changed
	// page, however often it changed; the random ids of events change the same pages
	// of an index again and again. SQLite's usual 1,000 are fewer than one round of
	// such an index; docs/performance.md compares.
	walPages = 4000            // 16 MB
	walLimit = 32 << 20        // bytes; up to here it is left alone
	walBeat  = 2 * time.Second // how often its size is looked at
	// walBehind is how many pages may be left to move when the log is begun anew:
	// more mean that a long reader (a copy, a verification) still needs them.
	walBehind = 2000
	// closingTime bounds the last emptying, at Close.
	closingTime = 5 * time.Second
)

// trimmer begins a file's write-ahead log anew where it has grown too large.
type trimmer struct {
	path string
	db   *sql.DB // a connection of its own
	stop context.CancelFunc
	done chan struct{}
}

// trim starts the trimmer of a file that is open for writing.
func trim(ctx context.Context, path string, d Durability) (*trimmer, error) {
	// While it waits for readers it keeps writers out, so it waits a moment only.
	db, err := connect(ctx, path, map[string][]string{"_pragma": {"busy_timeout(100)", "synchronous(" + string(d) + ")", noCache}})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	t := &trimmer{path: path, db: db, stop: stop, done: make(chan struct{})}
	go t.run(running)
	return t, nil
}

func (t *trimmer) run(ctx context.Context) {
	defer close(t.done)
	beat := time.NewTicker(walBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			// What fails now is tried again at the next beat; a fault of the disk
			// is told to those who write.
			_, _ = t.once(ctx, walLimit)
		}
	}
}

// once empties the write-ahead log if it is larger than limit bytes and no long
// reader holds it, and tells whether it did. If we crash in it, SQLite finds every
// commit in the one place or in the other.
func (t *trimmer) once(ctx context.Context, limit int64) (bool, error) {
	info, err := os.Stat(t.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() <= limit {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// First what keeps nobody waiting.
	_, pages, moved, err := t.checkpoint(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
	if err != nil || pages-moved > walBehind {
		return false, Explain(t.path, err)
	}
	busy, _, _, err := t.checkpoint(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err == nil && !busy, Explain(t.path, err)
}

func (t *trimmer) checkpoint(ctx context.Context, text string) (busy bool, pages, moved int, err error) {
	err = t.db.QueryRowContext(ctx, text).Scan(&busy, &pages, &moved)
	return busy, pages, moved, err
}

// Close ends it and empties the write-ahead log for the last time. Another
// program's reader may hold it: then it stays, and the next one to open the file
// goes on from it.
func (t *trimmer) Close() error {
	t.stop()
	<-t.done
	ctx, cancel := context.WithTimeout(context.Background(), closingTime)
	defer cancel()
	_, _, _, err := t.checkpoint(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	if err != nil {
		err = domain.Refuse(domain.Unavailable, "wal-kept", "%s is closed, but its newest commits could not be moved into it out of %s-wal; nothing is lost: keep the two together, the next start moves them", t.path, t.path).Because(err)
	}
	return errors.Join(err, t.db.Close())
}
