package smtp

// A real SMTP server whose faults are scripted.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	server "github.com/emersion/go-smtp"
)

// fault is what the server does to the next mail.
type fault string

const (
	none           fault = ""
	dropAtMail     fault = "drop at MAIL"
	mail421        fault = "421 at MAIL"
	mail550        fault = "550 at MAIL"
	rcpt450        fault = "450 at RCPT"
	rcpt550        fault = "550 at RCPT"
	rcpt421        fault = "421 at RCPT"
	rcptDrop       fault = "drop at RCPT"
	dot451         fault = "451 at the dot"
	dot554         fault = "554 at the dot"
	acceptThenDrop fault = "accept, then drop"
	acceptSlowly   fault = "accept, answer too late"
	dropAfter250   fault = "drop after 250"
)

// sink records what it accepts before it answers.
type sink struct {
	t      *testing.T
	listen net.Listener
	roots  *x509.CertPool

	mu          sync.Mutex
	script      []fault
	accepted    [][]byte
	connections int
	password    string // seen at AUTH
	release     chan struct{}
}

type session struct {
	sink  *sink
	conn  *server.Conn
	fault fault
	drop  bool // after the reply
}

func reply(code int) error {
	return &server.SMTPError{Code: code, EnhancedCode: server.EnhancedCode{code / 100, 0, 0}, Message: "scripted"}
}

func (s *session) Mail(string, *server.MailOptions) error {
	s.sink.mu.Lock()
	s.fault = none
	if len(s.sink.script) > 0 {
		s.fault, s.sink.script = s.sink.script[0], s.sink.script[1:]
	}
	s.sink.mu.Unlock()
	switch s.fault {
	case dropAtMail:
		_ = s.conn.Conn().Close()
	case mail421:
		return reply(421)
	case mail550:
		return reply(550)
	}
	return nil
}

func (s *session) Rcpt(string, *server.RcptOptions) error {
	switch s.fault {
	case rcpt450:
		return reply(450)
	case rcpt550:
		return reply(550)
	case rcpt421:
		return reply(421)
	case rcptDrop:
		_ = s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	switch s.fault {
	case dot451:
		return reply(451)
	case dot554:
		return reply(554)
	}
	s.sink.mu.Lock()
	s.sink.accepted = append(s.sink.accepted, b)
	s.sink.mu.Unlock()
	switch s.fault {
	case acceptThenDrop:
		_ = s.conn.Conn().Close()
	case acceptSlowly:
		<-s.sink.release
	case dropAfter250:
		s.drop = true
	}
	return nil
}

// Reset is called after the reply to the dot, and at RSET.
func (s *session) Reset() {
	if s.drop {
		_ = s.conn.Conn().Close()
	}
}

func (s *session) Logout() error            { return nil }
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.sink.mu.Lock()
		defer s.sink.mu.Unlock()
		s.sink.password = password
		if user != "imprint" || password != "s3cret/+" {
			return errors.New("wrong password")
		}
		return nil
	}), nil
}

// serve starts a server; protection is as in an address.
func serve(t *testing.T, protection TLS, script ...fault) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{t: t, listen: l, script: script, release: make(chan struct{})}
	srv := server.NewServer(server.BackendFunc(func(c *server.Conn) (server.Session, error) {
		s.mu.Lock()
		s.connections++
		s.mu.Unlock()
		return &session{sink: s, conn: c}, nil
	}))
	srv.Domain, srv.ErrorLog = "sink.example", quiet{}
	if protection != NoTLS {
		srv.TLSConfig = s.certificate()
	}
	if protection == Implicit {
		l = tls.NewListener(l, srv.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() {
		select {
		case <-s.release:
		default:
			close(s.release)
		}
		_ = srv.Close()
		<-done
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (s *sink) certificate() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// mailer connects to the server by a parsed address.
func (s *sink) mailer(user, query string) *Mailer {
	s.t.Helper()
	port := s.listen.Addr().(*net.TCPAddr).Port
	settings, err := Parse("smtp://" + user + "127.0.0.1:" + strconv.Itoa(port) + "?" + query)
	if err != nil {
		s.t.Fatal(err)
	}
	settings.roots = s.roots
	m := NewMailer(settings)
	s.t.Cleanup(func() { _ = m.Close() })
	return m
}

func (s *sink) seen() (mails, connections int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted), s.connections
}
