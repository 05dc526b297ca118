// Persons: whose a name is, and the access tokens in force.

package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/access"
	"imprint/domain/person"
)

// Names leads from the keyed hash of a name to the person.
type Names struct{ db Database }

// NewNames makes the look-up over the tables.
func NewNames(db Database) *Names { return &Names{db: db} }

// Claim gives the hash to the person unless it is taken, durably, and answers
// whose it is now.
func (n *Names) Claim(ctx context.Context, hash []byte, claimant uuid.UUID) (uuid.UUID, error) {
	const insert = `INSERT INTO names (hash, person) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`
	if err := exec(ctx, n.db, insert, hash, claimant[:]); err != nil {
		return uuid.Nil, err
	}
	owner, found, err := n.Find(ctx, hash)
	if err == nil && !found {
		err = errors.New("a name was given up while it was claimed") // by an erasure; the caller may try again
	}
	return owner, err
}

// Find answers whose the hash is; false if nobody's.
func (n *Names) Find(ctx context.Context, hash []byte) (uuid.UUID, bool, error) {
	var owner []byte
	found, err := one(ctx, n.db, into(&owner), `SELECT person FROM names WHERE hash = $1`, hash)
	if err != nil || !found {
		return uuid.Nil, false, err
	}
	id, err := uuid.FromBytes(owner)
	return id, err == nil, err
}

// Forget gives up all names of a person, durably.
func (n *Names) Forget(ctx context.Context, person uuid.UUID) error {
	return exec(ctx, n.db, `DELETE FROM names WHERE person = $1`, person[:])
}

// Tokens keeps the access tokens in force.
type Tokens struct{ db Database }

// NewTokens makes the store over the tables.
func NewTokens(db Database) *Tokens { return &Tokens{db: db} }

// Put keeps a token, durably. Equal calls are one.
func (s *Tokens) Put(ctx context.Context, hash []byte, t person.Token) error {
	const insert = `INSERT INTO tokens (hash, id, person, role, expires) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING`
	return exec(ctx, s.db, insert, hash, t.ID[:], t.Person[:], string(t.Role), t.Expires.UnixMicro())
}

const tokenColumns = `SELECT id, person, role, expires FROM tokens `

// Find answers the token of a hash, expired or not; false if there is none, or if
// it has ended.
func (s *Tokens) Find(ctx context.Context, hash []byte) (person.Token, bool, error) {
	return s.one(ctx, tokenColumns+`WHERE hash = $1 AND NOT ended`, hash)
}

// Get answers a token by its id, ended or not; false if there never was one.
func (s *Tokens) Get(ctx context.Context, id uuid.UUID) (person.Token, bool, error) {
	return s.one(ctx, tokenColumns+`WHERE id = $1`, id[:])
}

// End ends a token, durably. Its row stays, so that ending it again is told from
// ending one that never was.
func (s *Tokens) End(ctx context.Context, id uuid.UUID) error {
	return exec(ctx, s.db, `UPDATE tokens SET ended = TRUE WHERE id = $1`, id[:])
}

// List lists all tokens that have not ended by person and expiry.
func (s *Tokens) List(ctx context.Context) ([]person.Token, error) {
	var tokens []person.Token
	err := queries.Each(ctx, s.db, func(scan func(...any) error) error {
		t, err := scanToken(scan)
		tokens = append(tokens, t)
		return err
	}, tokenColumns+`WHERE NOT ended ORDER BY person, expires, id`)
	if err != nil {
		return nil, fmt.Errorf("tokens in %s: %w", s.db.Name(), err)
	}
	return tokens, nil
}

func (s *Tokens) one(ctx context.Context, query string, key []byte) (t person.Token, found bool, err error) {
	found, err = one(ctx, s.db, func(scan func(...any) error) (err error) {
		t, err = scanToken(scan)
		return err
	}, query, key)
	return t, found && err == nil, err
}

func scanToken(scan func(...any) error) (t person.Token, err error) {
	var id, holder []byte
	var expires int64
	if err := scan(&id, &holder, (*string)(&t.Role), &expires); err != nil {
		return person.Token{}, err
	}
	if t.ID, err = uuid.FromBytes(id); err != nil {
		return person.Token{}, err
	}
	if t.Person, err = uuid.FromBytes(holder); err != nil {
		return person.Token{}, err
	}
	if _, err := access.ParseRole(string(t.Role)); err != nil {
		return person.Token{}, err
	}
	t.Expires = time.UnixMicro(expires).UTC()
	return t, nil
}
