package handlers

// Here: what every command comes with, and what every answer says.

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
)

// Request says who asks, and identifies the asking so that it can be repeated.
type Request struct {
	// ID is the idempotency key: 1 to 200 printable ASCII characters, chosen by
	// the caller. With the actor it names the deed.
	ID string
	// Actor is who asks. Person is a person's id, or event.OperatorActor or
	// event.SystemActor, who may do everything.
	Actor access.Reader
	// Fingerprint is the keyed hash of what is asked (method, path and body),
	// computed by the edge. It may be empty where only the program itself asks.
	Fingerprint string
	// Correlation ties together what one action of a person led to.
	Correlation uuid.UUID
}

// Written says what became of a command.
type Written struct {
	Token    event.Position // wait for it to read this write
	Repeated bool           // the request had been carried out before; this is its answer
	Events   int            // written by this call; 0 if repeated or if nothing had to change
}

const maxRequestID = 200

// requests is the namespace of all ids that follow from a request.
var requests = uuid.MustParse("6f0d5c1e-2f8b-5d0a-9f3e-7a4c1b8e2d60")

// derive makes the id of something that the request creates.
func (r Request) derive(what string) uuid.UUID {
	return domain.Derive(requests, r.Actor.Person, r.ID, what)
}

// eventID is the id of the i-th event that the request writes.
func (r Request) eventID(i int) uuid.UUID { return r.derive(strconv.Itoa(i)) }

// check refuses a request that cannot be identified.
func (r Request) check() error {
	printable := strings.IndexFunc(r.ID, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsPrint(c) }) < 0
	if r.ID == "" || len(r.ID) > maxRequestID || !printable {
		return domain.Refuse(domain.Invalid, "bad-request-id", "the request id (Idempotency-Key) must have 1 to %d printable ASCII characters; send a new random one, such as a UUID", maxRequestID).In("Idempotency-Key")
	}
	if !r.Actor.SignedIn() {
		return domain.Refuse(domain.Unauthenticated, "sign-in", "sign in to do this")
	}
	if !r.Actor.Role.MayChange() {
		return AuditorChangesNothing()
	}
	return nil
}

// AuditorChangesNothing refuses an auditor whatever is more than a question.
func AuditorChangesNothing() error {
	return domain.Refuse(domain.Forbidden, "auditor-changes-nothing", "an auditor changes nothing, no library and no settings either; use another role to do this")
}

// trusted tells whether the program itself or someone at its machine asks.
func (r Request) trusted() bool {
	return r.Actor.Person == event.OperatorActor || r.Actor.Person == event.SystemActor
}

// publisher refuses everyone who may not change documents, series and categories.
func (r Request) publisher() error {
	if err := r.check(); err != nil {
		return err
	}
	if r.trusted() || r.Actor.Role.MayPublish() {
		return nil
	}
	return domain.Refuse(domain.Forbidden, "not-a-publisher", "only publishers and administrators may do this; ask an administrator for the role")
}

// administrator refuses everyone who may not administer persons.
func (r Request) administrator() error {
	if err := r.check(); err != nil {
		return err
	}
	if r.trusted() || r.Actor.Role.MayAdminister() {
		return nil
	}
	return domain.Refuse(domain.Forbidden, "not-an-administrator", "only administrators may do this")
}

// person answers the person who asks; the program itself is none.
func (r Request) person() (uuid.UUID, error) {
	if err := r.check(); err != nil {
		return uuid.Nil, err
	}
	id, err := uuid.Parse(r.Actor.Person)
	if err != nil {
		return uuid.Nil, domain.Refuse(domain.Forbidden, "not-a-person", "only a person has a library; sign in as one")
	}
	return id, nil
}
