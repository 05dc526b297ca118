// Package kurrent keeps the log in KurrentDB (EventStoreDB 23.10 or later), by
// its official client.
//
// # Names
//
// The stream document-0198… of installation acme is acme.main.document-0198… on
// the server, so that several installations and other applications share one
// cluster. Data and metadata are JSON and the metadata holds $correlationId and
// $causationId, so that events read well in KurrentDB's browser. What passes the
// prefix acme.main. is counted, of a known type or not; nobody else may write there.
//
// # Places
//
// A position is commit and prepare position, 16 hexadecimal digits each. The
// server knows no ordinals: they are counted on from the checkpoint that a reader
// brings. Reading from a position includes the event at it, which is how a
// position of another log, or of one cut short, is found: no event of ours is
// there. Two logs may have an event at the same position all the same, so whoever
// opens an installation compares the identity in event 1 (LogOpened) with the one
// beside its checkpoints.
//
// # Reading
//
//	tail   a finite read of $all after the checkpoint, filtered here: precise
//	       about the end, and enough for a reader that follows the log
//	feed   when there is more than a window of it: a subscription to $all with
//	       the filter on the server, read ahead in the background, until it has
//	       caught up (the client has no filter on finite reads)
//	watch  a live subscription from the end; it only wakes those who wait
//
// Positions come from events alone: the checkpoints that a filtered subscription
// sends may lie beyond an unread event (some 24.10 and 25.0 servers).
//
// # Failure
//
// The client is closed for good once its discovery gives up, ignores contexts
// while it discovers, and panics when it is closed with calls outstanding.
// Therefore each call runs beside its caller and is counted, discovery never gives
// up, a client whose connection failed is retired (closed when its last call is
// back), and new calls wait at a gate until a scout of its own has found the
// server again; after a while they are refused as unavailable instead.
//
//	wrong version      the stream's end is read: the earlier answer if the very
//	                   same ids stand there, a conflict otherwise
//	lost answer        the append is repeated with the same ids, which the server
//	                   recognises; event.ErrUncertain when patience runs out
//	another log        a server that comes back with another event 1, or with
//	                   none, is not let through the gate until the right one is back
//	crash of ours      nothing is kept here; events acknowledged are on the server
//
// An event id is found only where the append would put it: this engine has no
// event.KnownID.
package kurrent
