package main

// A population to tell of updates: documents that are published through the log as
// usual, and persons who keep them, loaded in bulk (population_load.go).

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"imprint/adapters/smtp"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
)

// population is how many there are of whom and of what.
type population struct {
	people    int
	due       int // one in so many is due now, the others a month later
	slices    int // of those who are due, each due a second after the one before
	frequency calendar.Frequency
	documents int // a multiple of keeps; one of five in a series, of five documents each
	updated   int // of a hundred documents: those with a new version
}

const (
	keeps  = 5  // documents that each person has saved
	inLine = 25 // neighbouring documents, a fifth of which are in one series
)

// whenDue is the instant at which the population is due, a Tuesday of the past: the
// log takes nothing of the future.
var whenDue = time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC)

// dueAt is when a slice of those who are due is due.
func dueAt(slice int) time.Time { return whenDue.Add(time.Duration(slice) * time.Second) }

// texts of documents and updates, long enough for a mail of a usual size.
const (
	documentTitle = "Halden Cloud: SOC 2 Type II report of the independent auditor, region %d, service %d"
	seriesName    = "SOC 2 Type II reports, line %d"
	updateSummary = "The auditor's report now covers the second half of the year; two sub-processors were added in section 4, and the exception noted in spring has been closed."
)

// publication is one document of a population.
type publication struct {
	id, line uuid.UUID // line: its series, zero for none
	updated  bool
}

func (p population) publications() []publication {
	all := make([]publication, p.documents)
	for i := range all {
		all[i].id = domain.Derive(uuid.Nil, "document", fmt.Sprint(i))
		if i%keeps == 0 {
			all[i].line = domain.Derive(uuid.Nil, "series", fmt.Sprint(i/inLine))
		}
		all[i].updated = (i*61+7)%100 < p.updated // evenly in and out of series
	}
	return all
}

// populate fills an empty folder: documents, persons, updates. One person, the
// model, does everything as usual; all others are copied from that one.
func (p population) populate(ctx context.Context, dir string) (err error) {
	docs, model := p.publications(), uuid.New()
	var saved int64
	err = withInstallation(ctx, dir, func(in *installation) error {
		if err := in.publishAll(ctx, docs); err != nil {
			return err
		}
		if saved, err = in.exemplify(ctx, p, model, docs); err != nil {
			return err
		}
		return in.readModels.CatchUp(ctx, nil)
	})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := p.load(ctx, dir, model, docs, saved); err != nil {
		return fmt.Errorf("load %d persons: %w", p.people, err)
	}
	err = withInstallation(ctx, dir, func(in *installation) error {
		if err := in.updateAll(ctx, docs); err != nil {
			return err
		}
		return in.readModels.CatchUp(ctx, nil)
	})
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	return nil
}

// withInstallation opens what is in a folder, with read models at the log's end, and
// closes it again.
func withInstallation(ctx context.Context, dir string, do func(*installation) error) (err error) {
	in, err := openInstallation(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.readModels.CatchUp(ctx, nil); err != nil {
		return err
	}
	return do(in)
}

// tell appends one event to a stream.
func (in *installation) tell(ctx context.Context, stream event.Stream, expected int64, at time.Time, p event.Payload) (event.Event, error) {
	e, err := in.codec.Encode(ctx, event.Draft{Stream: stream, ID: uuid.New(), Payload: p, Meta: event.Metadata{Time: at, Actor: event.OperatorActor}})
	if err != nil {
		return e, err
	}
	_, err = in.log.Append(ctx, stream, expected, []event.Event{e})
	return e, err
}

// atOnce does something for each of the documents, many at a time, so that they
// share commits.
func atOnce(ctx context.Context, docs []publication, do func(ctx context.Context, i int, d publication) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callers)
	for i, d := range docs {
		group.Go(func() error { return do(ctx, i, d) })
	}
	return group.Wait()
}

func firstVersion(n int) document.Version {
	return document.Version{Number: n, Major: true, Summary: domain.Text{"en": updateSummary, "de": updateSummary}, PublishedAt: whenDue.Add(-time.Hour),
		Files: []document.File{{Locale: "en", Name: "report.pdf", SHA256: fmt.Sprintf("%064x", n), Bytes: 1, MediaType: "application/pdf"}}}
}

