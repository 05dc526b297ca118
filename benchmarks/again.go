package main

// A log of any size: version records imported as the command imports them, and
// then read again and again, each time under new ids, until there are enough.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/importer"
)

// fullSize is the number of version records that the issue asks for.
const fullSize = 1_000_000

const (
	againPage    = 1000
	againWriters = 64 // the log gathers what they append into commits
	againWaiting = 32 // lines or events before a writer
	// againJournals share the writers: each remembers states of its own, and a
	// document is written by one of them.
	againJournals = 8
)

// grow fills the empty log of an installation until it has so many version
// records. The documents are a sample of the history's, each with all its
// versions; where the whole history is too short, it is read again.
func grow(ctx context.Context, in *installation, from records, versions int, told func(versions int)) error {
	chosen, err := from.sample(versions)
	if err != nil {
		return err
	}
	written, err := importRecords(ctx, in, from, chosen, versions, told)
	if err != nil {
		return err
	}
	end, err := in.log.Head(ctx)
	if err != nil {
		return err
	}
	return readAgain(ctx, in.log, end, written, versions, told)
}

// importRecords imports the records of the chosen documents, those of each in
// their order, by many importers at once. It answers how many versions that were.
func importRecords(ctx context.Context, in *installation, from records, chosen *lineages, versions int, told func(int)) (written int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	queues := make([]chan []byte, againWriters)
	journals := make([]*handlers.Journal, againJournals)
	for i := range journals {
		journals[i] = handlers.NewJournal(in.log, in.codec, time.Now, nil)
	}
	for i := range queues {
		queues[i] = make(chan []byte, againWaiting)
		group.Go(func() error {
			publishing := handlers.NewPublishing(journals[i%againJournals], elsewhere{}, in.catalog)
			_, err := importer.New(publishing, elsewhere{}).Run(ctx, &waiting{ctx: ctx, lines: queues[i]}, func(int) {})
			return err
		})
	}
	group.Go(func() error {
		defer func() {
			for _, q := range queues {
				close(q)
			}
		}()
		return from.each(func(r importer.Record) (bool, error) {
			lineage := chosen.of(r.Doc)
			if !chosen.taken[lineage] {
				return true, nil
			}
			if !r.Withdrawn {
				if written == versions {
					return false, nil
				}
				written++
				told(written)
			}
			line, err := json.Marshal(seen(r))
			if err != nil {
				return false, err
			}
			select {
			case queues[lineage%againWriters] <- append(line, '\n'):
				return true, nil
			case <-ctx.Done():
				return false, ctx.Err()
			}
		})
	})
	err = group.Wait()
	return written, err
}

// seen is the record as its publisher would have to send it: a few summaries hold
// characters that nobody can see, which the importer refuses.
func seen(r importer.Record) importer.Record {
	mend := func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return unicode.ReplacementChar
		}
		return r
	}
	r.Title, r.Summary = strings.Map(mend, r.Title), strings.Map(mend, r.Summary)
	return r
}

// waiting reads lines as they come.
type waiting struct {
	ctx   context.Context
	lines <-chan []byte
	rest  []byte
}

func (w *waiting) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		select {
		case line, more := <-w.lines:
			if !more {
				return 0, io.EOF
			}
			w.rest = line
		case <-w.ctx.Done():
			return 0, w.ctx.Err()
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

var anID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// renamed are the streams that each reading has anew; what stands in others (the
// log's own, settings, categories by name) is written once.
var renamed = []event.Category{event.DocumentCategory, event.SeriesCategory}

// readAgain appends the events of a log up to an end to that same log, each time
// under new ids, until it has so many version records; written ones are there. The
// order is that of the recording but for neighbours of different streams.
// Commitments are left as they are: nothing that folds looks at them.
func readAgain(ctx context.Context, log event.Log, end event.Checkpoint, written, versions int, told func(int)) error {
	if written == 0 {
		return errors.New("there are no version records")
	}
	group, ctx := errgroup.WithContext(ctx)
	queues := make([]chan event.Recorded, againWriters)
	for i := range queues {
		queues[i] = make(chan event.Recorded, againWaiting)
		group.Go(func() error { return appendAgain(ctx, log, queues[i]) })
	}
	group.Go(func() error {
		defer func() {
			for _, q := range queues {
				close(q)
			}
		}()
		seed := maphash.MakeSeed()
		for reading := 1; written < versions; reading++ {
			for at := (event.Checkpoint{}); at.Ordinal < end.Ordinal; {
				page, err := log.ReadAll(ctx, at, int(min(againPage, end.Ordinal-at.Ordinal)))
				if err != nil {
					return err
				}
				at = page[len(page)-1].Checkpoint()
				for _, r := range page {
					if !slices.Contains(renamed, r.Stream.Category()) {
						continue
					}
					if r.Type == (document.Published{}).EventType() || r.Type == (document.Versioned{}).EventType() {
						if written == versions {
							return nil
						}
						written++
						told(written)
					}
					select {
					case queues[maphash.String(seed, string(r.Stream))%againWriters] <- under(r, reading):
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			}
		}
		return nil
	})
	return group.Wait()
}

// under is the event with all ids of this reading.
func under(r event.Recorded, reading int) event.Recorded {
	renew := func(id string) string { return renewed(uuid.MustParse(id), reading).String() }
	r.ID = renewed(r.ID, reading)
	r.Stream = event.Stream(anID.ReplaceAllStringFunc(string(r.Stream), renew))
	r.Data = []byte(anID.ReplaceAllStringFunc(string(r.Data), renew))
	return r
}

func renewed(id uuid.UUID, reading int) uuid.UUID {
	return uuid.NewSHA1(id, fmt.Append(nil, reading))
}

// appendAgain appends the events of its streams one by one.
func appendAgain(ctx context.Context, log event.Log, events <-chan event.Recorded) error {
	for r := range events {
		if _, err := log.Append(ctx, r.Stream, r.Revision-1, []event.Event{r.Event}); err != nil {
			return fmt.Errorf("%s %s: %w", r.Type, r.Stream, err)
		}
	}
	return nil
}
