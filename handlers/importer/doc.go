// Package importer states the past: it reads published documents with their
// version history from a corpus and records them, now, with the times and names
// that their source claims.
//
// # The corpus
//
// corpus.jsonl holds one version a line in the order of publication; blobs.tar.gz
// holds blobs/<sha256>, each content once. A line names the document by a key
// (source and path), may say that the key replaced another one (renamed_from), or
// that the document was withdrawn.
//
// # How it maps
//
//   - A document is an identity that keeps its versions through renames. Its id is
//     UUIDv5 of the source and its first key; where a later document begins under
//     a key that an earlier one began under, its turn is added to the name.
//   - A rename onto a living document withdraws the occupant; onto a withdrawn one
//     it takes the name, and the old identity stays withdrawn.
//   - A version after a withdrawal reinstates the document.
//   - Every version is major. The source is the category, the folder the series. A
//     changed title or series revises the details. An empty summary becomes
//     a stated placeholder, for a major version must have one.
//   - A time in the future is claimed like any other; nothing is scheduled by it.
//   - Everything carries its origin, so nothing imported is ever mailed.
//
// # Stopping and going on
//
// Bytes are stored before the events that name them. Every command has a request
// id that follows from its line, so a second run finds its own events and adds
// nothing; after a kill at any point the same command simply goes on.
//
// # What has changed at its source
//
// A version never changes. A line whose version is known, and which says anything
// else than the line it was recorded from, writes nothing and is reported
// (Changed); later versions of its document go on. The events carry the line's
// hash for that.
package importer
