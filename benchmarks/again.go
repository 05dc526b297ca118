package main

// A log of any size: the corpus read again and again, each time under new ids.

import (
	"context"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"imprint/domain/document"
	"imprint/domain/event"
)

// fullSize is the number of version records that the issue asks for.
const fullSize = 1_000_000

const (
	againPage    = 1000
	againWriters = 64
	againWaiting = 32 // events before a writer
)

var anID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// renamed are the streams that each reading has anew; what stands in others (the
// log's own, settings, categories by name) is written once.
var renamed = []event.Category{event.DocumentCategory, event.SeriesCategory}

// readAgain appends the events of one log to another until that has so many
// version records, in the order they were recorded in but for neighbours of
// different streams. The first reading keeps the ids. Commitments are left as they
// are: nothing that folds looks at them.
func readAgain(ctx context.Context, from, to event.Log, versions int) (events int64, err error) {
	group, ctx := errgroup.WithContext(ctx)
	queues := make([]chan event.Recorded, againWriters)
	for i := range queues {
		queues[i] = make(chan event.Recorded, againWaiting)
		group.Go(func() error { return appendAgain(ctx, to, queues[i]) })
	}
	group.Go(func() error {
		defer func() {
			for _, q := range queues {
				close(q)
			}
		}()
		seed := maphash.MakeSeed()
		for reading, written := 0, 0; ; reading++ {
			before := written
			for at := (event.Checkpoint{}); ; {
				page, err := from.ReadAll(ctx, at, againPage)
				if err != nil {
					return err
				}
				if len(page) == 0 {
					break
				}
				at = page[len(page)-1].Checkpoint()
				for _, r := range page {
					if reading > 0 && !slices.Contains(renamed, r.Stream.Category()) {
						continue
					}
					if r.Type == (document.Published{}).EventType() || r.Type == (document.Versioned{}).EventType() {
						if written == versions {
							return nil
						}
						written++
					}
					if reading > 0 {
						r = under(r, reading)
					}
					select {
					case queues[maphash.String(seed, string(r.Stream))%againWriters] <- r:
						events++
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			}
			if written == before {
				return fmt.Errorf("the log has no version records")
			}
		}
	})
	err = group.Wait()
	return events, err
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

// appendAgain appends the events of its streams one by one: the log gathers those
// of all writers into commits.
func appendAgain(ctx context.Context, to event.Log, events <-chan event.Recorded) error {
	for r := range events {
		if _, err := to.Append(ctx, r.Stream, r.Revision-1, []event.Event{r.Event}); err != nil {
			return fmt.Errorf("%s %s: %w", r.Type, strings.ToValidUTF8(string(r.Stream), "?"), err)
		}
	}
	return nil
}
