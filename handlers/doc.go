// Package handlers carries out commands: load → decide → append.
//
// A command names one aggregate. Its stream is folded into the state by the
// aggregate's package under domain, which also takes the decision; this package
// adds what a decision cannot know: who may ask (roles), whether the bytes are
// stored and the document is visible to the reader, the time, and the identity
// of the request.
//
// # One request is one deed
//
//	ids      = UUIDv5(actor, request id, 0, 1, 2 …)
//	repeated = the stream holds an event of the first of these ids
//
// A repeated request writes nothing. Its answer is read from what the first one
// wrote, also after a crash and also if the world has moved on since. The events
// carry the request's fingerprint: another request under the same id is refused
// as domain.Reused. Where the other request went to another stream, the log
// itself knows the id and refuses it (event.KnownID). KurrentDB does not; there
// stream and fingerprint are noted before the append (Requests) for 90 days. A
// request whose append was refused has its id noted all the same.
//
// A request that had nothing to change leaves no trace, and is decided anew when
// it is repeated.
//
// # Conflicts
//
// An append names the revision it was decided on. If the stream has moved on,
// the command is decided again on the newer state, at most five times. A command
// that names the version it was based on is refused by that second decision
// (domain.Stale) exactly if the version has changed, not if, say, a summary was
// corrected meanwhile. An append of unknown outcome is repeated with the same
// ids, at most five times, and then reported as domain.Unavailable: the caller
// repeats the request under its id.
//
// # What is trusted
//
// Invariants are held by streams alone: read models lag and are asked only
// whether a reader may see a document or series and how many documents a
// category holds. One append touches one stream; a rule between streams
// (categories exist, a series is open) is checked on the other stream's present
// state just before the append, and may be broken by a change in that moment;
// what is shown then is a document in a category that has just gone.
//
// # Long streams
//
// The states lately used are kept (cache.go) and led on from the log before each
// decision, so a command on a document of thousands of versions reads only what
// is new. Imports need no interface of their own for that.
package handlers
