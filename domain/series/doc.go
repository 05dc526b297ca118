// Package series holds the rules of one series: a named line of documents, such
// as the yearly SOC 2 reports.
//
// Which documents are in a series is a matter of the documents: each says in its
// details which one series it is in. The series' stream holds its name, its end,
// and the consequences (Updated) of what happened to its documents, appended by
// a reaction, each once.
//
// A discontinued series takes no further document and is not reopened. It may
// name a successor: another series, which is not discontinued itself.
package series
