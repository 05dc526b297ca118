package main

// Here: what an operator asks at the command line of an installation that another
// imprint may serve.

import (
	"context"
	"fmt"
	"net"

	"imprint/adapters/datafolder"
	"imprint/adapters/work"
	"imprint/handlers/control"
)

// operations are what an operator asks of this installation.
func (in *opened) operations() control.Operations {
	return control.Local{People: in.people, Clock: in.clock, Operator: operator, Mails: in.facts, Digests: work.NewDigests(in.work)}
}

// operationsOf answers the operations on a folder, and how to leave it: in this
// process where the folder is free, else in the one that holds it.
func operationsOf(ctx context.Context, flags engineFlags, o options) (control.Operations, func() error, error) {
	in, err := open(ctx, flags, o)
	if codeOf(err) != datafolder.InUse {
		if err != nil {
			return nil, nil, err
		}
		return in.operations(), in.Close, nil
	}
	held := err
	dial := func(ctx context.Context) (net.Conn, error) {
		conn, err := datafolder.Dial(ctx, flags.Data)
		if err != nil { // it does not serve (yet): an import, say
			return nil, fmt.Errorf("%w (it answers no other command: %w)", held, err)
		}
		return conn, nil
	}
	return control.Client{Dial: dial}, func() error { return nil }, nil
}
