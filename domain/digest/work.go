package digest

// Here: what the worker asks of the database that keeps the standings.

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"imprint/domain/mail"
)

// ErrMoved: another reader has folded these facts already.
var ErrMoved = errors.New("another reader of the log has moved the digest's checkpoint")

// Claim asks for persons whose time has come and whom nobody holds.
type Claim struct {
	Holder    string
	Now       time.Time     // the application's clock: who is due
	Immediate bool          // also those who want digests at once and …
	End       int64         // … whose cursor lies before this ordinal
	Lease     time.Duration // by the database's clock
	Limit     int
}

// Change is one step of a person's digest under a lease. Apply works on the row
// as it is in the transaction and answers false to leave it as it is.
type Change struct {
	Person uuid.UUID
	Epoch  int64
	Apply  func(*Standing) bool
	Hold   time.Duration // how long the lease goes on; 0 gives it back
}

// Ask asks for turns of a rate, which all programs at one database share.
type Ask struct {
	Name  string // of what the rate is kept for; the same to all of them, and tells nobody of whom
	Rate  mail.Rate
	Count int           // at most
	Ahead time.Duration // how long until the last of them comes, at most; up to mail.MaxAhead
}
