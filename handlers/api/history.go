package api

// What happened, in the order of recording.

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/handlers/web"
	"imprint/projections/history"
)

// Events is one page of the history.
type Events struct {
	Events   []Event `json:"events" nullable:"false"`
	Next     string  `json:"next,omitempty"`
	Reflects int64   `json:"reflects"`
}

// Event is one event. Actor and data are shown to auditors only: they hold what
// was corrected later, and who did it.
type Event struct {
	Ordinal    int64           `json:"ordinal"`
	ID         uuid.UUID       `json:"id" format:"uuid"`
	Type       string          `json:"type"`
	Schema     int             `json:"schema"`
	Stream     string          `json:"stream"`
	Revision   int64           `json:"revision"`
	Time       time.Time       `json:"time"`
	LogTime    time.Time       `json:"logTime"`
	Actor      string          `json:"actor,omitempty"`
	Document   uuid.UUID       `json:"document,omitzero" format:"uuid"`
	Series     uuid.UUID       `json:"series,omitzero" format:"uuid"`
	Person     uuid.UUID       `json:"person,omitzero" format:"uuid"`
	Version    int             `json:"version,omitempty"`
	Commitment string          `json:"commitment,omitempty" doc:"SHA-256 of salt and fact."`
	Data       json.RawMessage `json:"data,omitempty" doc:"As recorded; personal fields are sealed."`
}

type documentEventsInput struct {
	Waiting
	Paged
	DocumentPath
}

type eventsInput struct {
	Waiting
	Paged
	Filtered
}

type exportInput struct {
	Waiting
	Filtered
	Format string `query:"format" enum:"csv,jsonl" doc:"The form; without it the header Accept chooses, and JSON Lines is the default."`
	Accept string `header:"Accept" doc:"text/csv or application/jsonl."`
}

// Filtered is embedded by the questions about all events.
type Filtered struct {
	Document uuid.UUID `query:"document" format:"uuid"`
	Series   uuid.UUID `query:"series" format:"uuid"`
	Person   uuid.UUID `query:"person" format:"uuid" doc:"Whom it is about."`
	Actor    string    `query:"actor" doc:"A person's id, system or operator."`
	Types    []string  `query:"type,explode" doc:"Given several times: any of them."`
	From     string    `query:"from" doc:"The first ordinal; or recorded at or after this date (UTC) or time (RFC 3339), by the log's time." example:"2026-01-31"`
	To       string    `query:"to" doc:"The ordinal before which it ends; or recorded on or before this date (UTC), or before this time." example:"2026-02-28"`
}

func (a *api) history() {
	register(a, operation{method: http.MethodGet, path: "/documents/{document}/events", id: "document-events", tag: "History",
		summary: "What happened to a document", text: "Auditors also see who did it, and the events' data."}, a.documentEvents)
	register(a, operation{method: http.MethodGet, path: "/events", id: "events", tag: "History",
		summary: "Everything that happened, for auditors"}, a.events)
	a.exports()
}

func (a *api) documentEvents(ctx context.Context, in *documentEventsInput) (*answer[Events], error) {
	if _, err := a.Catalog.Document(ctx, web.Reader(ctx), in.Document); err != nil {
		return nil, err
	}
	return a.eventsOf(ctx, history.EventFilter{Document: in.Document}, in.Paged)
}

func (a *api) events(ctx context.Context, in *eventsInput) (*answer[Events], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	return a.eventsOf(ctx, f, in.Paged)
}

// filter reads the bounds, which are ordinals or times.
func (in Filtered) filter() (f history.EventFilter, err error) {
	f = history.EventFilter{Document: in.Document, Series: in.Series, Person: in.Person, Actor: in.Actor, Types: in.Types}
	// As it is written in events; anything else would find nothing and say so of nobody.
	if a := in.Actor; a != "" && a != event.SystemActor && a != event.OperatorActor {
		id, err := uuid.Parse(a)
		if err != nil {
			return f, domain.Refuse(domain.Invalid, "bad-actor", "actor is %.40q; send a person's id, system or operator", a).In("actor")
		}
		f.Actor = id.String()
	}
	if f.From, f.Since, err = bound("from", in.From, startOfDay); err != nil {
		return f, err
	}
	f.To, f.Before, err = bound("to", in.To, nextDay)
	return f, err
}

// bound reads an ordinal, a date or a time.
func bound(field, s string, day func(time.Time) time.Time) (ordinal int64, at time.Time, err error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 1 {
			return 0, at, domain.Refuse(domain.Invalid, "bad-ordinal", "%s is %d; ordinals begin with 1", field, n).In(field)
		}
		return n, at, nil
	}
	at, err = moment(field, s, day)
	return 0, at, err
}

func (a *api) eventsOf(ctx context.Context, f history.EventFilter, p Paged) (*answer[Events], error) {
	l, err := a.History.Events(ctx, f, page(p))
	if err != nil {
		return nil, err
	}
	audits := web.Reader(ctx).Role.MayAudit()
	events := each(l.Events, func(e history.Entry) Event {
		out := Event(e)
		if !audits {
			out.Actor, out.Data = "", nil
		}
		return out
	})
	return &answer[Events]{Reflects: l.Reflects, Body: Events{Events: events, Next: l.Next, Reflects: l.Reflects}}, nil
}
