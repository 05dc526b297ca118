// Package projections is the engine that turns the log into read models.
//
// A Projection is data: a name, a code version, the event types it folds, the
// keys an event touches and a pure fold from (state of a key, event) to the rows
// of that key. It has no context, knows no SQL and unseals nothing, so it can be
// property-tested, run against every store, and blamed exactly for an event that
// it cannot fold.
//
// # From event to row
//
//	log ─ReadAll─► batch ─Keys─► load the touched keys' rows, once
//	                       ─Fold─► changed rows, in memory
//	                       ─Commit─► one transaction: rows, parked keys, checkpoint
//
// The checkpoint moves by compare-and-set on (projection, version, generation,
// epoch, old position) in the transaction that writes the rows. If we crash
// before the commit the batch is folded again; two runners cost work, never
// correctness.
//
// # Tables
//
// A table's rows are keyed by what the event touched (a document, a person and a
// document, a series …). Current holds one row per key; Set a few rows per key;
// Interval the row's history, each valid from one ordinal to before another;
// Facts one row per event, written once. No column is ever NULL: an absent text
// is "", an absent time the zero time (see Micros), so the same texts and hashes
// hold on every engine.
//
// # Generations and views
//
// A table's name in the database carries the projection's code version and a
// build generation. Queries read through a view of the projection, version and
// table (see Projection.View), which shows the live generation without its
// parked keys. A rebuild makes a new generation beside the live one; a switch
// points the views at it in one transaction. Every generation is loaded without
// its secondary and full-text indexes, which are made when it has come to the end
// of the log: the first start, an import and a rebuild are one and the same way.
//
//	Create ─fold─► at the end ─Index─► Switch ─► live ─Switch to another─► kept ─Rebuild, Prune─► dropped
//
// The end is where the log ended when the folding began, and once more when the
// indexes were made: where writes never stop, nobody ever stands at the present one.
//
// Until it is indexed a rebuild holds back the rows of keys that come again and
// again, and writes them when they have settled (keeper). So what a rebuild leaves
// that was killed is never fed on or shown: the next one drops it.
//
// # Leases
//
// A generation's lease and its checkpoint are one row. Whoever takes the lease
// gets the next epoch, and commits of older epochs are lost (ErrLost): their
// runner looks again at what is live and what is parked. Therefore a runner may
// keep the parked keys in memory, and a replay, which takes the lease for the
// moment, may change them.
//
// # Handing over
//
// A switch works at any rate of writes. The new generation approaches the live one
// while that is fed. Then the switcher takes the live one's lease, so that its
// runners are fenced and wait; folds the little that is missing; and moves the
// views, in a transaction that holds both epochs and both checkpoints against what
// it knows.
//
//	we crash                before the lease is taken: nothing has happened; behind
//	                        it: the lease ends in seconds and the live generation
//	                        goes on; behind the move: the new one is free
//	readers                 see the live generation as it stands, then the new one at
//	                        the same event or a later one
//	who waits for a write   waits through the pause, in which nothing is folded
//	                        but that little
//
// # When something fails
//
//	a fold fails            the key is parked with the event, in the transaction of
//	                        the batch; its later events wait behind it; its rows stay
//	                        as they were and are hidden; others flow on
//	an unknown event type   passed over and counted
//	a newer schema, or an   the projection stops before it; others go on; Wait and
//	event that does not     Status say so
//	decode, or a gap
//	log or store fail       tried again with back-off
//	we crash                before the commit: the batch is folded again; after it:
//	                        the next one goes on from the new checkpoint
//
// # Who uses what
//
// Engine.Group runs projections (Run), drains them (CatchUp), waits (Wait) and
// reports (Status); Engine.Rebuild, Switch, Verify, Parked and Replay are the
// operator's commands; Trial folds in memory, for the tests of a projection.
package projections
