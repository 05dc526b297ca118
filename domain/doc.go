// Package domain holds the few words that every part of Imprint shares: kinds of
// error, the clock, days, derived identifiers and text in several languages.
//
// The packages below it are the product's rules, one aggregate each (document,
// series, category, library, person, notice, digest), what may be seen by whom
// (access), when a digest is due (calendar) and how all of it is recorded
// (event, schema). None of them does any input or output, reads a clock or knows
// a database: they import the standard library without os, net and sql, and
// google/uuid. A test over `go list` holds this.
package domain
