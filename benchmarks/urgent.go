package main

// An urgent publication, and everyone who wants to be told at once.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"imprint/adapters/smtp"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/handlers"
	"imprint/handlers/reactions"
)

// measureUrgent runs what a program that serves runs: read models, reactions and
// the worker. It takes the time from before the command to the last mail accepted.
func measureUrgent(ctx context.Context, r *report, dir string, people int) error {
	p := population{people: people, slices: 1, due: 1, frequency: calendar.Immediate, documents: keeps}
	place := filepath.Join(dir, "urgent")
	if err := p.populate(ctx, place); err != nil {
		return err
	}
	return withInstallation(ctx, place, func(in *installation) error {
		return withSink(0, func(to *sink) error { return in.tellAtOnce(ctx, r, to, p) })
	})
}

func (in *installation) tellAtOnce(ctx context.Context, r *report, to *sink, p population) (err error) {
	mailer, err := to.mailer(connections)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mailer.Close()) }()
	worker, err := in.worker(mailer, smtp.Encoder{}, time.Now, connections)
	if err != nil {
		return err
	}
	reacting := reactions.New(in.log, in.codec, work.NewReactions(in.work), reactions.Commands{People: in.people}, time.Now, 10*time.Minute)
	if err := reacting.CatchUp(ctx); err != nil {
		return err
	}
	if err := in.readModels.CatchUp(ctx, nil); err != nil {
		return err
	}
	if _, err := worker.RunOnce(ctx); err != nil {
		return err
	}
	stored, err := in.content.Put(ctx, bytes.NewReader([]byte("# The report, corrected\n")))
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return in.readModels.Run(running) })
	group.Go(func() error { return reacting.Run(running) })
	group.Go(func() error { return worker.Run(running, nil) })
	began := time.Now()
	_, err = in.publishing.Version(ctx, operator("urgent"), handlers.AddVersion{
		Document: p.publications()[0].id, BasedOn: 1, Major: true, Urgent: true, Summary: domain.English(updateSummary),
		Files: []document.File{{Locale: "en", Name: "report.md", SHA256: stored.SHA256, Bytes: stored.Bytes, MediaType: "text/markdown"}},
	})
	for err == nil && to.accepted.Load() < int64(p.people) && running.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	stop()
	if err := errors.Join(err, group.Wait()); err != nil {
		return err
	}
	if n := to.accepted.Load(); n != int64(p.people) {
		return fmt.Errorf("%d mails for %d people", n, p.people)
	}
	r.note("urgent publication\t%d immediate readers\tfirst mail after %s\tlast after %s", p.people, millis(time.Duration(to.oldest.Load()-began.UnixNano())), millis(time.Duration(to.newest.Load()-began.UnixNano())))
	r.tell(fmt.Sprintf("urgent publication to the last of %d immediate mails", p.people), millis(took))
	return nil
}
