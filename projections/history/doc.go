// Package history is the read model of auditors: everything that happened, and
// the catalog as it was.
//
// # Keys and tables
//
//	stream/<stream>          events     one row per event of the log, as recorded
//	document/<id>            documents  what is not a version, by spans of ordinals
//	version/<id>/<number>    versions   each version, by spans of ordinals
//	series/<id>              series     by spans of ordinals
//
// Every event of every known type stands in events exactly once: its data byte
// for byte as recorded, so that personal fields are sealed. Salts are not kept
// here: with a salt a commitment could be tried against guesses. log_time never
// falls as ordinals rise, and leads from a time to an ordinal by an index.
//
// # As of
//
// A row of documents, versions and series holds from one ordinal to before
// another, so the state after the first N events is the rows whose span holds N.
// Events after N open later spans and close open ones after N, and so never
// change an answer as of N. A moment after the end of the log is answered with
// its last ordinal and called provisional.
//
// Where a document stood (its newest live version, when it was last updated) is
// not kept but computed from its versions at N: a new version then adds one small
// row to the history, not a copy of the document. A page of CatalogAsOf therefore
// looks at all documents that stood at N. Readers do not ask this, auditors do.
//
// # Published by
//
// The times claimed make another order: of each document the newest version by
// number among those published by the time claimed, as corrected since, and not
// withdrawn by then. Withdrawals and reinstatements count by the time they claim,
// those of one version, which claim none, by the time of their event. Title and
// details claim no time and are shown as they are now. A later import may state a
// past that was not known before: such an answer can change, and so never proves
// what was shown; as of does.
//
// # Who sees what
//
// An auditor sees all. Any other reader sees of a past moment what the document's
// audience then and its audience now both let that reader see: what was hidden
// since is not shown again by asking for the past, and what was hidden then was
// not there to be seen.
package history
