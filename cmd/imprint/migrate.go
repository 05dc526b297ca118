package main

// Here: bringing the schema of a shared database up to date. A file is brought up
// to date by whoever opens it; a database that several programs use is not.

import (
	"context"
	"fmt"

	"imprint/adapters/postgres"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Make the database's tables, or bring them up to date."`
	Status migrateStatus `cmd:"" help:"Say how the database's tables stand to this program."`
}

type migrateUp struct {
	engineFlags
}

// Help is shown by imprint migrate up --help.
func (migrateUp) Help() string {
	return "Applies the migrations that the database of IMPRINT_DATABASE lacks, each in a transaction of its own; again is no error, and two at once wait for each other. Programs of the version before go on running meanwhile: migrate first, then replace them one by one. Files in a data folder need no migration: whoever opens them brings them up to date."
}

func (c *migrateUp) Run(ctx context.Context, io *console) error {
	return c.migrating(ctx, io, postgres.Migrate)
}

type migrateStatus struct {
	engineFlags
}

func (c *migrateStatus) Run(ctx context.Context, io *console) error {
	return c.migrating(ctx, io, func(context.Context, *postgres.DB) error { return nil })
}

// migrating does something to the database and tells how it stands then; errFound
// if this program cannot serve on it.
func (f engineFlags) migrating(ctx context.Context, io *console, do func(context.Context, *postgres.DB) error) error {
	if err := f.known(); err != nil {
		return err
	}
	if f.databaseInFile() {
		fmt.Fprintln(io.Out, "the database is a file (IMPRINT_DATABASE=file): whoever opens it brings it up to date")
		return nil
	}
	db, err := postgres.Open(ctx, postgres.Options{URL: f.Database, MaxConns: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := do(ctx, db); err != nil {
		return err
	}
	states, err := postgres.Status(ctx, db)
	if err != nil {
		return err
	}
	for _, s := range states {
		fmt.Fprintf(io.Out, "%s: at migration %d, this program knows %d\n", s.Schema, s.Has, s.Knows)
	}
	if err := postgres.Check(ctx, db); err != nil {
		fmt.Fprintln(io.Out, err)
		return errFound
	}
	return nil
}
