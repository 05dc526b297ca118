// The real client, as the tests of this package use it.

package kurrenttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"imprint/adapters/kurrent/kurrenttest"
)

// patience bounds what should happen at once, so that a failure is no hang.
const patience = 20 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// dial connects the real client. It survives outages: with its defaults it
// closes itself for good after about a second.
func dial(t *testing.T, connection string) *esdb.Client {
	t.Helper()
	conf, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	conf.Logger = func(esdb.LogLevel, string, ...any) {}
	conf.MaxDiscoverAttempts = 1000
	conf.DiscoveryInterval = 10
	client, err := esdb.NewClient(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func start(t *testing.T, options ...kurrenttest.Option) (*kurrenttest.Server, *esdb.Client) {
	t.Helper()
	s := kurrenttest.Start(t, options...)
	return s, dial(t, s.ConnectionString())
}

func event(kind, data string) esdb.EventData {
	return esdb.EventData{EventID: uuid.New(), EventType: kind, ContentType: esdb.ContentTypeJson, Data: []byte(data), Metadata: []byte(`{"m":1}`)}
}

func events(n int) []esdb.EventData {
	var made []esdb.EventData
	for i := range n {
		made = append(made, event("Happened", fmt.Sprintf(`{"i":%d}`, i)))
	}
	return made
}

func write(t *testing.T, c *esdb.Client, stream string, expected esdb.ExpectedRevision, made ...esdb.EventData) *esdb.WriteResult {
	t.Helper()
	result, err := c.AppendToStream(within(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, made...)
	if err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
	return result
}

// drain reads to the end.
func drain(t *testing.T, stream *esdb.ReadStream, err error) ([]*esdb.RecordedEvent, error) {
	t.Helper()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var found []*esdb.RecordedEvent
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		found = append(found, e.OriginalEvent())
	}
}

func readAll(t *testing.T, c *esdb.Client, d esdb.Direction, from esdb.AllPosition, n uint64) []*esdb.RecordedEvent {
	t.Helper()
	stream, err := c.ReadAll(within(t), esdb.ReadAllOptions{Direction: d, From: from}, n)
	found, err := drain(t, stream, err)
	if err != nil {
		t.Fatalf("read $all: %v", err)
	}
	return found
}

func readStream(t *testing.T, c *esdb.Client, name string, d esdb.Direction, from esdb.StreamPosition, n uint64) ([]*esdb.RecordedEvent, error) {
	t.Helper()
	stream, err := c.ReadStream(within(t), name, esdb.ReadStreamOptions{Direction: d, From: from}, n)
	return drain(t, stream, err)
}

func asError(err error, e **esdb.Error) bool { return errors.As(err, e) }

func wantCode(t *testing.T, err error, code esdb.ErrorCode) {
	t.Helper()
	var e *esdb.Error
	if !asError(err, &e) || e.Code() != code {
		t.Fatalf("got %v, want an error with code %v", err, code)
	}
}

// next waits for the next message of a subscription.
func next(t *testing.T, sub *esdb.Subscription) *esdb.SubscriptionEvent {
	t.Helper()
	got := make(chan *esdb.SubscriptionEvent, 1)
	go func() { got <- sub.Recv() }()
	select {
	case e := <-got:
		return e
	case <-time.After(patience):
		t.Fatal("the subscription tells nothing")
		return nil
	}
}

func await(t *testing.T, signal <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
	}
}
