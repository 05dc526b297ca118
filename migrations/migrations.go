// Package migrations holds the schema changes of the log, the work tables and the
// projections' registry, one folder per engine and database. Read models are not
// here: a projection's tables follow from its code version.
package migrations

import "embed"

// SQLite holds sqlite/log, sqlite/work and sqlite/views.
//
//go:embed sqlite
var SQLite embed.FS
