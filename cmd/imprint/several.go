package main

// Here: what a served installation does beside others that serve it too, and how it
// tells that an engine is away.

import (
	"context"
	"time"

	"imprint/adapters/postgres"
	"imprint/adapters/work"
	"imprint/handlers/reactions"
)

const (
	// turnLasts is how long the reactions stand still after the program that carried
	// them out was killed; turnEvery how often it says that it lives.
	turnLasts = 15 * time.Second
	turnEvery = 5 * time.Second
	turnName  = "reactions"

	// answerTime bounds how long an engine may take to say that it is there.
	answerTime = 3 * time.Second
)

// react carries out consequences, in turn with the other programs where the
// database may have some.
func (in *opened) react(ctx context.Context, consequences *reactions.Reactions) error {
	if in.database == nil {
		return consequences.Run(ctx)
	}
	return consequences.RunInTurn(ctx, work.NewLease(in.work, turnName, in.holder, turnLasts), turnEvery)
}

// listener is a store that hears of the commits of other programs.
type listener interface {
	Listen(ctx context.Context) error
}

// listen hears of them until the context ends. What is heard is a hint.
func (in *opened) listen(ctx context.Context) error {
	if store, ok := in.views.(listener); ok {
		return store.Listen(ctx)
	}
	return nil
}

// unreachable names the settings whose engines do not answer, and why they do not.
func (e *engines) unreachable(ctx context.Context) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	found := map[string]error{}
	content := make(chan error, 1) // asked beside the others, for each may take all the time
	go func() {
		c, ok := e.content.(interface{ Health(context.Context) error })
		if !ok {
			content <- nil
			return
		}
		content <- c.Health(ctx)
	}()
	if l, ok := e.log.(interface{ Health() error }); ok {
		if err := l.Health(); err != nil {
			found["IMPRINT_LOG"] = err
		}
	}
	if e.database != nil {
		if err := postgres.Explain(e.database.Write.Ping(ctx)); err != nil {
			found[postgres.Setting] = err
		}
	}
	if err := <-content; err != nil {
		found["IMPRINT_CONTENT"] = err
	}
	return found
}
