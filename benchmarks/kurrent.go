package main

// Catching up through the adapter of KurrentDB, against the client's bare loop,
// over the in-process double of a server: what the adapter adds, not how fast a
// server is.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"imprint/adapters/kurrent"
	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain"
	"imprint/domain/event"
)

const (
	clientGoal     = 0.9
	kurrentStreams = 100 // events in one
	kurrentPage    = 1000
	installationID = "benchmarks"
)

// measureKurrent reads the same log in turns: by ReadAll in pages, everything
// decoded, checked and numbered, and by the client's loop, which only receives.
func measureKurrent(ctx context.Context, r *report, e extent) (err error) {
	server, err := kurrenttest.Listen()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	log, err := kurrent.Open(ctx, kurrent.Options{Address: server.ConnectionString(), Installation: installationID, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	now := domain.Moment(time.Now())
	for n := 0; n < e.received; n += kurrentStreams {
		events := make([]event.Event, kurrentStreams)
		for i := range events {
			events[i] = sampleEvent(now)
		}
		if _, err := log.Append(ctx, event.StreamOf(event.DocumentCategory, uuid.NewString()), event.NoStream, events); err != nil {
			return err
		}
	}
	config, err := esdb.ParseConnectionString(server.ConnectionString())
	if err != nil {
		return err
	}
	config.Logger = func(esdb.LogLevel, string, ...any) {}
	client, err := esdb.NewClient(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	sides := [2]func(context.Context) (int, error){
		func(ctx context.Context) (int, error) { return readPages(ctx, log) },
		func(ctx context.Context) (int, error) { return receive(ctx, client) },
	}
	var rates [2][]float64
	var ratios []float64
	for round := range e.receipts {
		var rate [2]float64
		for turn := range sides { // the one before goes second in the next round
			i := (turn + round) % len(sides)
			took, err := timed(func() error {
				n, err := sides[i](ctx)
				if err == nil && n != e.received {
					err = fmt.Errorf("%d of %d events read", n, e.received)
				}
				return err
			})
			if err != nil {
				return err
			}
			rate[i] = float64(e.received) / took.Seconds()
			rates[i] = append(rates[i], rate[i])
		}
		ratios = append(ratios, rate[0]/rate[1])
		r.note("catch-up from KurrentDB's double, round %d\tadapter %.0f events/s\tclient %.0f events/s\tratio %.2f", round+1, rate[0], rate[1], rate[0]/rate[1])
	}
	r.atLeast("catch-up read, KurrentDB's double", perSecond(median(rates[0])), perSecond(median(rates[1])), median(ratios), clientGoal)
	return nil
}

func readPages(ctx context.Context, log event.Log) (n int, err error) {
	for at := (event.Checkpoint{}); ; {
		page, err := log.ReadAll(ctx, at, kurrentPage)
		if err != nil || len(page) == 0 {
			return n, err
		}
		n += len(page)
		at = page[len(page)-1].Checkpoint()
	}
}

// receive counts our events among all that the server sends.
func receive(ctx context.Context, client *esdb.Client) (n int, err error) {
	read, err := client.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, 1<<40)
	if err != nil {
		return 0, err
	}
	defer read.Close()
	for {
		e, err := read.Recv()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if strings.HasPrefix(e.OriginalEvent().StreamID, installationID+".") {
			n++
		}
	}
}
