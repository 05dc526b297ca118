package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"imprint/cmd/imprint/sample"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/handlers/portal"
	"imprint/handlers/web"
)

type demoCommand struct {
	Listen string `env:"IMPRINT_LISTEN" default:"${listen}" placeholder:"ADDR" help:"The address to listen on. In the demo a visitor may be anybody: keep it on this machine."`
	Data   string `env:"IMPRINT_DATA" placeholder:"DIR" help:"Keep the demo's data in this new folder. Default: a temporary one that is removed at the end."`
}

// Help is shown by imprint demo --help.
func (demoCommand) Help() string {
	return "Starts a whole installation with the documents of a fictional cloud company, grown over the last sixty days: versions, series, libraries, digests already sent. Nothing leaves this machine; mails are files that the pages show. Grace period 0: what you publish is mailed at once."
}

// demoName is the portal's name in the demo.
const demoName = "Halden Cloud Trust Center"

func (c *demoCommand) Run(ctx context.Context, io *console) (err error) {
	started := time.Now()
	// A demo's log lines would push its own words off the screen.
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // it is closed by the server, or never served
	dir, remove, err := demoFolder(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	story, err := sample.Load()
	if err != nil {
		return err
	}
	// The log is opened before the story begins, and its time never runs back.
	clock := &scriptedClock{}
	clock.set(started.Add(-days(story.Steps[0].DaysAgo + 1)))
	in, err := open(ctx, engineFlags{Data: dir}, options{create: true, clock: clock.Now, name: "demo"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	site := &site{
		opened: in, grace: 0, lag: web.DefaultLag,
		portal: portalFlags{PortalName: demoName, PortalURL: "http://" + listener.Addr().String()},
		mail:   mailFlags{Mail: keepMails, MailFrom: demoName + " <digest@halden.example>"},
	}
	digests, err := in.digests(site.portal, site.mail)
	if err != nil {
		return err
	}
	readers, err := grow(ctx, in, clock, digests, story, started)
	if err != nil {
		return err
	}
	site.mails = digests.kept
	persons := map[string]access.Reader{}
	for _, p := range story.People {
		persons[p.Key] = readers[p.Key]
		site.persons = append(site.persons, portal.Person{Key: p.Key, Name: p.Name, Organization: p.Organization, Reader: readers[p.Key]})
	}
	site.authenticator = web.Development{Persons: persons, Otherwise: web.Bearer{Tokens: in.people}}
	return site.run(ctx, listener, func() {
		c.greet(io.Out, story, site, time.Since(started))
	})
}

// demoFolder answers the folder and how to leave it at the end. A folder that
// holds anything is refused: a demo begins with its sample.
func demoFolder(dir string) (string, func() error, error) {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "imprint-demo-")
		if err != nil {
			return "", nil, fmt.Errorf("a temporary folder: %w", err)
		}
		return temporary, func() error { return os.RemoveAll(temporary) }, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", nil, fmt.Errorf("the demo's folder: %w", err)
	}
	if len(entries) > 0 {
		return "", nil, domain.Refuse(domain.Conflict, "folder-not-empty", "%s is not empty; the demo wants a new folder, imprint serve goes on with an old one", dir)
	}
	return dir, func() error { return nil }, nil
}

// greet says what to look at.
func (c *demoCommand) greet(out io.Writer, story sample.Sample, s *site, took time.Duration) {
	url := s.portal.PortalURL
	publisher, reader, doc := c.characters(story)
	fmt.Fprintf(out, `
%s is up after %.1f s, with sixty days of history.

  Pages     %s
  Library   %s/library     (sign in as %q: nothing is asked)
  Mails     %s/mails       (%q sees their own, %q everybody's)
  API docs  %s/docs

Search, as anybody:

  curl '%s/api/v1/documents?q=iso27001&category=iso-iec'

Publish a version, as %s. %s keeps the document, and finds the mail under Mails a moment later:

  curl -X POST '%s/api/v1/documents/%s/versions' \
    -H 'Imprint-Person: %s' -H 'If-Match: "%d"' -H "Idempotency-Key: $(date +%%s)" \
    -F 'document={"major": true, "summary": {"en": %q}};type=application/json' \
    -F 'file=Nothing has changed since the last report.;filename=bridge-letter.md;type=text/markdown'

Who published what, when, as the auditor sees it:

  curl '%s/api/v1/documents/%s/events' -H 'Imprint-Person: %s'

Stop it with Ctrl-C.
`, demoName, took.Seconds(), url, url, reader.Name, url, reader.Name, publisher.Name, url, url,
		publisher.Name, reader.Name, url, documentOf(doc.key), publisher.Key, doc.version, demoSummary,
		url, documentOf(doc.key), c.auditor(story))
}

// demoSummary is of the version that the printed curl line publishes.
const demoSummary = "Bridge letter added for the fourth quarter."

// shown is the document that the curl lines are about.
type shown struct {
	key     string
	version int
}

// characters picks a publisher, a reader with immediate mail, and a document
// which that reader keeps.
func (c *demoCommand) characters(story sample.Sample) (publisher, reader sample.Person, doc shown) {
	versions, gone := map[string]int{}, map[string]bool{}
	for _, s := range story.Steps {
		switch s.Do {
		case sample.Publish, sample.Version:
			versions[s.Document] = s.Number
		case sample.Withdraw:
			gone[s.Document] = true
		case sample.Reinstate:
			gone[s.Document] = false
		}
	}
	for _, p := range story.People {
		if p.Role == access.Publisher {
			publisher = p
		}
		if p.Role == access.Member && p.Settings.Frequency == "immediate" {
			reader = p
		}
	}
	for _, key := range reader.Library {
		if !gone[key] {
			return publisher, reader, shown{key, versions[key]}
		}
	}
	return publisher, reader, doc
}

func (c *demoCommand) auditor(story sample.Sample) string {
	for _, p := range story.People {
		if p.Role == access.Auditor {
			return p.Key
		}
	}
	return ""
}
