package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"imprint/adapters/cron"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/api"
	"imprint/handlers/control"
	"imprint/handlers/digest"
	"imprint/handlers/portal"
	"imprint/handlers/reactions"
	"imprint/handlers/web"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

const (
	defaultListen = "127.0.0.1:8080"
	// heartbeat wakes the digest worker; what is due is stored, not timed.
	heartbeat = 5 * time.Second
	// collection wakes the emptying of the mailbox of reports.
	collection = 30 * time.Second
	// drainTime bounds how long requests under way may take when the program stops;
	// the whole stop stays below ten seconds.
	drainTime = 5 * time.Second
)

type serveCommand struct {
	engineFlags
	portalFlags
	mailFlags
	graceFlag
	telemetryFlags
	Listen    string        `env:"IMPRINT_LISTEN" default:"${listen}" placeholder:"ADDR" help:"The address to listen on."`
	MaxUpload int64         `env:"IMPRINT_MAX_UPLOAD" default:"104857600" placeholder:"BYTES" help:"The largest file that may be published, in bytes; 104857600 are 100 MiB."`
	Lag       time.Duration `env:"IMPRINT_LAG" default:"1m" placeholder:"DURATION" help:"How far the read models may be behind the log, such as 30s or 1m, before answers show only what everyone may see."`
	Name      string        `env:"IMPRINT_NAME" default:"imprint" placeholder:"NAME" help:"The name of a new installation; it stands in its log for ever."`
}

// Help is shown by imprint serve --help.
func (serveCommand) Help() string {
	return "Serves the API (docs at /docs), the pages, /healthz (alive) and /readyz (read models caught up), and sends the digests. Persons are known by access tokens: imprint token issue. SIGTERM or Ctrl-C stops it within ten seconds; nothing acknowledged is lost."
}

func (c *serveCommand) Run(ctx context.Context, io *console) (err error) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Err, nil))) // key=value, for machines that read logs
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	in, err := open(ctx, c.engineFlags, options{create: true, maxUpload: c.MaxUpload, name: c.Name, telemetry: &c.telemetryFlags})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	s := &site{opened: in, portal: c.portalFlags, mail: c.mailFlags, grace: c.Grace, lag: c.Lag, maxUpload: c.MaxUpload,
		authenticator: web.Bearer{Tokens: in.people}}
	return s.run(ctx, listener, func() {
		fmt.Fprintf(io.Err, "imprint serves %s on http://%s; stop it with Ctrl-C\n", in.place(), listener.Addr())
	})
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, domain.Refuse(domain.Unavailable, "listen", "%s cannot be listened on; is another program using it? Choose another with --listen", address).Because(err)
	}
	return l, nil
}

// site is an installation with everything that runs while it is served.
type site struct {
	*opened
	portal        portalFlags
	mail          mailFlags
	grace         time.Duration
	lag           time.Duration // see web.Freshness
	maxUpload     int64
	authenticator web.Authenticator
	mails         portal.Mails    // nil but in the demo
	persons       []portal.Person // nil but in the demo
}

// run serves until the context ends, and then lets what is under way finish. up
// is called once the address answers.
func (s *site) run(ctx context.Context, listener net.Listener, up func()) error {
	if s.portal.PortalURL == "" {
		s.portal.PortalURL = "http://" + listener.Addr().String()
	}
	digests, err := s.digests(s.portal, s.mail)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	consequences := s.reactions(s.grace)
	handler, err := s.handler(digests, consequences)
	if err != nil {
		return errors.Join(err, digests.Close(), listener.Close())
	}
	beat, err := cron.Start(heartbeat)
	if err != nil {
		return errors.Join(err, digests.Close(), listener.Close())
	}
	defer beat.Stop()
	reports, err := s.mail.mailbox()
	if err != nil {
		return errors.Join(err, digests.Close(), listener.Close())
	}
	collect, err := cron.Start(collection)
	if err != nil {
		return errors.Join(err, digests.Close(), listener.Close())
	}
	defer collect.Stop()
	work, ctx := errgroup.WithContext(ctx)
	s.answer(ctx, work, listener, handler)
	if s.locked { // else such commands open the engines beside us
		if socket, err := s.folder.Listen(ctx); err != nil {
			s.logger.Warn("imprint token and imprint digest retry will be refused while this folder is served", "cause", err)
		} else {
			s.answer(ctx, work, socket, control.Handler(s.operations()))
		}
	}
	s.telemetry.serve(ctx, work, s, digests.Service, consequences)
	work.Go(func() error { return s.readModels.Run(ctx) })
	work.Go(func() error { return s.tellTrouble(ctx) })
	work.Go(func() error { return s.listen(ctx) })
	work.Go(func() error { return s.react(ctx, consequences) })
	work.Go(func() error { return s.tidy(ctx) })
	work.Go(func() error { return digests.Run(ctx, beat.Beats()) })
	if reports != nil {
		work.Go(func() error { return s.reports(digests.links).Run(ctx, reports, collect.Beats()) })
	}
	up()
	err = work.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, digests.Close())
}

