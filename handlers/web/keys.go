package web

// What the edge signs: fingerprints of requests, and wait tokens.

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

// Keys sign what the edge gives out and takes back. They must be the same after
// a restart, or a repeated request looks like another one.
type Keys struct {
	fingerprint, token []byte
}

// minKey is the least length of a master key in bytes.
const minKey = 32

// NewKeys derives the keys from one secret of at least 32 bytes.
func NewKeys(secret []byte) (Keys, error) {
	if len(secret) < minKey {
		return Keys{}, fmt.Errorf("the key of the edge has %d bytes; it needs %d", len(secret), minKey)
	}
	return Keys{fingerprint: sign(secret, []byte("fingerprint")), token: sign(secret, []byte("wait token"))}, nil
}

func sign(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

// Fingerprint is the HMAC-SHA256, in hexadecimal, of method, path and body, each
// part preceded by its length. The body of a form with files is given as its
// parts, files by their hashes, since its boundary differs each time it is sent.
func (k Keys) Fingerprint(method, path string, body ...[]byte) string {
	mac := hmac.New(sha256.New, k.fingerprint)
	part := func(b []byte) {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		mac.Write(b)
	}
	part([]byte(method))
	part([]byte(path))
	for _, b := range body {
		part(b)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

const (
	tokenMAC  = 16   // bytes: nobody can try 2^127 of them here
	maxToken  = 1024 // bytes of its text
	waitLimit = 5 * time.Second
)

// Token writes a position as an opaque text that stands in headers and URLs.
func (k Keys) Token(p event.Position) string {
	return base64.RawURLEncoding.EncodeToString(append(sign(k.token, []byte(p))[:tokenMAC:tokenMAC], p...))
}

// Position reads a token; domain.Invalid unless it is one of ours.
func (k Keys) Position(token string) (event.Position, error) {
	refused := domain.Refuse(domain.Invalid, "bad-wait-token", "the wait token is not one that this installation gave; use the Wait-Token of a write as it came").In("Wait")
	if len(token) > maxToken {
		return "", refused
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < tokenMAC {
		return "", refused
	}
	p := event.Position(b[tokenMAC:])
	// The decoder passes over line breaks; one position has one token.
	if !hmac.Equal(b[:tokenMAC], sign(k.token, []byte(p))[:tokenMAC]) || k.Token(p) != token {
		return "", refused
	}
	return p, nil
}

// Waiter lets requests wait until the read models have passed a position.
type Waiter struct {
	// Wait returns when those named, or all if none is, have passed a position;
	// when the context ends, it gives up. projections.Group's method.
	Wait func(ctx context.Context, p event.Position, names ...string) error
	// Limit is how long a request waits; 0: five seconds.
	Limit time.Duration
}

// Until waits, within the limit, for the read models named or for all.
// domain.Unavailable if they are behind.
func (w Waiter) Until(ctx context.Context, p event.Position, names ...string) error {
	limit := w.Limit
	if limit == 0 {
		limit = waitLimit
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := w.Wait(bounded, p, names...)
	if err != nil && bounded.Err() != nil && domain.KindOf(err) != domain.Unavailable {
		return domain.Refuse(domain.Unavailable, "projection-behind", "the read models have not yet reached what you waited for; what was written is safe, ask again").Because(err)
	}
	return err
}
