// Package postgres connects to the PostgreSQL database of an installation, says
// what went wrong with it in words, and brings its schema up to date. The
// packages below it are the adapters proper: views (the read models' store).
//
// # Two schemas
//
//	imprint_views   the registry of generations, and the tables of read models
//	imprint_work    work tables: what cannot be made anew from the log
//
// They are two because their worth differs: imprint_work belongs into every
// backup, imprint_views may be dropped whole and is folded anew. Each generation
// of a read model has a further schema, imprint_views_g7, with its views.
//
// The user of the database needs CREATE on it (migrations and generations make
// schemas). Connections keep prepared statements and set their search_path, so
// that a pooler between must pool sessions, not transactions.
//
// # Two pools
//
// Write commits; Read answers queries, from a replica where one is given. Apart,
// so that many readers never keep a projection from its commit.
//
// # Migrations
//
// Goose applies migrations/postgres/registry and …/work, each in its schema. They
// are additive: the program before keeps running beside a newer schema, and a
// newer program beside an older one waits for `imprint migrate up`. Neighbouring
// versions therefore run at once: migrate first, then replace the programs one by
// one. A migration that older programs could not live with says so in the table
// imprint_views.compatibility, and they refuse to serve.
//
// # Time
//
// imprint_views.clock() is the one clock that leases go by.
package postgres
