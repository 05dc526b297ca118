package api

// What happened, in the order of recording.

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

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
	Document uuid.UUID `query:"document" format:"uuid"`
	Series   uuid.UUID `query:"series" format:"uuid"`
	Person   uuid.UUID `query:"person" format:"uuid" doc:"Whom it is about."`
	Actor    string    `query:"actor" doc:"A person's id, system or operator."`
	Types    []string  `query:"type,explode" doc:"Given several times: any of them."`
	From     int64     `query:"from" minimum:"1" doc:"The first ordinal."`
	To       int64     `query:"to" minimum:"1" doc:"The ordinal before which it ends."`
}

func (a *api) history() {
	register(a, operation{method: http.MethodGet, path: "/documents/{document}/events", id: "document-events", tag: "History",
		summary: "What happened to a document", text: "Auditors also see who did it, and the events' data."}, a.documentEvents)
	register(a, operation{method: http.MethodGet, path: "/events", id: "events", tag: "History",
		summary: "Everything that happened, for auditors"}, a.events)
}

func (a *api) documentEvents(ctx context.Context, in *documentEventsInput) (*answer[Events], error) {
	if _, err := a.Catalog.Document(ctx, web.Reader(ctx), in.Document); err != nil {
		return nil, err
	}
	return a.eventsOf(ctx, history.EventFilter{Document: in.Document}, in.Paged)
}

func (a *api) events(ctx context.Context, in *eventsInput) (*answer[Events], error) {
	return a.eventsOf(ctx, history.EventFilter{
		Document: in.Document, Series: in.Series, Person: in.Person, Actor: in.Actor, Types: in.Types, From: in.From, To: in.To,
	}, in.Paged)
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
