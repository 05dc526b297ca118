// Package catalog is the read model of what readers browse, search and open: the
// documents with their versions, the series and the categories (tiles).
//
// # Keys and tables
//
//	document/<id>            documents   one row: what lists show, and what sorts them
//	                         tags        its categories, services, regions, industries, series
//	version/<id>/<number>    versions    one row: what the document's page shows
//	                         hashes      the SHA-256 of its files, to find it by
//	series/<id>              series
//	category/<slug>          categories
//
// An event about one version touches two keys, its document and that version.
// They are folded apart, and either may be parked: queries therefore reach a
// version only through its document's row.
//
// # The version that readers see
//
// A document stands at its newest version that is not withdrawn, and was last
// updated by the newest major one of these. Lists sort by that time, so it must
// be a column of the document, correct whichever versions are withdrawn alone or
// reinstated. Any version may become the newest live one again, and a fold reads
// no other key's rows: the row therefore keeps of every version its two times and
// its marks, 17 bytes (moments).
//
// Summaries are longer, so the row keeps those of its newest 16 versions only. A
// document that stands at an older version, since all of these are withdrawn, is
// marked as forgotten: queries take its summary from the version's own row, and
// search it there.
//
// Where no version is live, the document stands at version 0 and keeps the time
// of its first publication. A document withdrawn as a whole stays in the lists,
// marked.
package catalog
