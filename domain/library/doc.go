// Package library holds the rules of one person's library: the documents kept,
// the series followed.
//
// Saving keeps the first time, removing what is not there does nothing, and so
// for following: the log holds changes only. Following by saving is not stored;
// Follows derives it, and everything that asks who follows what asks it.
package library