// answer answers requests on a listener until the context ends, and then lets
// those under way finish.
func (s *site) answer(ctx context.Context, work *errgroup.Group, listener net.Listener, handler http.Handler) {
	server := web.NewServer(handler, s.logger)
	work.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
		return nil
	})
	work.Go(func() error {
		<-ctx.Done()
		drain, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer stop()
		if err := server.Shutdown(drain); err != nil {
			return server.Close() // a request is stuck: it ends unanswered
		}
		return nil
	})
}

// handler is everything that answers requests.
func (s *site) handler(digests *mailing, consequences *reactions.Reactions) (http.Handler, error) {
	secret, err := s.secret("web")
	if err != nil {
		return nil, err
	}
	keys, err := web.NewKeys(secret)
	if err != nil {
		return nil, err
	}
	programming, err := api.New(api.Parts{
		Publishing: s.publishing, Libraries: s.libraries, People: s.people, Domains: s.domains,
		Catalog: s.catalog, Library: s.library, History: s.history, Settings: s.people,
		Store: s.telemetry.content(s.content), Head: s.log.Head, Wait: s.readModels.Wait, Clock: s.clock, Keys: keys, MaxUpload: s.maxUpload,
		Reports: s.reports(digests.links),
	})
	if err != nil {
		return nil, err
	}
	links := byLink{links: digests.links, people: s.people, clock: s.clock}
	pages, err := portal.New(portal.Parts{
		Name: s.portal.PortalName, URL: s.portal.PortalURL,
		Catalog: s.catalog, Library: s.library, History: s.history,
		Libraries: s.libraries, People: s.people, Settings: s.people,
		Store: s.telemetry.content(s.content), Head: s.log.Head, Wait: s.readModels.Wait, Clock: s.clock, Keys: keys,
		Unsubscriber: links, Confirmer: links, Addressee: links.addressee,
		Forecasts: digests.Service, Mails: s.mails, Recipient: digests.links.Recipient, Persons: s.persons,
	})
	if err != nil {
		return nil, err
	}
	fresh := web.Freshness{Log: s.log, Applied: s.applied, Lag: s.lag, Clock: s.clock}
	edge := &web.Edge{FromAnywhere: []string{portal.OneClick}, Authenticator: s.authenticator, Log: s.logger, Stale: fresh.Stale, Watch: s.telemetry.requests()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", s.ready(digests.Service, consequences))
	for _, prefix := range []string{"/api/", "/openapi.json", "/openapi.yaml", "/docs", "/problems/"} {
		mux.Handle(prefix, edge.Handler(programming))
	}
	mux.Handle("/", edge.Handler(pages))
	return mux, nil
}

// applied is how far the slowest of the read models that hold audiences has come,
// and whether one of them has stopped.
func (s *site) applied() (at event.Checkpoint, stopped bool) {
	first := true
	for _, st := range s.readModels.Status() {
		if st.Projection != catalog.Name && st.Projection != history.Name {
			continue
		}
		if first || st.Checkpoint.Ordinal < at.Ordinal {
			first, at = false, st.Checkpoint
		}
		stopped = stopped || st.Stopped != ""
	}
	return at, stopped
}

// byLink does what signed links allow, whoever follows them.
type byLink struct {
	links  *digest.Links
	people *handlers.People
	clock  domain.Clock
}

// Confirm implements portal.Confirmer.
func (u byLink) Confirm(ctx context.Context, token string) error {
	id, address, err := u.links.Confirmed(token, u.clock())
	if err != nil {
		return err
	}
	_, err = u.people.ConfirmAddress(ctx, handlers.Request{
		ID: "confirm-" + uuid.NewString(), Actor: access.Reader{Person: id.String()}, Correlation: web.Correlation(ctx),
	}, id, address)
	return err
}

// addressee is whom the token of a link names.
func (u byLink) addressee(token string) (uuid.UUID, bool) {
	if id, err := u.links.Verify(token); err == nil {
		return id, true
	}
	id, _, err := u.links.Confirmed(token, u.clock())
	return id, err == nil
}

// Unsubscribe implements portal.Unsubscriber. The request's id follows from
// the moment, not from the token: the same link works again after a person has
// turned digests on once more.
func (u byLink) Unsubscribe(ctx context.Context, token string) error {
	id, err := u.links.Verify(token)
	if err != nil {
		return err
	}
	_, err = u.people.TurnOff(ctx, handlers.Request{
		ID: "unsubscribe-" + uuid.NewString(), Actor: access.Reader{Person: id.String()}, Correlation: web.Correlation(ctx),
	}, id)
	return err
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		slog.Debug("an answer was not taken", "error", err)
	}
}
