// Package sqlite opens the files of an embedded data folder and says what went
// wrong with one in words. The packages below it are the adapters proper:
// eventlog (the log), views (the read models' store) and work (work tables).
//
// Every file is in write-ahead mode with one writing connection and a pool of
// reading ones; its write-ahead log is kept small (wal.go). A Durable file is synchronous=FULL: a commit that has returned is
// on the disk. A file that can be rebuilt (the read models) is NORMAL: after a
// power cut it may lack its newest commits, never hold half of one.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"

	_ "modernc.org/sqlite" // registers the driver

	"imprint/domain"
)

// Durability says when a commit may return.
type Durability string

// The durabilities.
const (
	Durable     Durability = "FULL"   // after fsync: logs and work tables
	Rebuildable Durability = "NORMAL" // read models
	Scratch     Durability = "OFF"    // temporary builds that are thrown away
)

// How much a connection keeps of its file in memory, in KiB, as pragmas. The driver
// is compiled with SQLITE_ENABLE_MEMORY_MANAGEMENT: all connections of a process share
// one pool, as large as theirs together, and a large file fills what the others leave.
// So the sum counts, and is small: readers are many, and the operating system has the
// pages once for all of them. A rebuild changes pages all over its tables, so it has
// more room while it runs.
const (
	noCache      = "cache_size(-64)" // of a connection that reads no page
	readingCache = "cache_size(-2048)"
	WritingCache = "cache_size(-4096)"
	LoadingCache = "cache_size(-65536)"
)

// DB is one open file.
type DB struct {
	Path  string
	Write *sql.DB // one connection; transactions begin IMMEDIATE
	Read  *sql.DB // a few connections, query_only

	trimmer  *trimmer // of its write-ahead log; nil where Write is
	prepared prepared // on Read
}

// Open opens or creates a file, for its owner alone. The caller holds the folder's
// lock.
func Open(ctx context.Context, path string, d Durability) (*DB, error) {
	if err := prepare(path); err != nil {
		return nil, err
	}
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + string(d) + ")", "foreign_keys(1)", "temp_store(MEMORY)"}
	if d == Durable {
		pragmas = append(pragmas, fmt.Sprintf("wal_autocheckpoint(%d)", walPages), WritingCache)
	} else {
		pragmas = append(pragmas, LoadingCache)
	}
	write, err := connect(ctx, path, url.Values{"_pragma": pragmas, "_txlock": {"immediate"}})
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := OpenReadOnly(ctx, path)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	trimmer, err := trim(ctx, path, d)
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	return &DB{Path: path, Write: write, Read: read.Read, trimmer: trimmer}, nil
}

// prepare makes an empty file that only its owner may read, where there is none:
// SQLite would let everyone. The files beside it (-wal, -shm) take after it. It
// comes before any connection, for closing a file gives up this process's locks on
// it, those of SQLite included (POSIX fcntl).
func prepare(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unopened(path).Because(err)
	}
	return errors.Join(wholePages(f), f.Close())
}

// wholePages refuses a file whose last page is cut: SQLite takes what is missing
// there for zeros. A write-ahead log may still mend it.
func wholePages(f *os.File) error {
	if wal, err := os.Stat(f.Name() + "-wal"); err == nil && wal.Size() > 0 {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return unopened(f.Name()).Because(err)
	}
	// https://sqlite.org/fileformat2.html: the page size, in which 1 stands for 65536.
	var header [18]byte
	if n, _ := f.ReadAt(header[:], 0); n < len(header) || string(header[:16]) != "SQLite format 3\x00" {
		return nil // empty, or SQLite tells
	}
	size := int64(binary.BigEndian.Uint16(header[16:]))
	if size == 1 {
		size = 1 << 16
	}
	if size > 0 && info.Size()%size != 0 {
		return Damaged(f.Name()).Because(fmt.Errorf("its last page has %d bytes and not %d", info.Size()%size, size))
	}
	return nil
}

// OpenReadOnly opens an existing file for reading beside a program that may be
// writing it. Write is nil.
func OpenReadOnly(ctx context.Context, path string) (*DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, domain.Refuse(domain.NotFound, "no-data", "%s does not exist; is --data the folder of an installation?", path).Because(err)
	}
	read, err := connect(ctx, path, url.Values{
		"_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", readingCache},
	})
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	read.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	return &DB{Path: path, Read: read}, nil
}

// Close closes both pools and leaves one file: the readers go first, so that
// nothing of ours holds the write-ahead log when it is emptied. If that fails the
// error says so, and everything is closed and durable all the same.
func (db *DB) Close() error {
	errs := []error{db.prepared.close(), db.Read.Close()}
	if db.Write != nil {
		errs = append(errs, db.trimmer.Close(), db.Write.Close())
	}
	return errors.Join(errs...)
}

func connect(ctx context.Context, path string, query url.Values) (*sql.DB, error) {
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	var version int64
	if err := db.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
		return nil, errors.Join(Explain(path, err), db.Close())
	}
	return db, nil
}
