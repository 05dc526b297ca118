package domain

import (
	"errors"
	"fmt"
)

// Kind says what sort of refusal an Error is. The edges (HTTP, command line)
// translate a kind once, in one table; nothing else inspects it.
type Kind string

// The kinds. An error that is not an *Error is Internal.
const (
	Invalid         Kind = "invalid"         // the request can never succeed as it stands
	Unauthenticated Kind = "unauthenticated" // sign in and ask again
	Forbidden       Kind = "forbidden"       // the person is known and lacks the role
	NotFound        Kind = "not-found"       // absent, or hidden: the same answer for both
	Conflict        Kind = "conflict"        // the state forbids it now; the message names the state
	Stale           Kind = "stale"           // decided on a version that is no longer the newest
	Reused          Kind = "reused"          // the request id was used for another request
	Gone            Kind = "gone"            // it was here and has been removed by policy
	TooLarge        Kind = "too-large"       // over a stated limit
	TooMany         Kind = "too-many"        // over a stated rate; ask again later
	Unavailable     Kind = "unavailable"     // a part is down or behind; try again
	Internal        Kind = "internal"        // a fault of ours
)

// Error is a refusal meant for people: its message names the thing and says
// what to do. The cause is for operators and never shown to callers.
type Error struct {
	Kind    Kind
	Code    string // stable slug of the rule, e.g. "same-bytes"; part of the API
	Message string // one or two sentences; no personal data
	Field   string // the offending input field, where there is one
	Cause   error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Refuse makes an Error of the kind; code is the rule's stable slug.
func Refuse(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// In names the input field at fault.
func (e *Error) In(field string) *Error {
	e.Field = field
	return e
}

// Because attaches the cause.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// KindOf is the kind of the first *Error in err's chain, Internal for any other
// error, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
