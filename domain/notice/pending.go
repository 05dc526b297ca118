package notice

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// Pending is a notice whose grace period has not ended yet, or whose end has not
// been dealt with. It is work, not a fact: the cause in the log is the fact.
type Pending struct {
	Notice      Released
	ReleaseAt   time.Time        // when the grace period ends, by the application's clock
	Correlation uuid.UUID        // of the cause
	CauseType   string           // the cause's event type
	Before      event.Checkpoint // from where reading the log gives the cause
}
