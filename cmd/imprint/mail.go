package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/maildir"
	"imprint/adapters/smtp"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/digest"
)

// portalFlags say how the portal is called and where it stands: what mails say
// and where their links lead.
type portalFlags struct {
	PortalName string `env:"IMPRINT_PORTAL_NAME" default:"Imprint" placeholder:"NAME" help:"The portal's name, in mails and pages."`
	PortalURL  string `env:"IMPRINT_PORTAL_URL" placeholder:"URL" help:"Where readers reach the portal. Default: http:// and the listening address."`
}

// mailFlags say how digests leave.
type mailFlags struct {
	Mail        string `env:"IMPRINT_MAIL" default:"dir" placeholder:"dir|smtp://…" help:"Where digests go: dir (files in the data folder's mail/), or smtp://[user:password@]host:port[?tls=starttls|implicit|none]. A password belongs in the environment."`
	MailFrom    string `env:"IMPRINT_MAIL_FROM" default:"Imprint <digest@imprint.example>" placeholder:"ADDRESS" help:"The sender of digests."`
	MailBounces string `env:"IMPRINT_MAIL_BOUNCES" placeholder:"ADDRESS" help:"Where mail servers report failures. Default: the sender."`
}

// Validate refuses a grace period that would end before its cause.
func (g graceFlag) Validate() error {
	if g.Grace < 0 {
		return domain.Refuse(domain.Invalid, "bad-grace", "--grace %s is negative; write 0s for none", g.Grace)
	}
	return nil
}

// keepMails is the value of --mail by which mails are kept as files.
const keepMails = "dir"

// graceFlag is how long a mistake can be withdrawn unmailed.
type graceFlag struct {
	Grace time.Duration `env:"IMPRINT_GRACE" default:"10m" placeholder:"DURATION" help:"The time between publishing and the release of its notice, such as 90s, 10m or 2h; urgent versions have none."`
}

// mailing is the digest worker with what it sends by.
type mailing struct {
	*digest.Service
	links *digest.Links
	kept  *maildir.Directory // nil: mails are sent, not kept
	close func() error
}

// Close ends kept connections.
func (m *mailing) Close() error { return m.close() }

// bounced records that an address refused a mail for good.
func (in *opened) bounced(ctx context.Context, id uuid.UUID, f person.Failure) error {
	_, err := in.people.Bounced(ctx, handlers.Request{
		ID: domain.Derive(f.AddressID, "bounced", f.Digest.String()).String(), Actor: access.Reader{Person: event.SystemActor},
	}, id, f)
	return err
}

// digests makes the digest worker of an installation.
func (in *opened) digests(portal portalFlags, flags mailFlags) (*mailing, error) {
	links, err := digest.NewLinks(portal.PortalURL, in.master)
	if err != nil {
		return nil, err
	}
	m := &mailing{links: links, close: func() error { return nil }}
	ports := digest.Ports{
		Log: in.log, Codec: in.codec, Keys: in.keys, Work: work.NewDigests(in.work),
		Notices: in.notices, Passed: in.readModels, Encoder: smtp.Encoder{}, Links: links,
		Clock: in.clock, Logger: in.logger,
	}
	ports.Watch, ports.Bounced = in.telemetry.mails(), in.bounced
	config := digest.Config{Portal: portal.PortalName, From: flags.MailFrom, Bounces: flags.MailBounces, Holder: in.holder, Connections: 1}
	if flags.Mail == keepMails {
		if in.folder == nil {
			return nil, domain.Refuse(domain.Invalid, "no-data-folder", "mails are kept as files (IMPRINT_MAIL=dir), and no data folder is named; name one with --data or IMPRINT_DATA, or set IMPRINT_MAIL=smtp://…")
		}
		if m.kept, err = maildir.Open(in.folder.Mail()); err != nil {
			return nil, err
		}
		ports.Mailer, ports.Sent = m.kept, m.kept
	} else {
		settings, err := smtp.Parse(flags.Mail)
		if err != nil {
			return nil, err
		}
		mailer := smtp.NewMailer(settings)
		ports.Mailer, ports.Sent, m.close = mailer, digest.NoSent{}, mailer.Close
		config.Connections = settings.Connections
	}
	m.Service, err = digest.New(config, ports)
	return m, err
}
