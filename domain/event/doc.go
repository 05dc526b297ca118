// Package event says what an event is, how it is written down for ever, and what
// Imprint asks of the log that keeps it.
//
// # One event
//
// A payload (document.Versioned, library.Saved …) is a plain struct with a
// constant name and an integer schema version. Encoding turns it into an Event:
//
//	payload ──► fact (JSON before sealing) ──► commitment = SHA-256(salt ‖ fact)
//	        └─► data (JSON with every Secret sealed)
//
// The commitment stands in the clear in the metadata of every provable event;
// the salt beside it is sealed where the fact is personal or restricted. A proof
// shows fact and salt to someone entitled; everyone else sees a hash that tells
// nothing, also after the key has been destroyed.
//
// # The log
//
// Log is the port: an append names the revision it was decided on, an event that
// ReadAll has returned never gets a new neighbour before it, and a lost
// acknowledgement is retried with the same ids. Ordinals (1, 2, 3 …) number our
// events in ReadAll order and are equal on every engine; positions are one
// engine's own and live in checkpoints and wait tokens only.
//
// # Reading old events
//
// What has been written is never rewritten. A Registry knows each type's newest
// schema and the upcasters that lead there; the golden files of package schema
// hold every version ever written and are decoded in the tests.
package event
