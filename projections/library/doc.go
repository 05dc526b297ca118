// Package library is the read model of what persons keep: the documents saved
// and what each has said about a series.
//
// # Keys and tables
//
//	entry/<person>/<document>   entries   when it was saved, and what was seen then
//	follow/<person>/<series>    follows   the latest explicit follow and unfollow
//
// # What is joined at read
//
// Nothing of a document is copied here but what the person saw when saving it.
// Its title now, whether it may still be seen, its versions and its series come
// from the catalog in the same moment of the database. So a new version of a
// document that a million people keep changes one row.
//
// Following by saving is not stored either. It follows from the entries, the
// series the documents are in now and the explicit words, exactly as the pure
// function domain/library.Follows says; the query expresses that function in SQL
// and a property test holds the two against each other.
//
// # What a person sees
//
// An entry whose document the person may no longer see keeps the title it was
// saved with and shows nothing else. A withdrawn document stays, with the reason,
// and is not marked as updated. The 30-day mark counts major versions after the
// first that stand, by the time that Last updated goes by: as recorded, or as
// claimed where it was imported and the claim is earlier.
package library
