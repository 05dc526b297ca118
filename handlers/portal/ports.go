package portal

// Here: what the pages need from outside.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/handlers/web"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
)

// Parts is what the pages are made of. All of them are needed but Name, URL,
// Mails and Persons.
type Parts struct {
	Name      string // the portal's name; "": Imprint
	URL       string // where readers reach the portal; "": as the browser says
	Catalog   catalog.Queries
	Library   library.Queries
	History   history.Queries
	Libraries *handlers.Libraries
	People    *handlers.People
	Settings  Settings
	Store     web.Store
	// Head is the log's present end: event.Log's method.
	Head func(context.Context) (event.Checkpoint, error)
	// Wait returns when the read models named, or all, have passed a position:
	// projections.Group's method.
	Wait         func(ctx context.Context, p event.Position, names ...string) error
	Clock        domain.Clock
	Keys         web.Keys
	Forecasts    Forecasts
	Unsubscriber Unsubscriber
	Confirmer    Confirmer
	// Addressee answers whom the token of such a link names; false if nobody.
	Addressee func(token string) (uuid.UUID, bool)
	// Mails are those that were kept instead of being sent; nil: there is no page
	// of mails.
	Mails Mails
	// Recipient tells whose a kept mail is, by the one-click address in it: an error
	// if nobody's. digest.Links' method; needed with Mails.
	Recipient func(unsubscribe string) (uuid.UUID, error)
	// Persons are those whom a visitor of the demo may be; nil everywhere else.
	Persons []Person
}

// Person is somebody of the demo.
type Person struct {
	Key          string // what web.PersonCookie holds
	Name         string
	Organization string // "" for a personal account
	Reader       access.Reader
}

// Settings answers a person's own notification settings, the address unsealed;
// the zero Schedule where nothing was ever set.
type Settings interface {
	Settings(ctx context.Context, person uuid.UUID) (handlers.Chosen, error)
}

// Mails shows the mails kept, newest first. An unknown id is domain.NotFound.
type Mails interface {
	List(ctx context.Context, limit int) ([]mail.Kept, error)
	Read(ctx context.Context, id string) ([]byte, error)
}

// Forecasts tells publishers what a version would lead to; digest.Service does.
type Forecasts interface {
	Foresee(ctx context.Context, v digest.NextVersion, language, zone string) (digest.Forecast, error)
}

// Confirmer puts the address of a token in force; domain.NotFound for a token that
// is not ours, domain.Conflict for one that holds no longer. Again is no error.
type Confirmer interface {
	Confirm(ctx context.Context, token string) error
}

// Unsubscriber turns off the digests of the person whom a token names;
// domain.NotFound for a token that is not ours. Again is no error.
type Unsubscriber interface {
	Unsubscribe(ctx context.Context, token string) error
}
