package main

// From publishing to being seen: a new version until the catalog shows it,
// against one bare durable commit in the same moment of the same machine.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/projections/catalog"
)

const visibleGoal = 10

// measureVisible takes turns: one version published and waited for, one bare
// commit. All read models are kept up to date meanwhile, so that the bare commit
// meets the load that the version's other read models make.
func measureVisible(ctx context.Context, r *report, in *installation, dir string, e extent) (err error) {
	bare, err := openBareLog(ctx, filepath.Join(dir, "visible-bare.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	rows, err := bare.rows("document-1", e.publishes)
	if err != nil {
		return err
	}
	documents, err := someDocuments(ctx, in)
	if err != nil {
		return err
	}

	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- in.readModels.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	at, err := head(ctx, in.log)
	if err != nil {
		return err
	}
	if err := in.readModels.Wait(ctx, at); err != nil {
		return err
	}

	var answered, visible, commits []time.Duration
	for i := range e.publishes {
		d := &documents[i%len(documents)]
		began := time.Now()
		written, err := in.publishing.Version(ctx, operator(fmt.Sprintf("visible-%d", i)), handlers.AddVersion{
			Document: d.ID, BasedOn: d.NewestRecorded, Major: true, Force: true,
			Files: d.Versions[0].Files, Summary: domain.English("Covers another quarter."),
		})
		if err != nil {
			return err
		}
		answered = append(answered, time.Since(began))
		if err := in.readModels.Wait(ctx, written.Token, catalog.Name); err != nil {
			return err
		}
		visible = append(visible, time.Since(began))
		d.NewestRecorded = written.Version

		took, err := timed(func() error { return bare.commit(ctx, rows[i]) })
		if err != nil {
			return err
		}
		commits = append(commits, took)
	}
	r.note("publish to visible, %d times\tp50 %s\tp90 %s\tp99 %s\tof it until the answer p50 %s", len(visible),
		millis(median(visible)), millis(quantile(visible, 0.9)), millis(quantile(visible, 0.99)), millis(median(answered)))
	r.note("bare commit, %d times\tp50 %s\tp90 %s\tp99 %s", len(commits), millis(median(commits)), millis(quantile(commits, 0.9)), millis(quantile(commits, 0.99)))
	r.atMost("publish to visible, median", millis(median(visible)), millis(median(commits)), float64(median(visible))/float64(median(commits)), visibleGoal)
	r.tell("publish to visible, p99", millis(quantile(visible, 0.99)))
	return nil
}

// operator is a request of the machine's own.
func operator(id string) handlers.Request {
	return handlers.Request{ID: id, Actor: access.Reader{Person: event.OperatorActor}}
}

// someDocuments are the newest living documents with their versions.
func someDocuments(ctx context.Context, in *installation) ([]catalog.Document, error) {
	listing, err := in.catalog.List(ctx, access.Reader{}, catalog.Filter{}, catalog.Page{Limit: 50})
	if err != nil {
		return nil, err
	}
	var all []catalog.Document
	for _, item := range listing.Items {
		d, err := in.catalog.Document(ctx, access.Reader{}, item.ID)
		if err != nil {
			return nil, err
		}
		if !d.Withdrawn && len(d.Versions) > 0 {
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the corpus has no living document")
	}
	return all, nil
}
