package smtptest

// Here: the server, what it has seen, and how to steer it.

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"sync"

	protocol "github.com/emersion/go-smtp"
)

// Protection says how connections are protected.
type Protection string

// The protections, named as the query of the program's mail address names them.
const (
	Plain    Protection = "none"
	StartTLS Protection = "starttls" // offered, not required
	Implicit Protection = "implicit"
)

// Config says what the server is like. The zero Config is a plain server that
// takes everything.
type Config struct {
	Protection Protection        // "": Plain
	Users      map[string]string // name to password; nil: no AUTH is offered
	Mechanisms []string          // of AUTH that are offered; nil: all that the package knows
	SMTPUTF8   bool              // addresses beyond ASCII are understood

	Seed       uint64
	Rates      []Rate                       // how often faults strike
	Recipients func(recipient string) Fault // a recipient's own fault, None for most; may be nil
	Greylist   bool                         // the first try of each sender and recipient gets Greylisted

	// MailsPerConnection is after how many the next MAIL is answered by WornOut and
	// the connection closed; 0: never.
	MailsPerConnection int
	// KeepBytes keeps the mails themselves, not only their hashes.
	KeepBytes bool
}

// Mail is one mail that the server holds: it, and nobody else, has to answer for
// it from then on.
type Mail struct {
	MessageID  string // without angle brackets
	From       string // envelope sender
	To         string // recipient
	Hash       string // SHA-256 of the bytes as they came, hex
	Bytes      []byte // nil without Config.KeepBytes
	Connection int    // from 1, in the order of their coming
	User       string // who had proved to be whom by AUTH; "" where nobody had
	UTF8       bool   // SMTPUTF8 was asked for
	Fault      Fault  // instead of its reply, or after it; None for most, and once Release has let the reply go
}

// Server is a running server. It is safe for concurrent use.
type Server struct {
	config   Config
	listener *listener
	protocol *protocol.Server
	trusted  *certificate
	stranger *certificate // shown by BadCertificate
	serving  sync.WaitGroup
	closed   chan struct{}

	mu       sync.Mutex // guards what follows
	peers    deck       // faults of connections
	letters  deck       // faults of mails
	mails    []Mail
	counts   map[Fault]int
	tried    map[[2]string]bool // senders and recipients that greylisting has seen
	open     map[*peer]bool
	came     int // connections
	down     bool
	held     int // replies
	released chan struct{}
	changed  chan struct{}
}

// Listen starts a server on a port of 127.0.0.1 that the system chooses.
func Listen(c Config) (*Server, error) {
	if c.Protection == "" {
		c.Protection = Plain
	}
	s := &Server{
		config: c, closed: make(chan struct{}), counts: map[Fault]int{}, tried: map[[2]string]bool{}, open: map[*peer]bool{},
		released: make(chan struct{}), changed: make(chan struct{}),
	}
	s.peers.random = rand.New(rand.NewPCG(c.Seed, 1))
	s.letters.random = rand.New(rand.NewPCG(c.Seed, 2))
	for _, r := range c.Rates {
		if r.Fault.ofConnection() {
			s.peers.rates = append(s.peers.rates, r)
		} else {
			s.letters.rates = append(s.letters.rates, r)
		}
	}
	s.protocol = protocol.NewServer(protocol.BackendFunc(s.begin))
	s.protocol.Domain, s.protocol.ErrorLog, s.protocol.EnableSMTPUTF8 = "sink.example", quiet{}, c.SMTPUTF8
	if c.Protection != Plain {
		var err error
		if s.trusted, err = newCertificate("127.0.0.1"); err != nil {
			return nil, err
		}
		if s.stranger, err = newCertificate("192.0.2.1"); err != nil {
			return nil, err
		}
	}
	if c.Protection == StartTLS {
		s.protocol.TLSConfig = s.tls()
	}
	// With implicit TLS go-smtp does not see the protection, for we unwrap it.
	s.protocol.AllowInsecureAuth = c.Protection == Implicit
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("smtptest: %w", err)
	}
	s.listener = &listener{Listener: l, server: s}
	s.serving.Go(func() { _ = s.protocol.Serve(s.listener) })
	return s, nil
}

// Close ends the server and every connection.
func (s *Server) Close() error {
	select {
	case <-s.closed:
		return nil
	default:
		close(s.closed)
	}
	err := s.listener.Close() // also where Serve has not told go-smtp of it yet
	_ = s.protocol.Close()    // closes it again
	s.cut()
	s.serving.Wait()
	return err
}

// Addr is the server's address, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the address as the program's mail setting takes it, with the protection
// and nothing else: the caller adds "&connections=4" and the like.
func (s *Server) URL() string { return "smtp://" + s.Addr() + "?tls=" + string(s.config.Protection) }

// URLFor is URL with a user and a password.
func (s *Server) URLFor(user, password string) string {
	u := url.URL{Scheme: "smtp", Host: s.Addr(), User: url.UserPassword(user, password), RawQuery: "tls=" + string(s.config.Protection)}
	return u.String()
}

// Roots trusts the server's certificate; nil for a plain server.
func (s *Server) Roots() *x509.CertPool {
	if s.trusted == nil {
		return nil
	}
	return s.trusted.roots()
}

// RootsPEM is the same as a file, for a program that is pointed to it by
// SSL_CERT_FILE.
func (s *Server) RootsPEM() []byte {
	if s.trusted == nil {
		return nil
	}
	return s.trusted.pem
}

// Script adds what happens to the next connections and mails, each in its own
// order; None is for a mail.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.ofConnection() {
			s.peers.script = append(s.peers.script, f)
		} else {
			s.letters.script = append(s.letters.script, f)
		}
	}
}

// PassConnections lets the next n connections pass before what is scripted after.
func (s *Server) PassConnections(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers.script = append(s.peers.script, make([]Fault, n)...)
}

// SetDown begins an outage, or ends it. While it lasts, every connection is cut,
// the open ones and each that comes, which is counted as Outage.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	s.down = down
	s.mu.Unlock()
	if down {
		s.cut()
	}
}

// Release lets all replies go that AcceptThenSlow holds now, and ends the
// connections on which a SlowReader waits.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.released)
	s.released = make(chan struct{})
}

// Mails are all mails that the server holds, in the order of their acceptance.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Len is how many they are.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mails)
}

// Count is how often a fault has struck.
func (s *Server) Count(f Fault) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[f]
}

// Counts are all that have.
func (s *Server) Counts() map[Fault]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Connections is how many have come, those that met a fault at once among them.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came
}

// Open is how many there are now.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Held is how many replies are held now by AcceptThenSlow.
func (s *Server) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// Until waits until something that the server tells of itself holds.
func (s *Server) Until(ctx context.Context, holds func(*Server) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if holds(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// note makes a change and tells those who wait for one.
func (s *Server) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) struck(f Fault) { s.note(func() { s.counts[f]++ }) }

// keep records a mail, and answers its place; the reply comes after.
func (s *Server) keep(m Mail, b []byte) (place int) {
	sum := sha256.Sum256(b)
	m.MessageID, m.Hash = messageID(b), hex.EncodeToString(sum[:])
	if s.config.KeepBytes {
		m.Bytes = b
	}
	s.note(func() {
		place = len(s.mails)
		s.mails = append(s.mails, m)
	})
	return place
}

// cut ends every connection.
func (s *Server) cut() {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	for _, p := range open {
		_ = p.Close() // one that has ended meanwhile
	}
}

func (s *Server) tls() *tls.Config { return &tls.Config{GetConfigForClient: s.present} }

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
