package mail

// Here: what became of an attempt to send, and what a refusal says about the
// address.

import (
	"regexp"
	"strconv"
	"strings"
)

// Verdict says what became of an attempt to send.
type Verdict string

// The verdicts. Only Doubtful leaves open whether the mail was accepted.
const (
	Accepted  Verdict = "accepted"   // the server has taken responsibility for it
	Deferred  Verdict = "deferred"   // refused for now, without doubt
	Refused   Verdict = "refused"    // refused for good, without doubt
	Doubtful  Verdict = "doubtful"   // the connection ended after the last byte, before the answer
	RouteDown Verdict = "route-down" // the server was not reached or is closing: not the recipient's fault
)

// Stage is the step of the protocol at which an attempt ended.
type Stage string

// The stages.
const (
	Dialling Stage = "connection" // dialling, greeting, TLS, password
	AtMail   Stage = "MAIL"       // about the sender
	AtRcpt   Stage = "RCPT"       // about the recipient
	AtData   Stage = "DATA"
	InText   Stage = "the text"
	AtDot    Stage = "the final dot" // about the mail as a whole
)

// Outcome is a verdict and what is known of its cause.
type Outcome struct {
	Verdict Verdict
	Stage   Stage  // "" where no server was asked
	Code    int    // the server's reply code, 0 where there was none
	Status  string // its enhanced status (RFC 3463), such as 5.1.1; "" where it gave none
	Reason  string // what happened, in our words; never an address or a server's text
}

// Class says what a refusal for good is about, and so what follows from it.
type Class string

// The classes. Unrefused is that of every other verdict.
const (
	Unrefused Class = ""
	// BadAddress: nobody is there and nobody will be. Mail to the address stops.
	BadAddress Class = "bad-address"
	// Policy: content, reputation, size, a full mailbox, or no reason given. It says
	// nothing against the address: a template that a filter dislikes must not cut off
	// everyone. The mail is parked, and operators are told.
	Policy Class = "policy"
)

// Class reads a refusal. Only an enhanced status convicts an address, and only one
// that is about it (RFC 3463, section 3.2, and RFC 7505 for 5.1.10), said where the
// recipient is named; of 5.2.1, the disabled mailbox, some servers think only at the
// dot. A bare 550 does not: blocked senders get the same. 5.1.7 and 5.1.8 are about
// the sender.
func (o Outcome) Class() Class {
	if o.Verdict != Refused {
		return Unrefused
	}
	switch o.Status {
	case "5.2.1":
		return BadAddress
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10":
		if o.Stage == AtRcpt {
			return BadAddress
		}
	}
	return Policy
}

// status is an enhanced status code: a class, a subject and a detail.
var status = regexp.MustCompile(`^([245])\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})$`)

// StatusOf is the enhanced status at the beginning of a reply's text, if it has one
// and its class is that of the code (RFC 2034, section 4); else "".
func StatusOf(code int, text string) string {
	first := text
	if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
		first = text[:end]
	}
	parts := status.FindStringSubmatch(first)
	if parts == nil || parts[1] != strconv.Itoa(code/100) {
		return ""
	}
	return first
}
