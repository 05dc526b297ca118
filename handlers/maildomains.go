package handlers

// Here: the commands on mail domains.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/maildomain"
)

// MailDomains carries out the commands on the mail domains of organisations.
type MailDomains struct{ journal *Journal }

// NewMailDomains makes the handler; it is safe for concurrent use.
func NewMailDomains(journal *Journal) *MailDomains { return &MailDomains{journal: journal} }

// Verify gives a domain to an organisation on an administrator's word.
func (d *MailDomains) Verify(ctx context.Context, req Request, name string, organization uuid.UUID) (Written, error) {
	return d.change(ctx, req, name, func(s maildomain.State) ([]event.Payload, error) {
		return s.Verify(name, organization, maildomain.Stated)
	})
}

// Release takes a domain from its organisation. Administrators only. Addresses in it
// stay as they are until their persons change them.
func (d *MailDomains) Release(ctx context.Context, req Request, name string) (Written, error) {
	return d.change(ctx, req, name, func(s maildomain.State) ([]event.Payload, error) { return s.Release(name), nil })
}

// Organization answers whose a domain is; domain.NotFound if nobody's.
// Administrators only.
func (d *MailDomains) Organization(ctx context.Context, req Request, name string) (uuid.UUID, error) {
	if err := req.administrator(); err != nil {
		return uuid.Nil, err
	}
	if err := maildomain.CheckName(name); err != nil {
		return uuid.Nil, err
	}
	state, err := look[maildomain.State](ctx, d.journal, maildomain.Stream(name))
	if err == nil && state.Organization() == uuid.Nil {
		err = domain.Refuse(domain.NotFound, "no-mail-domain", "%s is no organisation's; verify it first", name).In("domain")
	}
	return state.Organization(), err
}

func (d *MailDomains) change(ctx context.Context, req Request, name string, decide func(maildomain.State) ([]event.Payload, error)) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	if err := maildomain.CheckName(name); err != nil {
		return Written{}, err
	}
	done, err := execute(ctx, d.journal, req, command[maildomain.State]{
		stream: maildomain.Stream(name),
		decide: func(_ context.Context, s maildomain.State, _ time.Time) ([]event.Payload, error) { return decide(s) },
	})
	return done.Written, err
}
