// Package eventlog keeps the log in one SQLite file: the embedded engine of
// event.Log.
//
// # Writing
//
// One caller at a time writes, for itself and for all who wait: it takes whatever
// appends stand in the queue, up to a few hundred, puts them into one
// transaction, commits (an fsync) and answers them, so that the callers of a busy
// moment share one fsync. A lone caller writes its own append without waking
// anybody:
//
//	Append ──► queue ──► turn: BEGIN IMMEDIATE, insert …, COMMIT ──► answers
//
// Since the folder's lock makes this program the only writer, it knows the last
// revision of each recently written stream and the end of the log by heart, and
// an append costs one prepared insert per event. The unique indexes on (stream,
// revision) and on the event id stand guard behind that memory.
//
// # When something fails
//
//	before COMMIT   nothing of the transaction was written. It is rolled back and
//	                its appends are done again, one transaction each, so that
//	                nobody fails for a neighbour's fault
//	at COMMIT       the outcome is not known (the end of the file may come back
//	                after a crash): every append of it answers ErrUncertain, and
//	                the next turn takes a new connection and reads its memory anew
//	crash           an append is answered after its commit only; the file comes
//	                back with every acknowledged event and no half transaction
//
// # Reading
//
// The ordinal is the row id and the position is the ordinal in 16 hexadecimal
// digits. Pages check what they pass: a missing ordinal, a missing revision or a
// log time that goes back stops the reader with event.ErrCorrupt.
package eventlog
