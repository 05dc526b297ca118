package control

// Here: what goes over the socket, the same for both ends.

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
)

const (
	tokensPath  = "/v1/tokens"
	retriesPath = "/v1/retries"
	// maxAsked bounds a request's body in bytes; a name has at most some hundred.
	maxAsked = 16 << 10
	// maxAnswered bounds an answer's body in bytes: some 80,000 tokens.
	maxAnswered = 16 << 20
	// patience bounds how long the asking end waits for the whole answer.
	patience = 30 * time.Second
)

// token is person.Token on the wire.
type token struct {
	ID      uuid.UUID   `json:"id"`
	Person  uuid.UUID   `json:"person"`
	Role    access.Role `json:"role"`
	Expires time.Time   `json:"expires"`
}

type issued struct {
	token
	Secret string `json:"secret"`
}

type listed struct {
	Tokens []token `json:"tokens"`
}

// retry asks for one person's; absent: for everybody's.
type retry struct {
	Person uuid.UUID `json:"person,omitzero"`
}

// refusal is an error on the wire.
type refusal struct {
	Kind    domain.Kind `json:"kind"`
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Field   string      `json:"field,omitempty"`
	Cause   string      `json:"cause,omitempty"`
}

// refuse puts an error on the wire; what is no domain.Error is Internal.
func refuse(err error) refusal {
	var known *domain.Error
	if !errors.As(err, &known) {
		return refusal{Kind: domain.Internal, Code: "internal", Message: err.Error()}
	}
	r := refusal{Kind: known.Kind, Code: known.Code, Message: known.Message, Field: known.Field}
	if known.Cause != nil {
		r.Cause = known.Cause.Error()
	}
	return r
}

// error takes it off the wire.
func (r refusal) error() error {
	err := domain.Refuse(r.Kind, r.Code, "%s", r.Message).In(r.Field)
	if r.Cause != "" {
		return err.Because(errors.New(r.Cause))
	}
	return err
}
