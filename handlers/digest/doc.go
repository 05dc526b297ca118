// Package digest tells people by mail what has changed: the worker behind
// BEHAVIOUR §7 and §8.
//
// # The way of one digest
//
//	log ──► facts ──► standing (one work row per person: settings, cursor, next due)
//	                     │ due: claimed under a lease
//	                     ▼
//	window [cursor, end) ──► candidates (projections/notices) ──► access decided:
//	                     ▼                                  one snapshot for a group
//	intent: bytes frozen and sealed, cursor and next due advanced      one commit
//	                     ▼
//	mail server ──► outcome                                            one commit
//	                     ▼
//	DigestSent, DigestWithheld or DigestFailed appended ──► facts ──► delivery closed
//
// Persons are claimed and selected for in groups, and served by twice as many
// goroutines as there are connections, while the next ones are claimed: each takes a
// connection, and a turn where a rate limits, before the intent, and frees the
// connection when the server has answered. So no intent waits for either, and at most
// two digests for each connection are in doubt if we die. A selection that has grown
// old behind a slow server is made anew before the intent.
//
// A round ends early, and gives back whom it has claimed, when no mail can or may
// leave, when a read model ceases to be whole, and when a whole group of persons, one
// after the other, could not be served: then the fault is not theirs.
//
// The circle closes through the log: what ends a delivery is not the worker but the
// fact, folded in one transaction with the reader's checkpoint. The same fold mends
// work rows restored from an older backup: a cursor is never below what the log
// says was sent.
//
// # Waiting
//
// No window comes back. So digests are selected, frozen, sent and sent again only
// while catalog, library and notices are whole: at the log's end as the round found
// it, not stopped, without parked keys. This is asked in the very snapshot that is
// selected from. Otherwise the round ends with ErrWaiting: no cursor moves, and after
// the mend and the replay each due update is told once.
//
// # What if we die here
//
//	W1  before the intent: the person is still due; the lease runs out
//	W2  between digest and cursor: impossible, they are one commit
//	W3  after the intent, before sending, and
//	W4  while sending: in doubt; after the lease the same bytes go out (a needless
//	    second attempt, but no second copy)
//	W5  after the last byte, before the answer, and
//	W6  after the answer, before it is recorded: in doubt; the same bytes under the
//	    same Message-ID go out again. This is the one window for a second copy.
//	    While the process lives there is none: an outcome that cannot be recorded
//	    is kept, and recorded before any lease is given back
//	W7  after the outcome, before the fact: the row says so; the fact has a derived
//	    id and is appended once
//	W8  paused past the lease: what is left of the lease is measured right before
//	    sending, and every commit names the lease's epoch
//	W9  half a mail: the bytes are complete before the first of them is sent
//	W10 turned off meanwhile: facts are folded before each group is claimed, and the
//	    intent looks at the settings as they are in its transaction. The commands that
//	    end mail to somebody fold their own fact before they answer (Facts), so that no
//	    intent commits after the answer
//
// A process dies at each of these in the proofs (points.go, docs/verification.md).
//
// # Addresses
//
// A digest goes to an address that its reader has confirmed. A new one is sent a
// signed link that expires (ask, confirm.go), by the same worker and under the same
// lease; until it has been followed, the address before stays in force, and where
// there is none, what is due waits. It waits too while an address is suspended, for
// a mail that came back or was reported as unwanted. Nobody is told of what happened
// while digests were off, or the account disabled.
//
// # Failing
//
//	refused for now     composed anew later, access decided again; five times, or a
//	                    day, then given up
//	in doubt            the same bytes, if every item is still allowed
//	refused for good,   DigestFailed; the items are carried into the next digest by
//	stopped, given up   reference, marked as possibly sent before if in doubt; an
//	                    immediate reader's next digest is made after a back-off
//	route down          nobody's fault: tried again when the route is; the worker
//	                    stops claiming meanwhile (circuit breaker)
//
// # Rates
//
// Before a mail is composed for sending, it needs a turn of the rate over all and one
// of its domain's (pace). For the first it waits a little, for nobody else could leave
// either. A turn of its domain's that lies ahead is kept for the person, who is put off
// until then with no lease and no connection (Standing.Later), and then comes before
// all others. Turns are counted by the work database, in blocks; one that is lost in a
// crash means a mail fewer, never one more.
//
// Two clocks: the application's says who is due and when to try again, the work
// database's decides leases.
package digest
