// Package acceptance holds the product's rules against the whole of the product:
// one test for each group of rules, one sub-test for each statement, named by it.
//
// Its world is the real thing in small: the log, the read models and the work
// tables in files, the reactions, the digest worker and the HTTP API on top,
// mails in a folder, and a clock that is set by hand. Persons act through the API
// alone. Time stands still unless a test lets it pass; read models follow each
// write at once, and consequences and digests when the test says so.
//
// What a rule means in detail (every corner, every fault) is tested beside the
// code that carries it out; docs/verification.md says where.
package acceptance
