// Package reactions carries out the consequences of events. It runs a Watermill
// router over the log:
//
//	log ─subscriber─► series    a document's event becomes SeriesUpdated in its series
//	    ─subscriber─► notices   a cause waits for its grace period, as a work row
//	    ─subscriber─► accounts  the end of an account is completed, whoever began it
//	held ─dueNotices─► release  the period has ended ─► NoticeReleased in the log
//
// # What is told
//
// A notice is released if its cause was not undone before its grace period ended,
// and if it is news after all that was released before: the withdrawal of what
// nobody was told of is none, nor is the return of what nobody knew to be gone. A
// return is told, though, where a version fell silent with its document. Of
// several moves the last one standing is told, from where readers last knew the
// document. settle.go decides this by the times of the events, so that an outage
// or a repetition does not change the answer.
//
// # Once in effect
//
// A subscriber delivers one event at a time and moves its durable checkpoint when
// the router has acknowledged it: at least once. What a reaction appends carries an
// id that follows from its cause, and is looked for before it is appended, so the
// second delivery of an event changes nothing.
//
// Several programs may run on one log: they take turns under a lease (RunInTurn),
// which spares work and is not relied on.
//
// # Failing
//
// A failing reaction is retried with back-off. Where a part is down (the disk, the
// log), the event waits and comes again. What fails for good goes, through the
// router's poison queue, into the table of parked events, and the events
// after it go on. An operator lists and replays them (imprint reactions). If we
// crash between parking and the checkpoint, it is parked again, as one row.
//
// An event in a newer schema than this program knows is not parked: it stops the
// reaction there, for a consequence that comes out of its order and late is worse than
// one that waits (Status says so). A newer program goes on from the checkpoint. A
// type that nobody here knows is passed over and counted.
//
// # The past
//
// Events with an origin state the past: nothing follows from them. They neither
// update a series nor are they ever released.
package reactions
