package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
)

type digestCommand struct {
	Due     digestDue     `cmd:"" help:"List the persons whose digest is due."`
	Preview digestPreview `cmd:"" help:"Show the digest that a person would get now; nothing is sent."`
	Run     digestRun     `cmd:"" help:"Send all digests that are due, once, and stop."`
	Failed  digestFailed  `cmd:"" help:"List what waits after a failure, and when it is tried again; also while imprint serves."`
	Retry   digestRetry   `cmd:"" help:"Make what waits after a failure due now, for one person or for all; also while imprint serves."`
}

// digestFlags are what all digest commands need.
type digestFlags struct {
	engineFlags
	portalFlags
	mailFlags
}

// with opens the installation with its read models and the worker up to date.
func (f *digestFlags) with(ctx context.Context, io *console, do func(in *opened, s *mailing) error) error {
	if f.PortalURL == "" {
		f.PortalURL = "http://" + defaultListen
	}
	return f.writing(ctx, func(in *opened) (err error) {
		if err := catchUp(ctx, in, io); err != nil {
			return err
		}
		service, err := in.digests(f.portalFlags, f.mailFlags)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, service.Close()) }()
		if _, err := service.CatchUp(ctx); err != nil {
			return err
		}
		return do(in, service)
	})
}

type digestDue struct {
	digestFlags
}

func (c *digestDue) Run(ctx context.Context, io *console) error {
	return c.with(ctx, io, func(in *opened, s *mailing) error {
		due, err := s.Due(ctx, in.clock())
		if err != nil {
			return err
		}
		why, err := s.Waits(ctx)
		if err != nil {
			return err
		}
		if why != "" {
			fmt.Fprintf(io.Out, "digests wait, nothing is lost: %s\n", why)
		}
		if len(due) == 0 {
			fmt.Fprintln(io.Out, "nobody is due")
			return nil
		}
		table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "PERSON\tFREQUENCY\tDUE\tWINDOW FROM\tSTATE\tREASON")
		for _, d := range due {
			at := "at once"
			if !d.Due.IsZero() {
				at = d.Due.Format(time.RFC3339)
			}
			state := string(d.State)
			if !d.PutOff.IsZero() { // by --mail-domain-rate
				state = "put off until " + d.PutOff.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", d.Person, d.Frequency, at, d.From, state, d.Failure)
		}
		return table.Flush()
	})
}

type digestPreview struct {
	digestFlags
	Person string `arg:"" help:"The person's id."`
	HTML   bool   `env:"IMPRINT_PREVIEW_HTML" help:"The HTML part instead of the text."`
}

func (c *digestPreview) Run(ctx context.Context, io *console) error {
	person, err := uuid.Parse(c.Person)
	if err != nil {
		return domain.Refuse(domain.Invalid, "bad-person", "%.60q is not a person's id; imprint digest due and imprint token list print ids", c.Person)
	}
	return c.with(ctx, io, func(_ *opened, s *mailing) error {
		preview, err := s.Preview(ctx, person)
		if err != nil {
			return err
		}
		if len(preview.Items) == 0 {
			fmt.Fprintf(io.Out, "there is nothing to tell; %d items are withheld\n", len(preview.Withheld))
			return nil
		}
		body := preview.Mail.Text
		if c.HTML {
			body = preview.Mail.HTML
		}
		fmt.Fprintf(io.Out, "Subject: %s\n\n%s", preview.Mail.Subject, body)
		return nil
	})
}

type digestRun struct {
	digestFlags
	graceFlag
}

func (c *digestRun) Run(ctx context.Context, io *console) error {
	return c.with(ctx, io, func(in *opened, s *mailing) error {
		if err := in.reactions(c.Grace).CatchUp(ctx); err != nil {
			return err
		}
		if err := catchUp(ctx, in, io); err != nil {
			return err
		}
		report, err := s.RunOnce(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.Out, "%d accepted, %d with nothing to tell, %d withheld, %d put off, %d deferred, %d failed, %d in doubt\n",
			report.Accepted, report.Empty, report.Withheld, report.PutOff, report.Deferred, report.Failed, report.Doubtful)
		if report.RouteDown {
			return domain.Refuse(domain.Unavailable, "route-down", "the mail server cannot be reached, or does not answer; check --mail, nothing is lost and the next run tries again")
		}
		return nil
	})
}
