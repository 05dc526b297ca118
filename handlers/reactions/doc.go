// Package reactions carries out the consequences of events. It runs a Watermill
// router over the log:
//
//	log ─Subscriber─► series   a document's event becomes SeriesUpdated in its series
//	    ─Subscriber─► notices  an update waits for its grace period, as a work row
//	                  Releaser: the period has ended ─► NoticeReleased in the log
//
// # Once in effect
//
// A Subscriber delivers one event at a time and moves its durable checkpoint when
// the router has acknowledged it: at least once. What a reaction appends carries an
// id that follows from its cause, and is looked for before it is appended, so the
// second delivery of an event changes nothing.
//
// # Failing
//
// A failing reaction is retried with back-off; what fails for good goes, through
// the router's poison queue, into the table of parked events, and the events
// after it go on. An operator lists and replays them (imprint reactions). If we
// crash between parking and the checkpoint, it is parked again, as one row.
//
// # The past
//
// Events with an origin state the past: nothing follows from them. They neither
// update a series nor are they ever released.
package reactions
