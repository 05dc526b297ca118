package main

// Watermill's publisher and subscriber over PostgreSQL.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

const topic = "events"

type wmill struct {
	pool      *pgxpool.Pool
	db        wsql.Beginner
	schema    wsql.DefaultPostgreSQLSchema
	publisher *wsql.Publisher
	table     postgresTable
}

func openWatermill(ctx context.Context, address string) (contender, error) {
	pool, err := openPool(ctx, address)
	if err != nil {
		return nil, err
	}
	w := &wmill{pool: pool, db: wsql.BeginnerFromPgx(pool), schema: wsql.DefaultPostgreSQLSchema{SubscribeBatchSize: 1000}, table: postgresTable{pool}}
	w.publisher, err = wsql.NewPublisher(w.db, wsql.PublisherConfig{SchemaAdapter: w.schema, AutoInitializeSchema: true}, watermill.NopLogger{})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return w, nil
}

func (w *wmill) close() error {
	err := w.publisher.Close()
	w.pool.Close()
	return err
}

func (w *wmill) append(ctx context.Context, e versioned) error { return w.fill(ctx, []versioned{e}) }

func (w *wmill) fill(ctx context.Context, es []versioned) error {
	messages := make([]*message.Message, len(es))
	for i, e := range es {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		messages[i] = message.NewMessage(uuid.NewString(), data)
		messages[i].SetContext(ctx)
	}
	return w.publisher.Publish(topic, messages...)
}

// subscribe begins at the first message, as a new consumer group.
func (w *wmill) subscribe(ctx context.Context) (*wsql.Subscriber, <-chan *message.Message, error) {
	subscriber, err := wsql.NewSubscriber(w.db, wsql.SubscriberConfig{
		ConsumerGroup: uuid.NewString(), PollInterval: time.Millisecond,
		SchemaAdapter: w.schema, OffsetsAdapter: wsql.DefaultPostgreSQLOffsetsAdapter{}, InitializeSchema: true,
	}, watermill.NopLogger{})
	if err != nil {
		return nil, nil, err
	}
	messages, err := subscriber.Subscribe(ctx, topic)
	return subscriber, messages, err
}

// foldMessage adds one event to its row, in the transaction in which the
// subscriber keeps its offset.
const foldMessage = `INSERT INTO folded VALUES ($1, 1, $2, $3, $4) ON CONFLICT (document) DO UPDATE SET versions = folded.versions + 1,
	newest = greatest(folded.newest, excluded.newest), summary = excluded.summary, bytes = folded.bytes + excluded.bytes`

func (w *wmill) project(ctx context.Context, count int) error {
	if err := w.table.empty(ctx); err != nil {
		return err
	}
	subscriber, messages, err := w.subscribe(ctx)
	if err != nil {
		return err
	}
	for n := 0; n < count; n++ {
		m, ok := <-messages
		if !ok {
			return errors.New("the subscription ended early")
		}
		var e versioned
		if err := json.Unmarshal(m.Payload, &e); err != nil {
			return err
		}
		tx, ok := wsql.TxFromContext(m.Context())
		if !ok {
			return errors.New("the message has no transaction")
		}
		one := row{}.with(e)
		if _, err := tx.ExecContext(ctx, foldMessage, one.Document, one.Newest, one.Summary, one.Bytes); err != nil {
			return fmt.Errorf("message %d: %w", n, err)
		}
		m.Ack()
	}
	// It commits its last batch before it closes.
	return subscriber.Close()
}

func (w *wmill) folded(ctx context.Context) (map[string]row, error) { return w.table.all(ctx) }

func (w *wmill) follow(ctx context.Context, seen func(versioned)) error {
	subscriber, messages, err := w.subscribe(ctx)
	if err != nil {
		return err
	}
	for m := range messages {
		var e versioned
		if err := json.Unmarshal(m.Payload, &e); err != nil {
			return errors.Join(err, subscriber.Close())
		}
		seen(e)
		m.Ack()
	}
	return subscriber.Close()
}
