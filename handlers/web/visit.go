package web

// What a request's context carries, and who is asking.

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
)

// visit is one request, as everything behind the edge knows it.
type visit struct {
	correlation uuid.UUID
	reader      access.Reader
	stale       bool
	log         *slog.Logger
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	// Outside of an Edge nobody has been recognised: an anonymous visitor.
	return &visit{log: slog.Default()}
}

// Correlation is the id that ties together what one action of a person led to.
func Correlation(ctx context.Context) uuid.UUID { return visitOf(ctx).correlation }

// Reader is who asks; an anonymous visitor where nobody was recognised.
func Reader(ctx context.Context) access.Reader { return visitOf(ctx).reader }

// Stale tells whether the read models are so far behind the log that answers from
// them hide what is not for everyone; see Freshness.
func Stale(ctx context.Context) bool { return visitOf(ctx).stale }

func logger(ctx context.Context) *slog.Logger { return visitOf(ctx).log }

// CorrelationHeader carries the correlation id, in and out.
const CorrelationHeader = "X-Correlation-ID"

// correlationOf takes the caller's id if it is a UUID (foreign) and makes one
// otherwise.
func correlationOf(r *http.Request) (id uuid.UUID, foreign bool) {
	if id, err := uuid.Parse(r.Header.Get(CorrelationHeader)); err == nil && id != uuid.Nil {
		return id, true
	}
	return uuid.Must(uuid.NewV7()), false // fails only without randomness, and then nothing is safe
}

// Authenticator tells who sends a request: an anonymous visitor (the zero
// Reader) if it claims nobody, domain.Unauthenticated if the claim is false.
type Authenticator interface {
	Authenticate(ctx context.Context, r *http.Request) (access.Reader, error)
}

// Bearer recognises access tokens (RFC 6750): `Authorization: Bearer SECRET`.
type Bearer struct {
	Tokens interface {
		Authenticate(ctx context.Context, secret string) (access.Reader, error)
	}
}

// Authenticate implements Authenticator.
func (b Bearer) Authenticate(ctx context.Context, r *http.Request) (access.Reader, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return access.Reader{}, nil
	}
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return access.Reader{}, domain.Refuse(domain.Unauthenticated, "bad-scheme", "the Authorization header is not understood; send \"Authorization: Bearer TOKEN\"").In("Authorization")
	}
	return b.Tokens.Authenticate(ctx, strings.TrimSpace(secret))
}

// PersonHeader and PersonCookie name a person of the demo.
const (
	PersonHeader = "Imprint-Person"
	PersonCookie = "imprint_person"
)

// Development lets a request say who it comes from, without proof. It is for
// `demo` alone: no other command may make one.
type Development struct {
	// Persons are those a request may name.
	Persons map[string]access.Reader
	// Otherwise recognises a request that names none; nil: it is anonymous.
	Otherwise Authenticator
}

// Authenticate implements Authenticator. A header that names nobody is refused;
// a cookie that does is left over from another demo and ignored.
func (d Development) Authenticate(ctx context.Context, r *http.Request) (access.Reader, error) {
	if name := r.Header.Get(PersonHeader); name != "" {
		if reader, ok := d.Persons[name]; ok {
			return reader, nil
		}
		return access.Reader{}, domain.Refuse(domain.Unauthenticated, "unknown-person", "%s names nobody of this demo; the first page lists its persons", PersonHeader).In(PersonHeader)
	}
	if cookie, err := r.Cookie(PersonCookie); err == nil {
		if reader, ok := d.Persons[cookie.Value]; ok {
			return reader, nil
		}
	}
	if d.Otherwise == nil {
		return access.Reader{}, nil
	}
	return d.Otherwise.Authenticate(ctx, r)
}
