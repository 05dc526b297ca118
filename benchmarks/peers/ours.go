package main

// Imprint: the embedded log, and a read model of one table.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/domain/event"
	"imprint/projections"
)

const documentKey = "document"

// oursProjection folds versions into rows, as every read model does.
func oursProjection() projections.Projection {
	return projections.Projection{
		Name: "peers", Version: 1, Types: []string{eventName},
		Tables: []*projections.Table{projections.NewTable[row](projections.Current, documentKey, "documents")},
		Keys: func(e projections.Event) []projections.Key {
			return []projections.Key{projections.KeyOf(documentKey, e.Payload.(versioned).Document.String())}
		},
		Fold: func(s *projections.State, e projections.Event) error {
			before, _ := projections.Row[row](s)
			projections.Put(s, before.with(e.Payload.(versioned)))
			return nil
		},
	}
}

type ours struct {
	log        *eventlog.Log
	store      *views.Store
	engine     projections.Engine
	projection projections.Projection
	built      projections.Build
}

func openOurs(ctx context.Context, dir string) (_ contender, err error) {
	o := &ours{projection: oursProjection()}
	registry, err := event.NewRegistry([]event.Definition{event.Define[versioned](false)})
	if err != nil {
		return nil, err
	}
	if o.log, err = eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{}); err != nil {
		return nil, err
	}
	if o.store, err = views.Open(ctx, filepath.Join(dir, "views.db"), time.Now); err != nil {
		return nil, errors.Join(err, o.log.Close())
	}
	o.engine = projections.Engine{Log: o.log, Registry: registry, Store: o.store, Holder: "peers"}
	return o, nil
}

func (o *ours) close() error { return errors.Join(o.store.Close(), o.log.Close()) }

func (o *ours) append(ctx context.Context, e versioned) error {
	return o.fill(ctx, []versioned{e})
}

func (o *ours) fill(ctx context.Context, es []versioned) error {
	events := make([]event.Event, len(es))
	for i, e := range es {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		events[i] = event.Event{ID: uuid.New(), Type: eventName, Data: data, Meta: event.Metadata{
			Schema: 1, Time: time.Now(), Actor: event.OperatorActor, Correlation: uuid.New(),
		}}
	}
	// A stream's first event has revision 0 and number 1.
	expected := int64(es[0].Version.Number) - 2
	_, err := o.log.Append(ctx, event.StreamOf(event.DocumentCategory, es[0].Document.String()), expected, events)
	return err
}

func (o *ours) project(ctx context.Context, count int) (err error) {
	o.built, err = o.engine.Rebuild(ctx, o.projection, nil)
	if err == nil && o.built.Checkpoint.Ordinal != int64(count) {
		err = fmt.Errorf("%d of %d events folded", o.built.Checkpoint.Ordinal, count)
	}
	return err
}

func (o *ours) folded(ctx context.Context) (map[string]row, error) {
	found := map[string]row{}
	err := o.store.Read(ctx, func(r projections.Reader) error {
		for values, err := range r.Scan(ctx, o.built.Generation, o.projection.Tables[0]) {
			if err != nil {
				return err
			}
			document := values[0].(string)
			found[document] = row{
				Document: document, Versions: int(values[1].(int64)), Newest: int(values[2].(int64)),
				Summary: values[3].(string), Bytes: values[4].(int64),
			}
		}
		return nil
	})
	return found, err
}

func (o *ours) follow(ctx context.Context, seen func(versioned)) error {
	var at event.Checkpoint
	for {
		changed := o.log.Changed()
		page, err := o.log.ReadAll(ctx, at, 500)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, r := range page {
			var e versioned
			if err := json.Unmarshal(r.Data, &e); err != nil {
				return err
			}
			seen(e)
			at = r.Checkpoint()
		}
		if len(page) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}
