package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/control"
)

// tokenCommand works also while another imprint serves the folder: it asks that
// one then.
type tokenCommand struct {
	Issue  tokenIssue  `cmd:"" help:"Issue an access token; it is shown once."`
	List   tokenList   `cmd:"" help:"List the access tokens in force."`
	Revoke tokenRevoke `cmd:"" help:"End an access token at once."`
}

// operator is a request from the command line.
func operator() handlers.Request {
	return handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: event.OperatorActor}}
}

type tokenIssue struct {
	engineFlags
	Person string `required:"" env:"IMPRINT_TOKEN_PERSON" placeholder:"NAME" help:"Whom it is for; the person joins if not known yet. The name is kept sealed."`
	Role   string `required:"" env:"IMPRINT_TOKEN_ROLE" placeholder:"ROLE" help:"What it may do: reader, publisher, auditor, administrator, or postmaster for a mail server that hands in reports."`
	Days   int    `env:"IMPRINT_TOKEN_DAYS" default:"90" placeholder:"DAYS" help:"How many days it holds, 1 to 366."`
}

func (c *tokenIssue) Run(ctx context.Context, io *console) (err error) {
	role, err := access.ParseRole(c.Role)
	if err != nil {
		return err
	}
	tokens, done, err := operationsOf(ctx, c.engineFlags, options{create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	issued, err := tokens.Issue(ctx, control.Issue{Person: c.Person, Role: role, Days: c.Days})
	if err != nil {
		return err
	}
	fmt.Fprintln(io.Out, issued.Secret)
	fmt.Fprintf(io.Err, "Token %s for person %s, role %s, until %s.\nIt is shown this once: send it as \"Authorization: Bearer …\".\n", issued.ID, issued.Person, issued.Role, issued.Expires.Format(time.DateOnly))
	return nil
}

type tokenList struct {
	engineFlags
}

func (c *tokenList) Run(ctx context.Context, io *console) (err error) {
	tokens, done, err := operationsOf(ctx, c.engineFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	all, err := tokens.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tPERSON\tROLE\tEXPIRES")
	for _, t := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.ID, t.Person, t.Role, t.Expires.Format(time.DateOnly))
	}
	return table.Flush()
}

type tokenRevoke struct {
	engineFlags
	Token string `arg:"" help:"The token's id, as list prints it."`
}

func (c *tokenRevoke) Run(ctx context.Context, io *console) (err error) {
	id, err := uuid.Parse(c.Token)
	if err != nil {
		return domain.Refuse(domain.Invalid, "bad-token-id", "%.60q is not a token's id; imprint token list prints them", c.Token)
	}
	tokens, done, err := operationsOf(ctx, c.engineFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := tokens.Revoke(ctx, id); err != nil {
		return err
	}
	fmt.Fprintf(io.Out, "token %s has ended\n", id)
	return nil
}
