// Package kurrenttest is a server of the part of the KurrentDB (EventStoreDB)
// protocol that this program uses: a test double that the real client talks to
// over a real socket. It keeps to what the real server was seen, or read in its
// source, to do, inconvenient parts included, so that a test which passes here
// says something about production.
//
// # What is served
//
//   - Streams: Append (all or nothing, at most 1 MiB), BatchAppend, Read of a
//     stream and of $all in both directions, subscriptions to both, Delete and
//     Tombstone. Filters by stream name or event type, by prefixes or regular
//     expression, for $all.
//   - ServerFeatures, and Gossip with members that tests can set.
//   - TLS with a certificate made at the start, and basic credentials, if asked.
//
// Not served: persistent subscriptions, projections, users, access lists, link
// resolution, scavenging. Regular expressions are Go's, not .NET's.
//
// # What is easily got wrong, and so is kept
//
//   - Positions are sparse. Reading $all from one is inclusive forwards and
//     exclusive backwards; a number that is no boundary is InvalidArgument.
//   - A subscription skips the first record at or after its start, as the real
//     server does; it is told of its confirmation first, and is told that it has
//     caught up each time it goes live, not once.
//   - A filtered subscription gets a checkpoint when it goes live and after each
//     window × multiplier records considered, matching or not.
//   - $all holds system events too: a new log begins with some, deletions and
//     their revocation write $metadata, and by default statistics follow every
//     16 appends. Who does not filter, counts them.
//   - A wrong expected version is an ordinary answer to Append, but a failure
//     with trailers of Delete and Tombstone.
//   - Appending the same ids where they were appended before answers as the
//     first time; only some of them known is a wrong version.
//
// # Faults
//
// [Server.Inject] makes the n-th next call of a method fail in a chosen way,
// before anything is done or after it, when only the answer is lost.
// [Server.Stop] and [Server.Restart] are an outage; the log stays.
package kurrenttest
