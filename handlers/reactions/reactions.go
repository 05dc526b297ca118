package reactions

// Here: the router, and what all reactions share.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/reaction"
)

const (
	retries       = 4
	firstRetry    = 50 * time.Millisecond
	longestRetry  = 2 * time.Second
	closeTimeout  = 5 * time.Second
	parkedTopic   = "parked"
	releaseName   = "release"
	maxReason     = 1000 // bytes of a parked event's reason
	streamPage    = 1000
	appendRetries = 5
)

// namespace of the ids that follow from a cause.
var namespace = uuid.MustParse("5b1f9c0e-8d4b-5c36-9a54-2f0e6a7d3c18")

// Reactions are all reactions of an installation.
type Reactions struct {
	log   event.Log
	codec *event.Codec
	store Store
	clock domain.Clock
	grace time.Duration
	ends  Accounts

	handlers map[string]handler
	wake     chan struct{} // tells the releasing that a notice is held

	mu      sync.Mutex // guards what follows, all by the reaction's name
	stopped map[string]string
	unknown map[string]map[string]int64 // events by type
}

// handler is one reaction: the types it is about, and what it does. The one
// without types is about the end of grace periods.
type handler struct {
	types []string
	react func(ctx context.Context, d delivery, p event.Payload) error
}

// New makes the reactions. grace lies between a cause and the release of its
// notice; urgent versions have none.
func New(log event.Log, codec *event.Codec, store Store, ends Accounts, clock domain.Clock, grace time.Duration) *Reactions {
	r := &Reactions{log: log, codec: codec, store: store, ends: ends, clock: clock, grace: grace, wake: make(chan struct{}, 1),
		stopped: map[string]string{}, unknown: map[string]map[string]int64{}}
	r.handlers = map[string]handler{
		"series":    {types: seriesTypes, react: r.updateSeries},
		"notices":   {types: noticeTypes, react: r.holdNotice},
		"accounts":  {types: endTypes, react: r.completeEnd},
		releaseName: {react: r.releaseAgain},
	}
	return r
}

// Run reacts until ctx ends. An error means that it could not begin or the
// router broke.
func (r *Reactions) Run(ctx context.Context) error {
	router, err := r.router()
	if err != nil {
		return err
	}
	err = router.Run(ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (r *Reactions) router() (*message.Router, error) {
	logger := watermill.NewSlogLoggerWithLevelMapping(slog.Default(), map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug})
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout}, logger)
	if err != nil {
		return nil, fmt.Errorf("reactions: %w", err)
	}
	poison, err := middleware.PoisonQueueWithFilter(parking{r}, parkedTopic, func(err error) bool { return !passing(err) })
	if err != nil {
		return nil, fmt.Errorf("reactions: %w", err)
	}
	router.AddMiddleware(
		middleware.CorrelationID,
		poison,
		middleware.Retry{
			MaxRetries: retries, InitialInterval: firstRetry, MaxInterval: longestRetry, Multiplier: 4, Logger: logger,
			ShouldRetry: func(p middleware.RetryParams) bool { return !lasting(p.Err) },
		}.Middleware,
		middleware.Recoverer,
	)
	for name, h := range r.handlers {
		var topic message.Subscriber = subscriber{r}
		if len(h.types) == 0 {
			topic = dueNotices{r}
		}
		router.AddConsumerHandler(name, name, topic, func(m *message.Message) error {
			d, err := received(m)
			if err != nil {
				return err
			}
			if d.Due != nil {
				err = r.conclude(m.Context(), *d.Due)
			} else {
				err = r.react(m.Context(), h, d)
			}
			switch {
			case needsNewer(err):
				r.stop(m.Context(), name, err)
			case err == nil:
				r.resume(name)
			}
			return err
		})
	}
	return router, nil
}

// passing tells whether an event is not to be parked, but comes again: we are being
// stopped, a part is down, or a newer program is needed.
func passing(err error) bool {
	return needsNewer(err) || errors.Is(err, context.Canceled) || errors.Is(err, event.ErrUncertain) || errors.Is(err, event.ErrClosed) ||
		domain.KindOf(err) == domain.Unavailable
}

// lasting tells whether trying again at once is of no use.
func lasting(err error) bool {
	var unreadable *unreadableError
	return errors.Is(err, context.Canceled) || errors.As(err, &unreadable)
}

// unreadableError says that an event is damaged, or needs a newer program.
type unreadableError struct{ error }

func (e *unreadableError) Unwrap() error { return e.error }

// decode reads what an event says.
func (r *Reactions) decode(e event.Recorded) (event.Payload, error) {
	p, err := r.codec.Registry().Decode(e)
	if err != nil {
		return nil, &unreadableError{err}
	}
	return p, nil
}

func (r *Reactions) react(ctx context.Context, h handler, d delivery) error {
	payload, err := r.decode(d.Event)
	if err != nil {
		return err
	}
	return h.react(ctx, d, payload)
}

// parking is the router's poison queue: a table.
type parking struct{ *Reactions }

// Publish parks messages; an error leaves them to be delivered again.
func (p parking) Publish(_ string, messages ...*message.Message) error {
	for _, m := range messages {
		d, err := received(m)
		if err != nil {
			return err
		}
		parked := reaction.Parked{
			Reaction: m.Metadata.Get(middleware.PoisonedHandlerKey),
			Event:    d.Event.ID,
			Type:     d.Event.Type,
			Ordinal:  d.Event.Ordinal,
			Before:   d.Before,
			Reason:   clip(m.Metadata.Get(middleware.ReasonForPoisonedKey)),
			At:       domain.Moment(p.clock()),
		}
		if err := p.store.Park(m.Context(), parked); err != nil {
			return err
		}
		if d.Due != nil {
			// If we crash before this, it fails and is parked once more, as one row.
			if err := p.store.Drop(m.Context(), d.Event.ID); err != nil {
				return err
			}
		}
		slog.ErrorContext(m.Context(), "a reaction has parked an event; see: imprint reactions parked",
			"reaction", parked.Reaction, "type", parked.Type, "ordinal", parked.Ordinal, "correlation", d.Event.Meta.Correlation.String())
	}
	return nil
}

// Close does nothing.
func (p parking) Close() error { return nil }

// clip bounds a reason; that of a panic holds its stack.
func clip(reason string) string {
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	return reason
}

// Parked lists what is parked.
func (r *Reactions) Parked(ctx context.Context) ([]reaction.Parked, error) {
	return r.store.Parked(ctx)
}

// Replay deals with one parked event again and takes it from the table. If we
// crash in between, it is dealt with once more, which changes nothing.
func (r *Reactions) Replay(ctx context.Context, p reaction.Parked) error {
	h, ok := r.handlers[p.Reaction]
	if !ok {
		return domain.Refuse(domain.NotFound, "no-reaction", "this program has no reaction %q; the event was parked by another one", p.Reaction)
	}
	page, err := r.log.ReadAll(ctx, p.Before, 1)
	if err != nil {
		return err
	}
	if len(page) == 0 || page[0].ID != p.Event {
		return fmt.Errorf("%w: ordinal %d is no longer event %s", event.ErrCorrupt, p.Ordinal, p.Event)
	}
	if err := r.react(ctx, h, delivery{Event: page[0], Before: p.Before}); err != nil {
		return err
	}
	return r.store.Unpark(ctx, p.Reaction, p.Event)
}

// consequence is the metadata of what follows from a cause.
func (r *Reactions) consequence(cause, correlation uuid.UUID) event.Metadata {
	return event.Metadata{Time: domain.Moment(r.clock()), Actor: event.SystemActor, Correlation: correlation, Causation: cause}
}
