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
)

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
	folderFlags
	Person string `required:"" placeholder:"NAME" help:"Whom it is for; the person joins if not known yet. The name is kept sealed."`
	Role   string `required:"" placeholder:"ROLE" help:"What it may do: reader, publisher, auditor or administrator."`
	Days   int    `default:"90" help:"How many days it holds, 1 to 366."`
}

func (c *tokenIssue) Run(ctx context.Context, io *console) (err error) {
	role, err := access.ParseRole(c.Role)
	if err != nil {
		return err
	}
	in, err := open(ctx, c.folderFlags, options{create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	joined, err := in.people.Join(ctx, operator(), c.Person)
	if err != nil {
		return err
	}
	issued, err := in.people.IssueToken(ctx, operator(), handlers.IssueToken{
		Person: joined.Person, Role: role, Expires: in.clock().AddDate(0, 0, c.Days),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(io.Out, issued.Secret)
	fmt.Fprintf(io.Err, "Token %s for person %s, role %s, until %s.\nIt is shown this once: send it as \"Authorization: Bearer …\".\n", issued.ID, issued.Person, issued.Role, issued.Expires.Format(time.DateOnly))
	return nil
}

type tokenList struct {
	folderFlags
}

func (c *tokenList) Run(ctx context.Context, io *console) (err error) {
	in, err := open(ctx, c.folderFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	tokens, err := in.people.ListTokens(ctx, operator())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tPERSON\tROLE\tEXPIRES")
	for _, t := range tokens {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.ID, t.Person, t.Role, t.Expires.Format(time.DateOnly))
	}
	return table.Flush()
}

type tokenRevoke struct {
	folderFlags
	Token string `arg:"" help:"The token's id, as list prints it."`
}

func (c *tokenRevoke) Run(ctx context.Context, io *console) (err error) {
	id, err := uuid.Parse(c.Token)
	if err != nil {
		return domain.Refuse(domain.Invalid, "bad-token-id", "%.60q is not a token's id; imprint token list prints them", c.Token)
	}
	in, err := open(ctx, c.folderFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if _, err := in.people.RevokeToken(ctx, operator(), id); err != nil {
		return err
	}
	fmt.Fprintf(io.Out, "token %s has ended\n", id)
	return nil
}
