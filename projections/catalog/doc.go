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
// be a column of the document, correct also after the newest version alone is
// withdrawn or reinstated. The row therefore remembers its newest versions
// (remembered) and, folded into one, all older ones. Its size does not depend on
// how many versions there are. The price: if every one of the newest 16 versions
// is withdrawn one by one, the row stands at the newest older version that was
// live when it was forgotten, even if that was withdrawn later. The document's
// page lists the versions themselves and is exact always.
//
// Where no version is live, the document stands at version 0 and keeps the time
// of its first publication. A document withdrawn as a whole stays in the lists,
// marked.
package catalog
