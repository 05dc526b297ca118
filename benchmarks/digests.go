package main

// Digests for a million readers: what everyone who is due is told is selected and
// rendered, sent, in bounded memory; and an urgent update goes out at once.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"imprint/adapters/smtp"
	"imprint/domain/calendar"
	"imprint/domain/mail"
	"imprint/handlers/digest"
)

// audience is how much of the digests is measured.
type audience struct {
	people    int // of whom one in ten is due
	few       int // people whose peak memory is compared with theirs
	immediate int // people who are told at once
	documents int
	slices    int // those due are served in so many parts, a round each
	rounds    int
	composes  int           // rounds of composing
	answer    time.Duration // of the more distant mail server
}

// readers is what is measured unless more people are asked for; handful shows that
// everything runs.
var (
	readers = audience{people: 200_000, few: 10_000, immediate: 10_000, documents: 2500, slices: 20, rounds: 5, composes: 3, answer: 5 * time.Millisecond}
	handful = audience{people: 400, few: 40, immediate: 100, documents: 50, slices: 8, rounds: 1, composes: 1, answer: time.Millisecond}
)

// updated is how many of a hundred documents have a new version.
const updated = 40

// measureDigests makes its populations in folders of its own.
func measureDigests(ctx context.Context, r *report, dir string, a audience, told tell) (err error) {
	dir = filepath.Join(dir, "digests")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	many := population{people: a.people, due: 10, slices: a.slices, frequency: calendar.Daily, documents: a.documents, updated: updated}
	place := filepath.Join(dir, "many")
	loading, err := timed(func() error { return many.populate(ctx, place) })
	if err != nil {
		return err
	}
	r.note("digests\t%d people, each keeping %d of %d documents, %d of a hundred of these updated\t%d due\tloaded in %s",
		many.people, keeps, many.documents, many.updated, many.people/many.due, loading.Round(time.Second))
	told("digests: memory …")
	if err := measureMemory(ctx, r, dir, place, a); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	told("digests: compose …")
	if err := measureCompose(ctx, r, place, a.composes); err != nil {
		return fmt.Errorf("compose: %w", err)
	}
	told("digests: deliver …")
	if err := measureDeliver(ctx, r, place, a); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	told("digests: an urgent publication …")
	if err := measureUrgent(ctx, r, dir, a.immediate); err != nil {
		return fmt.Errorf("urgent: %w", err)
	}
	return nil
}

// measureDeliver sends slice by slice, in turns with the bare loop, to a server that
// answers at once and to one that takes a while for each answer.
func measureDeliver(ctx context.Context, r *report, dir string, a audience) error {
	return withInstallation(ctx, dir, func(in *installation) error {
		slice, texts := measuredSlices, &drafts{} // what one slice is told is what the bare loop sends
		for _, to := range []struct {
			name   string
			answer time.Duration
		}{
			{"digest mails per second, a mail server that answers at once", 0},
			{fmt.Sprintf("digest mails per second, a mail server that answers after %s", a.answer), a.answer},
		} {
			err := withSink(to.answer, func(s *sink) error {
				if len(texts.kept) == 0 {
					if _, _, err := workerRound(ctx, in, s, texts, slice); err != nil {
						return err
					}
					slice++
				}
				return againstBareLoop(ctx, r, in, s, to.name, texts.kept, &slice, a.rounds)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// againstBareLoop serves a slice in each round.
func againstBareLoop(ctx context.Context, r *report, in *installation, to *sink, name string, texts []mail.Draft, slice *int, rounds int) error {
	var ours, bares, ratios []float64
	for round := range rounds {
		at := processorTime()
		before, err := bareLoop(ctx, to, texts)
		if err != nil {
			return err
		}
		bareUsed := processorTime() - at
		accepted := to.accepted.Load()
		at = processorTime()
		done, took, err := workerRound(ctx, in, to, smtp.Encoder{}, *slice)
		if err != nil {
			return err
		}
		used := processorTime() - at
		if int64(done.Accepted) != to.accepted.Load()-accepted || done.Accepted == 0 {
			return fmt.Errorf("%d digests recorded as accepted, %d mails came", done.Accepted, to.accepted.Load()-accepted)
		}
		at = processorTime()
		after, err := bareLoop(ctx, to, texts)
		if err != nil {
			return err
		}
		bareUsed += processorTime() - at
		*slice++
		bare := 2 * float64(len(texts)) / (before + after).Seconds()
		rate := float64(done.Accepted) / took.Seconds()
		r.note("%s, round %d\tworker %.0f/s (%d mails, at most %d in doubt)\tbare loop %.0f/s\tratio %.2f\tprocessor time %.3f and %.3f ms a mail, the server's included",
			name, round+1, rate, done.Accepted, done.open, bare, rate/bare, used.Seconds()*1000/float64(done.Accepted), bareUsed.Seconds()*1000/float64(2*len(texts)))
		ours, bares, ratios = append(ours, rate), append(bares, bare), append(ratios, rate/bare)
	}
	r.atLeast(name, perSecond(median(ours)), perSecond(median(bares)), median(ratios), deliverGoal)
	return nil
}

// served is a round's report, and how many digests were in doubt at the most had
// the worker died.
type served struct {
	digest.Report
	open int
}
