// Package terms is the one way from text to search terms: what is indexed and
// what a reader types go through it alike, so that both full-text engines
// (SQLite FTS5 and PostgreSQL tsvector 'simple') find the same documents.
//
// A token is a run of letters, or a run of digits, in lower case and without
// diacritics, of at most 64 characters. "SOC2" and "SOC 2" are the tokens "soc"
// and "2", "ISO/IEC 27001:2022" is "iso", "iec", "27001" and "2022". Signs of
// scripts that write no spaces between words (Chinese, Japanese, Thai …) are a
// token each, so that a part of such a text is found as a phrase. What is neither
// letter nor digit separates tokens and is not kept.
//
// Index the result of Normalise; build the engine's query from the tokens of
// Parse. A token never holds a quote, an operator or a wildcard, so it may stand
// between quotes in either query language without further care:
//
//	input       soc2 report "type 2" v3
//	Words       [soc 2] phrase · [report] prefix · [type 2] phrase
//	Versions    [3]
//	SQLite      "soc 2" AND "report"* AND "type 2"
//	PostgreSQL  (soc <-> 2) & report:* & (type <-> 2)
//
// Words are joined by AND. Tokens of a phrase stand next to each other in that
// order; a prefix concerns the last token of its word. Versions and SHA256 are
// not text: they say which version is meant.
//
// Every function is pure and takes any bytes. This package is the one exception
// to the rule that the domain imports the standard library only: the
// decomposition of characters (Unicode normalisation form NFKD, UAX #15) comes
// from golang.org/x/text/unicode/norm, the tables' own maintainers.
package terms
