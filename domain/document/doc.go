// Package document holds the rules of one document and its versions.
//
// A State is folded from the document's events; its methods are the decisions.
// A decision answers the events that it leads to, or a domain.Error; it changes
// nothing, reads no clock and knows nothing outside the document. What it needs
// from outside (the time, whether a category exists) is given or checked by the
// caller.
//
// # What holds of every document
//
//   - Versions are numbered 1, 2, 3 … without gaps, in the order of recording.
//   - A version never changes. A wrong summary or date is corrected by a further
//     event; both stay on record.
//   - The first version is major, and every major version has a summary.
//   - A new version names the newest one its author knew; if that is no longer
//     the newest, it is refused as domain.Stale.
//   - A withdrawn document takes neither versions nor withdrawals of versions
//     until it is reinstated. Its details, summaries and dates may be corrected.
//   - A document that is not withdrawn has at least one version that is not
//     either: the last one is withdrawn with the document.
//   - The current version is the highest that is not withdrawn. Publishing its
//     bytes again is refused unless forced. (The newest is the highest of all.)
//
// # Imports
//
// An import states the past: what a source says happened, in the order in which
// the source says it, with the source's times. It is not based on a version of
// ours, and equal bytes are a version if the source has one. Its events carry an
// Origin.
package document
