package main

// Here: what waits after mails have failed, listed and tried now.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/handlers/digest"
)

type digestFailed struct {
	engineFlags
	JSON bool `env:"IMPRINT_DIGEST_JSON" name:"json" help:"One JSON object a line, for programs."`
}

// Help is shown by imprint digest failed --help.
func (digestFailed) Help() string {
	return "Nothing is sent and nothing is changed. WAITS says what becomes of it: again (the mail is composed anew and tried), in-doubt (the same bytes go out again, for the mail may have arrived), carried (its items go into the next digest), record (it has ended, and that is about to be recorded), confirmation (the mail that asks whether an address is the person's). CLASS is for-now, for-good, no-answer, route-down, too-often, turned-off or access-ended; CODE and STATUS are what the mail server said (RFC 5321, RFC 3463). Persons are named by their ids; addresses are never shown."
}

// failedLine is a row for programs.
type failedLine struct {
	Person    uuid.UUID   `json:"person"`
	Waits     digest.Wait `json:"waits"`
	Class     string      `json:"class"`
	Code      int         `json:"code,omitempty"`
	Status    string      `json:"status,omitempty"`
	Since     time.Time   `json:"since,omitzero"`
	Next      time.Time   `json:"next,omitzero"`
	MaybeSent bool        `json:"maybeSent,omitempty"`
	Blocked   string      `json:"blocked,omitempty"`
}

func (c *digestFailed) Run(ctx context.Context, io *console) error {
	return c.reading(ctx, func(v *viewed) error {
		var show func(digest.FailedRow) error
		table := tabwriter.NewWriter(io.Out, 0, 4, 2, ' ', 0)
		if c.JSON {
			lines := json.NewEncoder(io.Out)
			show = func(r digest.FailedRow) error {
				return lines.Encode(failedLine{Person: r.Person, Waits: r.Waits, Class: string(r.Failure.Class), Code: r.Failure.Code, Status: r.Failure.Status,
					Since: r.Since, Next: r.Next, MaybeSent: r.MaybeSent, Blocked: r.Blocked})
			}
		} else {
			show = func(r digest.FailedRow) error {
				code := "-"
				if r.Failure.Code > 0 {
					code = fmt.Sprint(r.Failure.Code)
				}
				next := instant(r.Next)
				if r.Blocked != "" {
					next = "not now: " + r.Blocked
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Person, r.Waits, r.Failure.Class, code, orDash(r.Failure.Status), instant(r.Since), next)
				return nil
			}
		}
		none := true
		for row, err := range digest.Failed(ctx, work.NewDigests(v.work)) {
			if err != nil {
				return err
			}
			if none && !c.JSON {
				fmt.Fprintln(table, "PERSON\tWAITS\tCLASS\tCODE\tSTATUS\tSINCE\tNEXT TRY")
			}
			none = false
			if err := show(row); err != nil {
				return err
			}
		}
		if none && !c.JSON {
			fmt.Fprintln(io.Out, "nothing waits after a failure")
		}
		return table.Flush()
	})
}

// instant is a time in a table.
func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type digestRetry struct {
	engineFlags
	Person string `arg:"" optional:"" help:"The person's id, as failed prints it; everybody's where none is named."`
}

// Help is shown by imprint digest retry --help.
func (digestRetry) Help() string {
	return "Makes due now what imprint digest failed lists, also while imprint serves: the next beat of a serving program, or imprint digest run, tries it. Items that wait for a next digest go out with one made now, outside its schedule. Rates are waited for all the same, and nothing is sent twice that would not be sent twice otherwise. It cannot help where no mail may go to the person (an address that is suspended or not confirmed, digests turned off, an account disabled), nor where the address itself was refused for good: that is the person's to correct in the settings."
}

func (c *digestRetry) Run(ctx context.Context, io *console) (err error) {
	var person uuid.UUID
	if c.Person != "" {
		if person, err = uuid.Parse(c.Person); err != nil {
			return domain.Refuse(domain.Invalid, "bad-person", "%.60q is not a person's id; imprint digest failed prints those of whom something waits", c.Person)
		}
	}
	here, done, err := operationsOf(ctx, c.engineFlags, options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	retried, err := here.Retry(ctx, person)
	if err != nil {
		return err
	}
	for _, why := range retried.Reasons {
		fmt.Fprintln(io.Out, "waits on:", why)
	}
	fmt.Fprintf(io.Out, "%d due now, %d wait on\n", retried.Due, retried.Waiting)
	return nil
}
