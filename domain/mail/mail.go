// Package mail holds the words that the digest worker and its mail adapters
// share: a mail to be written, its frozen bytes, what became of sending them, and
// a mail that was kept; and says what an address is.
package mail

import "time"

// Draft is a mail before it is written down as MIME.
type Draft struct {
	From        string // RFC 5322 mailbox, "Name <address>"
	To          string // one address
	Subject     string // one line, not encoded
	Text, HTML  string // the two parts, UTF-8
	Date        time.Time
	MessageID   string // without angle brackets
	ListID      string // RFC 2919, without angle brackets; "" for a mail of no list
	Unsubscribe string // the one-click address, RFC 8058; "" for a mail of no list
}

// Message is a mail ready to go: its bytes never change again.
type Message struct {
	ID           string // the Message-ID, without angle brackets
	EnvelopeFrom string // where reports of failure go
	To           string
	Bytes        []byte // RFC 5322, CRLF
}

// Kept is a mail that was written to a folder instead of being sent.
type Kept struct {
	ID        string // its name in the folder
	MessageID string // without angle brackets
	To        string
	Subject   string // decoded
	Date      time.Time
	// Unsubscribe is the one-click address; its token tells whose mail it is.
	Unsubscribe string
}
