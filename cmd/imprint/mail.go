package main

import (
	"strings"
	"time"

	"imprint/adapters/maildir"
	"imprint/adapters/smtp"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/mail"
	"imprint/handlers/bounces"
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
	Mail           string    `env:"IMPRINT_MAIL" default:"dir" placeholder:"dir|smtp://…" help:"Where digests go: dir (files in the data folder's mail/), or smtp://[user:password@]host:port[?tls=starttls|implicit|none]. A password belongs in the environment."`
	MailFrom       string    `env:"IMPRINT_MAIL_FROM" default:"Imprint <digest@imprint.example>" placeholder:"ADDRESS" help:"The sender of digests."`
	MailBounces    string    `env:"IMPRINT_MAIL_BOUNCES" placeholder:"ADDRESS" help:"Where mail servers report failures: a mailbox that takes NAME+anything@ too, for each mail gets a token behind NAME, of at most 10 bytes. Default: the sender, without a token."`
	MailReports    string    `env:"IMPRINT_BOUNCES" placeholder:"MAILDIR" help:"The mailbox into which reports of failed mails are delivered, as a Maildir on this machine. Mail servers elsewhere post them to /api/v1/mail-reports. Default: none is read."`
	MailRate       mail.Rate `env:"IMPRINT_MAIL_RATE" default:"off" placeholder:"N/s|m|h" help:"How many mails leave at most, by all programs at one database, such as 10/s or 300/m; off: as many as the server takes."`
	MailDomainRate mail.Rate `env:"IMPRINT_MAIL_DOMAIN_RATE" default:"off" placeholder:"N/s|m|h" help:"The same for each domain that mails go to, such as 2/s; off: no such limit."`
	dkimFlags
}

// errNowhereToKeep refuses mails that are kept as files, where no folder is named.
var errNowhereToKeep = domain.Refuse(domain.Invalid, "no-data-folder", "mails are kept as files (IMPRINT_MAIL=dir), and no data folder is named; name one with --data or IMPRINT_DATA, or set IMPRINT_MAIL=smtp://…")

// dkimFlags say how mails are signed.
type dkimFlags struct {
	DKIMKeyFile  []string `name:"dkim-key-file" env:"IMPRINT_DKIM_KEY_FILE" placeholder:"FILE" help:"Sign mails (DKIM) with the private keys in these PEM files, Ed25519 or RSA of 2,048 bits or more; two keys, one of each, serve every receiver. Default: mails are not signed here."`
	DKIMSelector []string `name:"dkim-selector" env:"IMPRINT_DKIM_SELECTOR" placeholder:"NAME" help:"The selector of each key, in the same order: the public key stands in the DNS under NAME._domainkey.DOMAIN. Default: none."`
	DKIMDomain   string   `name:"dkim-domain" env:"IMPRINT_DKIM_DOMAIN" placeholder:"DOMAIN" help:"The domain that signs. Default: that of the sender's address."`
}

// encoder writes mails down, and signs them where keys are named.
func (f *mailFlags) encoder() (smtp.Encoder, error) {
	var e smtp.Encoder
	if len(f.DKIMKeyFile) != len(f.DKIMSelector) {
		return e, domain.Refuse(domain.Invalid, "bad-dkim", "%d key files and %d selectors are named; name one selector for each key, in the same order", len(f.DKIMKeyFile), len(f.DKIMSelector)).In("IMPRINT_DKIM_SELECTOR")
	}
	signing := f.DKIMDomain
	if signing == "" {
		signing = f.MailFrom[strings.LastIndexByte(f.MailFrom, '@')+1:]
		signing = strings.TrimSuffix(signing, ">")
	}
	for i, file := range f.DKIMKeyFile {
		s, err := smtp.ReadSignature(signing, f.DKIMSelector[i], file)
		if err != nil {
			return e, err
		}
		e.Signatures = append(e.Signatures, s)
	}
	return e, nil
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

// digests makes the digest worker of an installation.
func (in *opened) digests(portal portalFlags, flags mailFlags) (*mailing, error) {
	links, err := digest.NewLinks(portal.PortalURL, in.master)
	if err != nil {
		return nil, err
	}
	encoder, err := flags.encoder()
	if err != nil {
		return nil, err
	}
	m := &mailing{links: links, close: func() error { return nil }}
	ports := digest.Ports{
		Log: in.log, Codec: in.codec, Keys: in.keys, Work: work.NewDigests(in.work),
		Notices: in.notices, Passed: in.readModels, Encoder: encoder, Links: links,
		Clock: in.clock, Logger: in.logger,
	}
	ports.Watch, ports.Bounced = in.telemetry.mails(), bounces.Commands{People: in.people}.Bounced
	config := digest.Config{Portal: portal.PortalName, From: flags.MailFrom, Bounces: flags.MailBounces, Holder: in.holder, Connections: 1}
	if flags.Mail == keepMails {
		if in.folder == nil {
			return nil, errNowhereToKeep
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
		config.Rate, config.DomainRate = flags.MailRate, flags.MailDomainRate
		ports.Rates = work.NewRates(in.work)
		if config.DomainSecret, err = in.secret("mail domains 1"); err != nil {
			return nil, err
		}
	}
	m.Service, err = digest.New(config, ports)
	return m, err
}
