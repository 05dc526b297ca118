// Package views keeps read models in one SQLite file: the embedded engine of
// projections.Store, and the queries.Database over it.
//
// # What is in the file
//
//	generations                      one row per build: checkpoint, lease, live or not
//	parked                           events that wait for a key to be mended
//	catalog_documents_v1_g7          a table of generation 7, with row_id and a unique
//	                                 index over its primary key
//	catalog_documents_v1_g7_i1       a secondary index
//	catalog_documents_v1_g7_fts      the full text (FTS5, external content), fed by triggers
//	catalog_documents_v1             the view queries read: live, without parked keys
//	catalog_documents_v1_text        the view full-text queries match: row_id, terms, rank
//	projection_checkpoints           how far each live generation reaches
//
// Generations number all builds of the file; they are never used twice. A switch
// makes the views anew in one transaction, so that a snapshot sees the old ones or
// the new ones throughout.
//
// # Full text
//
// FTS5 lets MATCH through a view that names the table's own hidden column:
//
//	SELECT d.id FROM catalog_documents_v1_text t
//	JOIN catalog_documents_v1 d ON d.row_id = t.row_id
//	WHERE t.terms MATCH $1 ORDER BY t.rank LIMIT 20
//
// bm25 cannot be called through the view; rank is the same with equal weights.
// The text view also finds parked rows; the join hides them. The columns hold
// normalised terms already, so the tokenizer folds no diacritics itself. While a
// new generation is first being loaded its text view finds nothing.
//
// # Writing and reading
//
// One connection writes, one transaction at a time, with every statement prepared
// once per generation and table; rows go out in statements of 64, 8 or 1 rows.
// Commits are not synced one by one (the log is what is durable): after a power
// cut the file comes back at an earlier commit, checkpoint and rows together, and
// is fed on from there. Reading connections keep their prepared statements too.
package views
