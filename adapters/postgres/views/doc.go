// Package views keeps read models in PostgreSQL: projections.Store, and the
// queries.Database and queries.Search over it.
//
// # What is in the database
//
//	imprint_views.generations                  one row per build: checkpoint, lease, live or not
//	imprint_views.parked                       events that wait for a key to be mended
//	imprint_views.catalog_documents_v1_g7      a table of generation 7
//	imprint_views.catalog_documents_v1_g7_pkey its primary key, a unique index
//	imprint_views.catalog_documents_v1_g7_i1   a secondary index
//	imprint_views.catalog_documents_v1_g7_fts  the full-text index (GIN)
//	imprint_views_g7.catalog_documents_v1      the view queries read: without parked keys
//	imprint_views.projection_checkpoints       how far each live generation reaches
//
// Text sorts by bytes (COLLATE "C"), whatever the database's language.
//
// # Switching
//
// A view belongs to its generation and never changes. What queries see is decided
// by their search_path, which a snapshot sets to the schemas of the generations
// that are live at its moment. So a switch changes two rows, waits for no reader,
// and a reader sees one side of it throughout. To redefine the views instead would
// wait for every reader, and show the new rows to older snapshots.
//
// # Full text
//
// The index holds which words and refs a row has. A phrase of several words is
// then looked for in the text itself, which is normalised already: words parted by
// single spaces. Nothing of it depends on a language or on PostgreSQL's parser, so
// that the hits are those of the embedded engine.
//
// # Writing
//
// A commit is one round trip: the checkpoint's compare-and-set, then per table one
// DELETE and one INSERT … SELECT FROM unnest … ON CONFLICT, in one transaction
// that the server ends by itself where the first raises. Where rows are new (the
// fold knows) and many, as in a rebuild, they follow by COPY.
//
// A table has no index at first, not even its primary key: the key is made before
// the first row of it is looked for, replaced or deleted, the rest by Index.
//
// It is not waited for until a commit is on the disk (the log is what is durable):
// after a crash of the server it is at an earlier commit, checkpoint and rows
// together, and is fed on from there.
package views
