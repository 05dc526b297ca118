// Package control is what an operator asks at the command line of an installation,
// whoever has it open: this process, or another one that holds the data folder.
//
//	imprint token …, imprint digest retry
//	                ─► folder free:  Local ─► handlers
//	                ─► folder held:  Client ─► unix socket in the folder ─► Handler ─► Local ─► handlers
//
// Local is the one implementation. Handler serves it as HTTP/1.1 with small JSON,
// and Client is Local from afar: the same answers, and the same refusals
// (domain.Error with kind, code and message).
//
//	POST   /v1/tokens       {"person", "role", "days"}   201 {token, "secret"}
//	GET    /v1/tokens                                    200 {"tokens": [token …]}
//	DELETE /v1/tokens/{id}                               204
//	POST   /v1/retries      {"person"}                   200 {"due", "waiting", "reasons"}
//	token                   {"id", "person", "role", "expires"}
//	any refusal             {"kind", "code", "message", "field", "cause"}
//
// # Who may ask
//
// Nobody is authenticated: who can open the socket may do everything an operator
// may. The socket is therefore never served on a network, lies in the data folder
// and is open to the folder's owner alone (adapters/datafolder), who could as well
// stop the program and write the files.
//
// # What goes wrong
//
// Bodies and times are bounded on both sides. A refusal tells its cause, since
// both ends are operators. A secret stands in the answer to Issue and nowhere
// else. An answer that is lost leaves a token that nobody has: it is listed, and
// can be revoked. Trying mails again may be asked again.
package control

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/digest"
)

// Operations are all of them.
type Operations interface {
	Tokens
	Retries
}

// Retries are the operations on what waits after mails have failed.
type Retries interface {
	// Retry makes it due now, of a person or, for the nil one, of everybody.
	Retry(ctx context.Context, person uuid.UUID) (digest.Retried, error)
}

// Tokens are the operations on access tokens, here (Local) or there (Client).
type Tokens interface {
	// Issue makes a token for a person by name, who joins if not known yet.
	Issue(context.Context, Issue) (handlers.IssuedToken, error)
	// List lists the tokens kept, expired ones among them.
	List(context.Context) ([]person.Token, error)
	// Revoke ends a token at once; domain.NotFound if there is none of this id.
	Revoke(ctx context.Context, id uuid.UUID) error
}

// Issue asks for a token.
type Issue struct {
	Person string      `json:"person"` // the name
	Role   access.Role `json:"role"`
	Days   int         `json:"days"` // from now on
}