func (in *installation) publishAll(ctx context.Context, docs []publication) error {
	return atOnce(ctx, docs, func(ctx context.Context, i int, d publication) error {
		at := whenDue.Add(-24 * time.Hour)
		if d.line != uuid.Nil && i%inLine == 0 {
			if _, err := in.tell(ctx, series.Stream(d.line), event.NoStream, at, series.Opened{Series: d.line, Name: domain.English(fmt.Sprintf(seriesName, i))}); err != nil {
				return err
			}
		}
		_, err := in.tell(ctx, document.Stream(d.id), event.NoStream, at, document.Published{
			Document: d.id, Audience: access.Audience{Kind: access.SignedIn}, Version: firstVersion(1),
			Details: document.Details{Title: domain.English(fmt.Sprintf(documentTitle, i%7, i)), Series: d.line, Categories: []string{"soc"}},
		})
		return err
	})
}

// exemplify lets the model do what all others have done: choose digests, save a
// document, follow a series. It answers the ordinal of the last of that.
func (in *installation) exemplify(ctx context.Context, p population, model uuid.UUID, docs []publication) (ordinal int64, err error) {
	at := whenDue.Add(-12 * time.Hour)
	schedule := calendar.Schedule{Frequency: p.frequency, Hour: whenDue.Hour(), Weekday: whenDue.Weekday(), MonthDay: 1, Zone: "UTC"}
	if _, err := in.tell(ctx, person.Stream(model), event.NoStream, at, person.NotificationSettingsChanged{
		Person: model, Language: "en", Address: event.Personal(modelAddress), Schedule: schedule,
	}); err != nil {
		return 0, err
	}
	if _, err := in.tell(ctx, library.Stream(model), event.NoStream, at, library.SeriesFollowed{Person: model, Series: docs[0].line}); err != nil {
		return 0, err
	}
	if _, err := in.tell(ctx, library.Stream(model), 0, at, library.Saved{
		Person: model, Document: docs[0].id, Series: docs[0].line, Version: 1, Title: domain.English(fmt.Sprintf(documentTitle, 0, 0)),
	}); err != nil {
		return 0, err
	}
	worker, err := in.worker(noMail{}, smtp.Encoder{}, func() time.Time { return whenDue }, 1)
	if err != nil {
		return 0, err
	}
	end, err := worker.CatchUp(ctx)
	return end.Ordinal, err
}

// updateAll publishes the new versions and releases their notices.
func (in *installation) updateAll(ctx context.Context, docs []publication) error {
	before, err := in.log.Head(ctx)
	if err != nil {
		return err
	}
	err = atOnce(ctx, docs, func(ctx context.Context, _ int, d publication) error {
		if !d.updated {
			return nil
		}
		_, err := in.tell(ctx, document.Stream(d.id), 0, whenDue.Add(-time.Hour), document.Versioned{Document: d.id, Version: firstVersion(2)})
		return err
	})
	if err != nil {
		return err
	}
	lines := map[uuid.UUID]uuid.UUID{}
	for _, d := range docs {
		lines[d.id] = d.line
	}
	for {
		page, err := in.log.ReadAll(ctx, before, againPage)
		if err != nil {
			return err
		}
		causes := 0
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(callers)
		for _, e := range page {
			before = e.Checkpoint()
			p, err := in.registry.Decode(e)
			if err != nil {
				return err
			}
			v, ok := p.(document.Versioned)
			if !ok {
				continue
			}
			causes++
			group.Go(func() error {
				_, err := in.tell(ctx, notice.Stream(e.ID), event.NoStream, whenDue.Add(-time.Hour), notice.Released{
					Cause: e.ID, CauseOrdinal: e.Ordinal, Kind: notice.NewVersion, Document: v.Document, Version: v.Version.Number, Series: lines[v.Document],
				})
				return err
			})
		}
		if err := group.Wait(); err != nil || causes == 0 {
			return err
		}
	}
}
