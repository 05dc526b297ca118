// Package bounces takes in what comes back: reports that a mail was not delivered
// (RFC 3464) and that a reader has marked one as unwanted (RFC 5965). They lie in a
// mailbox, or are posted.
//
// A report is believed only where it leads to somebody by a signature of ours: that
// of the address which the mail was sent from (VERP), to which the report goes, or
// that of the one-click address in the headers of the mail that comes back with it.
// What a report says of recipients is never read: anybody can write that.
//
//	report ─► Parse: what kind, which status, which of our signatures
//	       ─► whose, and which of the person's addresses
//	       ─► MailBounced, MailSuspended in the person's stream
//
// Each report may be taken in any number of times: the second time changes nothing.
// So a mailbox is emptied after what was in it has been recorded, and a crash in
// between costs nothing.
package bounces
