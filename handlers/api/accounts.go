package api

// Accounts of persons and mail domains of organisations: what administrators do.

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"imprint/handlers"
)

// Account is how a person's account stands; it names nobody.
type Account struct {
	Person   uuid.UUID `json:"person" format:"uuid"`
	State    string    `json:"state" enum:"active,disabled,erased"`
	Reflects int64     `json:"reflects"`
}

// MailDomain is a verified domain and whose it is.
type MailDomain struct {
	Domain       string    `json:"domain"`
	Organization uuid.UUID `json:"organization" format:"uuid"`
	Reflects     int64     `json:"reflects"`
}

// DomainVerification gives a domain to an organisation.
type DomainVerification struct {
	Organization uuid.UUID `json:"organization" format:"uuid" doc:"Whose it is."`
}

// PersonPath names a person.
type PersonPath struct {
	Person uuid.UUID `path:"person" format:"uuid"`
}

// DomainPath names a mail domain.
type DomainPath struct {
	Domain string `path:"domain" maxLength:"180" example:"example.org" doc:"In small letters, an international one in its ASCII form (xn--…)."`
}

type accountInput struct {
	Waiting
	PersonPath
}

type endAccountInput struct {
	Keyed
	PersonPath
}

type mailDomainInput struct {
	Waiting
	DomainPath
}

type verifyDomainInput struct {
	Keyed
	DomainPath
	Body DomainVerification
}

type releaseDomainInput struct {
	Keyed
	DomainPath
}

func (a *api) accounts() {
	register(a, operation{method: http.MethodGet, path: "/persons/{person}", id: "get-account", tag: "Accounts",
		summary: "How a person's account stands"}, a.getAccount)
	for _, c := range []struct {
		name, summary, text string
		do                  func(context.Context, handlers.Request, uuid.UUID) (handlers.Written, error)
	}{
		{"disable", "Disable a person's account",
			"Access tokens end, and so do digests: once this is answered, no mail to the person is begun. Again is no error.", a.People.Disable},
		{"enable", "Enable a disabled account",
			"Digests that were on are on again, from now; access tokens are issued anew. Again is no error.", a.People.Enable},
		{"erase", "Erase a person for ever",
			"Mail ends first, then tokens, library and name, and last the key that everything personal is sealed under: that cannot be undone. The events stay, and nothing personal in them can be read. An erasure that was interrupted is completed by the program itself. Again is no error.", a.People.Erase},
	} {
		command(a, operation{method: http.MethodPost, path: "/persons/{person}/" + c.name, id: c.name + "-person", tag: "Accounts", summary: c.summary, text: c.text},
			func(ctx context.Context, r handlers.Request, in *endAccountInput) (*written[Receipt], error) {
				return a.wrote(c.do(ctx, r, in.Person))
			})
	}
	register(a, operation{method: http.MethodGet, path: "/mail-domains/{domain}", id: "get-mail-domain", tag: "Accounts",
		summary: "Whose a mail domain is"}, a.getMailDomain)
	command(a, operation{method: http.MethodPut, path: "/mail-domains/{domain}", id: "verify-mail-domain", tag: "Accounts",
		summary: "Give a mail domain to an organisation on your word",
		text:    "Its members get their digests in its domains only. A domain of another organisation is refused until that one has released it."},
		func(ctx context.Context, r handlers.Request, in *verifyDomainInput) (*written[Receipt], error) {
			return a.wrote(a.Domains.Verify(ctx, r, in.Domain, in.Body.Organization))
		})
	command(a, operation{method: http.MethodDelete, path: "/mail-domains/{domain}", id: "release-mail-domain", tag: "Accounts",
		summary: "Take a mail domain from its organisation", text: "Addresses in it stay in force until their persons change them. Again is no error."},
		func(ctx context.Context, r handlers.Request, in *releaseDomainInput) (*written[Receipt], error) {
			return a.wrote(a.Domains.Release(ctx, r, in.Domain))
		})
}

// getAccount and getMailDomain read streams, as the log is now.

func (a *api) getAccount(ctx context.Context, in *accountInput) (*answer[Account], error) {
	state, err := a.People.Account(ctx, requestOf(ctx), in.Person)
	if err != nil {
		return nil, err
	}
	head, err := a.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &answer[Account]{Reflects: head.Ordinal, Body: Account{Person: in.Person, State: string(state), Reflects: head.Ordinal}}, nil
}

func (a *api) getMailDomain(ctx context.Context, in *mailDomainInput) (*answer[MailDomain], error) {
	organization, err := a.Domains.Organization(ctx, requestOf(ctx), in.Domain)
	if err != nil {
		return nil, err
	}
	head, err := a.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &answer[MailDomain]{Reflects: head.Ordinal, Body: MailDomain{Domain: in.Domain, Organization: organization, Reflects: head.Ordinal}}, nil
}
