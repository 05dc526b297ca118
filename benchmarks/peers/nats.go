package main

// JetStream of a NATS server in this process.

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	subjects   = "events."
	pullAhead  = 5000
	startLimit = 10 * time.Second
)

type jetStream struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	table  sqliteTable

	mu   sync.Mutex
	last map[uuid.UUID]uint64 // the sequence of each subject's last event
}

func openNATS(ctx context.Context, dir string) (_ contender, err error) {
	j := &jetStream{last: map[uuid.UUID]uint64{}}
	if j.server, err = server.NewServer(&server.Options{StoreDir: dir, JetStream: true, SyncAlways: true, DontListen: true, NoSigs: true, NoLog: true}); err != nil {
		return nil, err
	}
	j.server.Start()
	if !j.server.ReadyForConnections(startLimit) {
		return nil, errors.New("the server did not start")
	}
	if j.conn, err = nats.Connect("", nats.InProcessServer(j.server)); err != nil {
		return nil, err
	}
	if j.js, err = jetstream.New(j.conn); err != nil {
		return nil, err
	}
	if j.stream, err = j.js.CreateStream(ctx, jetstream.StreamConfig{Name: "events", Subjects: []string{subjects + "*"}, Storage: jetstream.FileStorage}); err != nil {
		return nil, err
	}
	j.table, err = newSQLiteTable(ctx, dir)
	return j, err
}

func (j *jetStream) close() error {
	j.conn.Close()
	j.server.Shutdown()
	j.server.WaitForShutdown()
	return j.table.db.Close()
}

func (j *jetStream) append(ctx context.Context, e versioned) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	j.mu.Lock()
	last := j.last[e.Document]
	j.mu.Unlock()
	ack, err := j.js.Publish(ctx, subjects+e.Document.String(), data, jetstream.WithExpectLastSequencePerSubject(last))
	if err != nil {
		return err
	}
	j.mu.Lock()
	j.last[e.Document] = ack.Sequence
	j.mu.Unlock()
	return nil
}

// fill publishes without waiting in between; nobody measures it.
func (j *jetStream) fill(ctx context.Context, es []versioned) error {
	var acks []jetstream.PubAckFuture
	for _, e := range es {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		ack, err := j.js.PublishAsync(subjects+e.Document.String(), data)
		if err != nil {
			return err
		}
		acks = append(acks, ack)
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// read shows all events from the first one on until show answers false.
func (j *jetStream) read(ctx context.Context, show func(versioned) (more bool, err error)) error {
	consumer, err := j.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(pullAhead))
	if err != nil {
		return err
	}
	defer messages.Stop()
	stop := context.AfterFunc(ctx, messages.Stop)
	defer stop()
	for {
		m, err := messages.Next()
		if err != nil {
			return err
		}
		var e versioned
		if err := json.Unmarshal(m.Data(), &e); err != nil {
			return err
		}
		if more, err := show(e); err != nil || !more {
			return err
		}
	}
}

func (j *jetStream) project(ctx context.Context, count int) error {
	if err := j.table.empty(ctx); err != nil || count == 0 {
		return err
	}
	fold := newBatchFold(j.table)
	n := 0
	if err := j.read(ctx, func(e versioned) (bool, error) {
		n++
		return n < count, fold.add(ctx, e)
	}); err != nil {
		return err
	}
	return fold.flush(ctx)
}

func (j *jetStream) folded(ctx context.Context) (map[string]row, error) { return j.table.all(ctx) }

func (j *jetStream) follow(ctx context.Context, seen func(versioned)) error {
	err := j.read(ctx, func(e versioned) (bool, error) {
		seen(e)
		return true, nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
