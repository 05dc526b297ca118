package digest

// Here: the reader that folds the log's facts into the standings. The worker has
// one, and so have the commands that end mail to somebody.

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
)

// factsPage bounds the events of one fold.
const factsPage = 1000

// Facts reads the log for what changes where people's digests stand.
type Facts struct {
	log      event.Log
	registry *event.Registry
	work     Standings
	types    map[string]bool
}

// NewFacts makes the reader; it is safe for concurrent use.
func NewFacts(log event.Log, registry *event.Registry, work Standings) *Facts {
	f := &Facts{log: log, registry: registry, work: work, types: map[string]bool{}}
	for _, p := range []event.Payload{
		person.NotificationSettingsChanged{}, person.AddressConfirmed{}, person.MailSuspended{},
		person.Disabled{}, person.Enabled{}, person.Erased{}, digest.Sent{}, digest.Withheld{}, digest.Failed{},
	} {
		f.types[p.EventType()] = true
	}
	return f
}

// CatchUp folds the log to its end and answers the checkpoint there. It raises
// every cursor to what DigestSent, DigestWithheld and DigestFailed say, and closes
// what they closed: after a restore, this alone makes the work rows safe to use.
func (f *Facts) CatchUp(ctx context.Context) (event.Checkpoint, error) {
	for {
		from, err := f.work.Checkpoint(ctx)
		if err != nil {
			return from, err
		}
		to, err := f.fold(ctx, from)
		switch {
		case errors.Is(err, digest.ErrMoved):
			continue // another process has done this page
		case err != nil:
			return from, fmt.Errorf("digest: read the log: %w", err)
		case to == from:
			return from, nil
		}
	}
}

// sentLooked is how many of a person's newest digests a report can be about.
const sentLooked = 100

// Sent finds a digest by its Message-ID among a person's newest; false if it is not
// there.
func (f *Facts) Sent(ctx context.Context, id uuid.UUID, messageID string) (digest.Sent, bool, error) {
	newest, err := f.log.ReadStreamBack(ctx, digest.Stream(id), sentLooked)
	if err != nil {
		return digest.Sent{}, false, fmt.Errorf("the digests of %s: %w", id, err)
	}
	for _, e := range newest {
		p, err := f.registry.Decode(e)
		if err != nil {
			return digest.Sent{}, false, err
		}
		if sent, ok := p.(digest.Sent); ok && sent.MessageID == messageID {
			return sent, true, nil
		}
	}
	return digest.Sent{}, false, nil
}

// fold takes in one page. If we crash around its commit, the page is folded wholly
// or not at all: standings and checkpoint are one transaction.
func (f *Facts) fold(ctx context.Context, from event.Checkpoint) (event.Checkpoint, error) {
	page, err := f.log.ReadAll(ctx, from, factsPage)
	if err != nil || len(page) == 0 {
		return from, err
	}
	var facts []digest.Fact
	for _, e := range page {
		if !f.types[e.Type] {
			continue
		}
		// A newer schema stops the reader, and with it the mails: it would
		// misread settings, of which one may be an unsubscription.
		p, err := f.registry.Decode(e)
		if err != nil {
			return from, err
		}
		if fact, ok := digest.FactOf(e, p); ok {
			facts = append(facts, fact)
		}
	}
	to := page[len(page)-1].Checkpoint()
	return to, f.work.Fold(ctx, from, to, facts)
}
