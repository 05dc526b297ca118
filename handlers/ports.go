package handlers

// Here: what the handlers need from outside besides the log. Each is small, and
// owned here by its consumer.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/projections/catalog"
)

// Content tells whether bytes are stored. A version is written down only after
// the bytes of all its files are, so that no event ever names missing ones.
type Content interface {
	Has(ctx context.Context, sha256hex string) (bool, error)
}

// CategoryHolds counts the documents in a category; catalog.Queries does.
type CategoryHolds interface {
	HeldBy(ctx context.Context, category string) (int, error)
}

// Visible answers what a reader may see, and domain.NotFound for the rest;
// catalog.Queries does.
type Visible interface {
	Document(ctx context.Context, r access.Reader, id uuid.UUID) (catalog.Document, error)
	Series(ctx context.Context, r access.Reader, id uuid.UUID, p catalog.Page) (catalog.Series, error)
}

// Passed returns when the read models named, or all, have passed a position, and an
// error when the context ends before that; projections.Group's method Wait.
type Passed func(ctx context.Context, p event.Position, names ...string) error

// Requests remembers where requests have written, beside a log that does not know
// the ids of its events: there, an id used again for another stream would be taken.
type Requests interface {
	// Claim notes, durably, that the event of an id goes to a stream as part of a
	// request with a fingerprint, unless something is noted already, and answers
	// what is noted now. What was noted long ago may be forgotten.
	Claim(ctx context.Context, first uuid.UUID, stream event.Stream, fingerprint string, at time.Time) (event.Stream, string, error)
}

// DataKeys are the keys that personal data is sealed under, and their end.
type DataKeys interface {
	event.Keys
	// Destroy erases a key for ever, and with it everything it sealed. Again is no
	// error.
	Destroy(ctx context.Context, id event.KeyID) error
}

// Mails are the digests under way; digest.Facts does.
type Mails interface {
	// CatchUp brings what may be mailed to whom up to the log's end: once it has
	// answered, no mail is begun that the log forbids.
	CatchUp(ctx context.Context) (event.Checkpoint, error)
}

// Names finds a person by name without keeping the name: by a keyed hash.
type Names interface {
	// Claim gives the hash to the person unless it is taken, durably, and answers
	// whose it is now.
	Claim(ctx context.Context, hash []byte, person uuid.UUID) (uuid.UUID, error)
	// Find answers whose it is; false if nobody's.
	Find(ctx context.Context, hash []byte) (uuid.UUID, bool, error)
	// Forget gives up all that is a person's, durably: the names are nobody's then.
	Forget(ctx context.Context, person uuid.UUID) error
}

// Tokens keeps the access tokens in force, by the SHA-256 of their secrets.
type Tokens interface {
	// Put keeps a token, durably. Equal calls are one.
	Put(ctx context.Context, hash []byte, t person.Token) error
	// Find answers the token of a hash, expired or not; false if there is none.
	Find(ctx context.Context, hash []byte) (person.Token, bool, error)
	// Get answers a token by its id, ended ones too; false if there never was one.
	Get(ctx context.Context, id uuid.UUID) (person.Token, bool, error)
	// End ends a token, durably: Find and List know it no longer. Again is no error.
	End(ctx context.Context, id uuid.UUID) error
	// List lists all tokens that have not ended by person and expiry.
	List(ctx context.Context) ([]person.Token, error)
}
