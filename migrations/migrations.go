// Package migrations holds the schema changes of the log, the work tables and the
// projections' registry, one folder per engine and database. Read models are not
// here: a projection's tables follow from its code version.
package migrations

import "embed"

// SQLite holds sqlite/log, sqlite/work and sqlite/views.
//
//go:embed sqlite
var SQLite embed.FS

// PostgreSQL holds postgres/registry (schema imprint_views) and postgres/work
// (schema imprint_work); see package postgres for what a migration must keep to.
//
//go:embed postgres
var PostgreSQL embed.FS
