package main

// Here: disks that are full. A part whose last write found its disk full is not
// ready; and since traffic is kept away from a program that is not, so that nobody
// may ever try again, whoever asks for readiness tries.

import (
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"imprint/adapters/postgres"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/content"
	"imprint/domain/event"
)

// disk is where a part lies.
type disk struct {
	setting string // of the part
	// try writes something small and bounded there, and takes it away again.
	try func(ctx context.Context) error

	failed  atomic.Int64 // writes that found it full
	settled atomic.Int64 // how many of these lie before a trial that went well

	trial sync.Mutex // held for the whole of one
	tried time.Time
	why   error // of the last trial; nil: it went well, or there was none
}

const (
	// tryEvery bounds how often a full disk is tried, whoever asks.
	tryEvery = time.Second
	// tryContent is how many bytes of content are tried, without being synced or kept.
	tryContent = 4 << 20
)

// wrote is told how each write went, and passes that on.
func (d *disk) wrote(err error) error {
	if code := codeOf(err); code == event.DiskFault || code == content.DiskFull {
		d.failed.Add(1)
	}
	return err
}

// refuses is nil while the disk takes what is written, or takes it again.
func (d *disk) refuses(ctx context.Context) error {
	if d.failed.Load() == d.settled.Load() {
		return nil
	}
	d.trial.Lock()
	defer d.trial.Unlock()
	failed := d.failed.Load()
	if failed == d.settled.Load() {
		return nil // by another's trial
	}
	if d.why != nil && time.Since(d.tried) < tryEvery {
		return d.why
	}
	d.why, d.tried = d.try(ctx), time.Now()
	if d.why == nil {
		d.settled.Store(failed)
	}
	return d.why
}

// full names the settings whose disks refuse what is written, and why they do.
func (e *engines) full(ctx context.Context) map[string]error {
	found := map[string]error{}
	for _, d := range e.disks {
		if err := d.refuses(ctx); err != nil {
			found[d.setting] = err
		}
	}
	return found
}

// on notes a part's disk.
func (e *engines) on(setting string, try func(context.Context) error) *disk {
	d := &disk{setting: setting, try: try}
	e.disks = append(e.disks, d)
	return d
}

// inFolder is the disk of a part in a file of the data folder.
func (e *engines) inFolder(setting string) *disk {
	return e.on(setting, func(context.Context) error { return e.folder.Room() })
}

// onServer is the disk of the database's server.
func (e *engines) onServer() *disk {
	return e.on(postgres.Setting, func(ctx context.Context) error { return postgres.Room(ctx, e.database) })
}

// inContent is the disk of contents kept in a directory. What is tried is bytes with
// a hash that none have, which the store receives and then lets go.
func (e *engines) inContent(store contentStore) *disk {
	return e.on("IMPRINT_CONTENT", func(ctx context.Context) error {
		_, err := store.PutExpected(ctx, io.LimitReader(zeros{}, tryContent), strings.Repeat("0", 64))
		if domain.KindOf(err) == domain.Invalid {
			return nil
		}
		return err
	})
}

// zeros reads as bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// diskLog is a log whose disk is told of its appends.
type diskLog struct {
	eventLog
	disk *disk
}

// Append implements event.Log.
func (l diskLog) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	appended, err := l.eventLog.Append(ctx, stream, expected, events)
	return appended, l.disk.wrote(err)
}

// diskWork is work tables whose disk is told of what is written.
type diskWork struct {
	work.Database
	disk *disk
}

// Write implements work.Database.
func (w diskWork) Write(ctx context.Context, f func(work.Tx) error) error {
	return w.disk.wrote(w.Database.Write(ctx, f))
}

// Erase implements work.Database.
func (w diskWork) Erase(ctx context.Context, f func(work.Tx) error) error {
	return w.disk.wrote(w.Database.Erase(ctx, f))
}

// diskContent is a content store whose disk is told of what is put.
type diskContent struct {
	contentStore
	disk *disk
}

// Put stores bytes.
func (c diskContent) Put(ctx context.Context, r io.Reader) (content.Stored, error) {
	stored, err := c.contentStore.Put(ctx, r)
	return stored, c.disk.wrote(err)
}

// PutExpected stores bytes of a known hash.
func (c diskContent) PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error) {
	stored, err := c.contentStore.PutExpected(ctx, r, sha256hex)
	return stored, c.disk.wrote(err)
}
