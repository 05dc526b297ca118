package projections

// What everything that folds the log needs, and the limits it keeps.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// Engine folds a log into a store. Its methods rebuild, switch, verify and
// replay; Group keeps projections up to date.
type Engine struct {
	Log      event.Log
	Registry *event.Registry
	Store    Store
	// Holder names this process in leases. Processes that share a store have
	// different names; where a lock on the data folder lets in one process only, a
	// constant name lets a restart after a crash take its leases over at once.
	Holder string
	// Folded is told of every batch behind its commit, by the goroutine that folds;
	// nil: nobody is.
	Folded func(Folded)
}

// Folded is one batch that has been committed, for those who watch.
type Folded struct {
	Projection   string
	Began, Ended time.Time // loading the keys, folding and committing; not the reading of the log
	Events       int       // passed over or folded
	Rows         int       // written or deleted
	// Actions are the distinct correlation ids of the events folded, in log order.
	Actions []uuid.UUID
}

// Limits of one batch and the rhythm of a runner.
const (
	liveEvents = 500     // events in a batch while readers wait for them
	bulkEvents = 4000    // events in a batch before anybody reads the generation
	bulkBytes  = 8 << 20 // of event data in a batch, at most about one page more

	leaseTime  = 30 * time.Second // the database's clock; renewed at a third of it
	pollFirst  = 20 * time.Millisecond
	pollLast   = time.Second
	followPoll = 200 * time.Millisecond // while another process holds the lease
	retryFirst = 100 * time.Millisecond
	retryLast  = 5 * time.Second
)

// Progress tells how far a catch-up or a rebuild has come.
type Progress struct {
	Projection    string
	Ordinal, Head int64 // folded up to, and the end of the log when it began
}
