package control

// Here: the end that asks.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/digest"
)

// Client asks the program at the other end of a socket.
type Client struct {
	// Dial connects to the socket.
	Dial func(context.Context) (net.Conn, error)
}

var _ Operations = Client{}

// Retry implements Retries.
func (c Client) Retry(ctx context.Context, id uuid.UUID) (done digest.Retried, err error) {
	err = c.ask(ctx, http.MethodPost, retriesPath, retry{Person: id}, &done)
	return done, err
}

// Issue implements Tokens.
func (c Client) Issue(ctx context.Context, ask Issue) (handlers.IssuedToken, error) {
	var got issued
	err := c.ask(ctx, http.MethodPost, tokensPath, ask, &got)
	return handlers.IssuedToken{Token: person.Token(got.token), Secret: got.Secret}, err
}

// List implements Tokens.
func (c Client) List(ctx context.Context) ([]person.Token, error) {
	var got listed
	err := c.ask(ctx, http.MethodGet, tokensPath, nil, &got)
	all := make([]person.Token, len(got.Tokens))
	for i, t := range got.Tokens {
		all[i] = person.Token(t)
	}
	return all, err
}

// Revoke implements Tokens.
func (c Client) Revoke(ctx context.Context, id uuid.UUID) error {
	return c.ask(ctx, http.MethodDelete, tokensPath+"/"+id.String(), nil, nil)
}

// ask sends one request on a connection of its own. It is never repeated: after
// a lost answer the operator looks at the list.
func (c Client) ask(ctx context.Context, method, path string, asked, answered any) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	conn, err := c.Dial(ctx)
	if err != nil {
		return err
	}
	// The transport makes no second connection: it would be to another program.
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	defer func() { _ = conn.Close() }() // closed by the transport, unless it never took it
	var body []byte
	if asked != nil {
		if body, err = json.Marshal(asked); err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://imprint"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask the program that holds the folder: %w", err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return lost(err)
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswered+1))
	switch {
	case err != nil:
		return lost(err)
	case len(text) > maxAnswered:
		return domain.Refuse(domain.TooLarge, "answer-too-large", "the answer of the program that holds the folder has more than %d bytes; stop it, and ask again", maxAnswered)
	case resp.StatusCode >= http.StatusBadRequest:
		var r refusal
		if err := json.Unmarshal(text, &r); err != nil || r.Kind == "" {
			return domain.Refuse(domain.Internal, "internal", "the program that holds the folder answered %s and did not say why", resp.Status)
		}
		return r.error()
	case answered == nil:
		return nil
	}
	if err := json.Unmarshal(text, answered); err != nil {
		// The decoder's error could show a piece of a secret.
		return domain.Refuse(domain.Internal, "internal", "the answer of the program that holds the folder is not understood; is it of another version?")
	}
	return nil
}

func lost(err error) error {
	return domain.Refuse(domain.Unavailable, "answer-lost", "the program that holds the folder did not answer to the end; look at what it did (imprint token list, imprint digest failed), and ask again").Because(err)
}
