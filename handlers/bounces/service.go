package bounces

// Here: what follows from a report.

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/digest"
	"imprint/domain/person"
	mails "imprint/handlers/digest"
)

// Links read the signatures that a report can lead by; digest.Links does.
type Links interface {
	// ReadBounce reads the address that a mail was sent from; an error for one that
	// we did not sign.
	ReadBounce(address string) (mails.Returned, error)
	// Recipient reads a one-click address; an error for one that we did not sign.
	Recipient(unsubscribe string) (uuid.UUID, error)
}

// People records what was learned; handlers.People does.
type People interface {
	// Addresses are the ids of the address in force and of the one that waits.
	Addresses(ctx context.Context, id uuid.UUID) ([]uuid.UUID, error)
	Bounced(ctx context.Context, id uuid.UUID, f person.Failure) error
	Complained(ctx context.Context, id, address uuid.UUID) error
}

// Sent finds a digest by its Message-ID among a person's newest; digest.Facts does.
type Sent interface {
	Sent(ctx context.Context, id uuid.UUID, messageID string) (digest.Sent, bool, error)
}

// Service takes reports in. It is safe for concurrent use.
type Service struct {
	links  Links
	people People
	sent   Sent
	logger *slog.Logger
}

// New makes the service.
func New(links Links, people People, sent Sent, logger *slog.Logger) *Service {
	return &Service{links: links, people: people, sent: sent, logger: logger}
}

// about is the mail that a report is about.
type about struct {
	person  uuid.UUID
	address uuid.UUID
	digest  uuid.UUID // nil: the mail that asks for a confirmation
}

// Take records what a report says, and answers its kind. domain.Invalid for a mail
// that is no report, domain.NotFound for one that bears no signature of ours or is
// about an address no longer in use: neither changes when it is tried again.
func (s *Service) Take(ctx context.Context, raw []byte) (Kind, error) {
	r, err := Parse(raw)
	if err != nil || r.Kind == Passing {
		return r.Kind, err
	}
	mail, err := s.find(ctx, r)
	if err != nil {
		return r.Kind, err
	}
	s.logger.InfoContext(ctx, "a mail came back", "kind", r.Kind, "status", r.Status, "person", mail.person)
	if r.Kind == Complained {
		return r.Kind, s.people.Complained(ctx, mail.person, mail.address)
	}
	return r.Kind, s.people.Bounced(ctx, mail.person, person.Failure{
		AddressID: mail.address, Digest: mail.digest, NoSuch: noSuchAddress(r.Status), Status: r.Status,
	})
}

// find follows the signatures: the envelope's sender first, for it names the
// address.
func (s *Service) find(ctx context.Context, r Report) (about, error) {
	for _, address := range r.Addressed {
		returned, err := s.links.ReadBounce(address)
		if err != nil {
			continue
		}
		ids, err := s.people.Addresses(ctx, returned.Person)
		if err != nil {
			return about{}, err
		}
		for _, id := range ids {
			if !returned.To(id) {
				continue
			}
			a := about{person: returned.Person, address: id}
			if returned.From > 0 {
				a.digest = digest.ID(a.person, returned.From)
			}
			return a, nil
		}
		return about{}, unknown("it is about an address that is no longer in use")
	}
	whose, err := s.links.Recipient(r.Unsubscribe)
	if err != nil || r.MessageID == "" {
		return about{}, unknown("it bears no signature of ours")
	}
	sent, found, err := s.sent.Sent(ctx, whose, r.MessageID)
	if err != nil {
		return about{}, err
	}
	if !found {
		return about{}, unknown("it is about a mail that is not among the person's newest")
	}
	return about{person: whose, address: sent.AddressID, digest: digest.ID(whose, sent.Window.From)}, nil
}

func unknown(why string) *domain.Error {
	return domain.Refuse(domain.NotFound, "unknown-report", "this report leads to nobody: %s", why)
}

// noSuchAddress reads a status as mail.Outcome does: about the address itself, or a
// mailbox that was closed.
func noSuchAddress(status string) bool {
	return status == "5.2.1" || strings.HasPrefix(status, "5.1.") && status != "5.1.5" && status != "5.1.7" && status != "5.1.8" && status != "5.1.9"
}

// Final tells whether an error of Take is the report's own: taking it again would
// end the same.
func Final(err error) bool {
	var refused *domain.Error
	return errors.As(err, &refused) && (refused.Kind == domain.Invalid || refused.Kind == domain.NotFound || refused.Kind == domain.TooLarge)
}
