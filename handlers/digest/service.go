package digest

// Here: what the worker is made of, and its settings.

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"sync"
	"time"

	"imprint/domain"
	"imprint/domain/digest"
	"imprint/domain/event"
	mailing "imprint/domain/mail"
	"imprint/handlers/digest/letter"
	"imprint/projections/notices"
)

// Config are the worker's settings.
type Config struct {
	Portal      string // the portal's name, shown in mails
	From        string // sender, "Name <address>"
	Bounces     string // the address for reports of failure, which takes name+anything@ too; "": the sender's, alone
	Holder      string // of leases; never shared by two living processes
	Connections int    // mails under way at once: 1 to 64

	Rate, DomainRate mailing.Rate // of mails in all, and to each mail domain
	DomainSecret     []byte       // hides the domains where rates are kept; needed with a DomainRate
}

// Ports are the parts that the worker works with. All but Watch are needed.
type Ports struct {
	Log     event.Log
	Codec   *event.Codec
	Keys    Keys
	Work    Work
	Rates   Rates // may be nil where the Config has no rate
	Notices notices.Queries
	Passed  Passed
	Encoder Encoder
	Mailer  Mailer
	Sent    Sent
	Links   *Links
	Clock   domain.Clock
	Logger  *slog.Logger
	Bounced Bounced
	Watch   Watch // nil: nobody watches
}

// The worker's bounds.
const (
	// lease is longer than a mail can take: dialling and two phases of sending,
	// four minutes each at most.
	lease = 15 * time.Minute
	// leaseNeeded is what must be left of it when sending begins (W8).
	leaseNeeded = 13 * time.Minute
	// grace is what a mail under way gets when the program stops.
	grace = 5 * time.Second
	// patience is how long a round waits for read models that lag.
	patience = 2 * time.Second

	maxConnections = 64
	perConnection  = 8 // persons claimed at once for each
)

// Service is the digest worker and what commands and pages ask of it. It is safe
// for concurrent use; rounds follow each other.
type Service struct {
	*Facts
	config  Config
	host    string // of the sender's address: in Message-IDs and the List-Id
	sender  string // that address
	log     event.Log
	codec   *event.Codec
	keys    Keys
	work    Work
	notices notices.Queries
	passed  Passed
	encoder Encoder
	mailer  Mailer
	sent    Sent
	links   *Links
	clock   domain.Clock
	logger  *slog.Logger
	bounced Bounced
	watch   Watch
	rounds  sync.Mutex // held during a round; guards waits
	waits   string     // why the last round waited, as it was logged
	route   route
	press   letter.Press
	pace    *pace

	owing sync.Mutex      // guards owed
	owed  []digest.Change // outcomes that could not be committed yet

	adding sync.Mutex // guards totals
	totals Report     // of all rounds since the start
}

// New makes the worker. It refuses a sender that is not a mail address.
func New(c Config, p Ports) (*Service, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, domain.Refuse(domain.Invalid, "bad-sender", "the sender of digests must be one mail address, such as \"Trust Center <trust@example.com>\"; correct IMPRINT_MAIL_FROM").In("from")
	}
	if from.Address = inASCII(from.Address); !isASCII(from.Address) {
		return nil, domain.Refuse(domain.Invalid, "bad-sender", "the sender's address has letters beyond ASCII before the @, which most mail servers refuse; choose another for IMPRINT_MAIL_FROM").In("from")
	}
	c.From = from.String()
	if c.Bounces != "" {
		if c.Bounces, err = BounceAddress(c.Bounces); err != nil {
			return nil, err
		}
	}
	if c.Connections < 1 || c.Connections > maxConnections || c.Holder == "" || c.Portal == "" {
		return nil, fmt.Errorf("digest: 1 to %d connections, a holder and the portal's name are needed", maxConnections)
	}
	if c.DomainRate.Limits() && len(c.DomainSecret) < sha256.Size {
		return nil, errors.New("digest: the secret that hides mail domains is too short")
	}
	if p.Watch == nil {
		p.Watch = func(context.Context, Attempt) func(mailing.Outcome) { return func(mailing.Outcome) {} }
	}
	return &Service{
		Facts:  NewFacts(p.Log, p.Codec.Registry(), p.Work),
		config: c, host: from.Address[strings.LastIndexByte(from.Address, '@')+1:], sender: from.Address,
		log: p.Log, codec: p.Codec, keys: p.Keys, work: p.Work, notices: p.Notices, passed: p.Passed,
		encoder: p.Encoder, mailer: p.Mailer, sent: p.Sent, links: p.Links, clock: p.Clock, logger: p.Logger, bounced: p.Bounced, watch: p.Watch,
		pace: &pace{rates: p.Rates, total: c.Rate, domain: c.DomainRate, secret: c.DomainSecret, taken: map[string][]time.Time{}},
	}, nil
}

func (s *Service) now() time.Time { return domain.Moment(s.clock()) }

// Run works until the context ends: a round at every beat, after every append to the
// log, so that immediate readers are told at once, and at the turn of those put off.
// All only wake; a lost signal costs the time to the next beat.
func (s *Service) Run(ctx context.Context, beats <-chan struct{}) error {
	for {
		// The signal is taken before the round: an append during it wakes us again.
		changed := s.log.Changed()
		if _, err := s.RunOnce(ctx); err != nil && ctx.Err() == nil {
			if !errors.Is(err, ErrWaiting) { // that has been logged
				s.logger.Error("digest round failed; the next beat tries again", "error", err)
			}
			changed = nil // not at once: whatever failed may keep failing
		}
		select {
		case <-ctx.Done():
			return nil
		case <-beats:
		case <-changed:
		case <-s.nextTurn(ctx):
		}
	}
}

// finishing outlives ctx by the grace that a mail under way is given.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { cancel(errStopping) })
	})
	return longer, func() { stop(); cancel(nil) }
}

var errStopping = errors.New("the program is stopping")
