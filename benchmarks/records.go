package main

// Where the version records of a log of any size come from: lines in the corpus'
// format, read without the contents they name.

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"imprint/domain"
	"imprint/handlers/importer"
)

// maxRecord bounds a line in bytes.
const maxRecord = 1 << 20

// records is a history that can be read any number of times.
type records struct {
	name string
	open func() (io.ReadCloser, error)
}

// findRecords chooses the largest history there is: large/versions.jsonl.gz of the
// corpus' folder, else its corpus.jsonl, else a generated one of as many versions.
func findRecords(folder string, versions int) (records, error) {
	if folder == "" {
		s := decades.of(versions)
		return records{name: fmt.Sprintf("generated, seed %d", s.seed), open: s.read}, nil
	}
	large := filepath.Join(folder, "large", "versions.jsonl.gz")
	if _, err := os.Stat(large); err == nil {
		return records{name: "of " + filepath.Base(folder) + "/large", open: func() (io.ReadCloser, error) { return unzip(large) }}, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return records{}, err
	}
	lines := filepath.Join(folder, "corpus.jsonl")
	return records{name: "of " + filepath.Base(folder), open: func() (io.ReadCloser, error) { return os.Open(lines) }}, nil
}

// each calls f for every record until it answers false or an error.
func (rs records) each(f func(importer.Record) (more bool, err error)) (err error) {
	in, err := rs.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxRecord)
	for n := 1; lines.Scan(); n++ {
		var r importer.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("record %d %s: %w", n, rs.name, err)
		}
		if more, err := f(r); err != nil || !more {
			return err
		}
	}
	return lines.Err()
}

// unzipped is a gzip file that is closed with its reader.
type unzipped struct {
	*gzip.Reader
	file *os.File
}

func unzip(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return unzipped{zip, file}, nil
}

func (u unzipped) Close() error { return errors.Join(u.Reader.Close(), u.file.Close()) }

// elsewhere stands for the contents that records name and nobody has here: each is
// said to be stored, and none can be read. What is measured reads none.
type elsewhere struct{}

func (elsewhere) Has(context.Context, string) (bool, error) { return true, nil }

func (elsewhere) Read(_ context.Context, sha256hex string) (io.ReadSeekCloser, int64, error) {
	return nil, 0, domain.Refuse(domain.NotFound, "no-content", "the content %s is not here", sha256hex)
}
