package main

// The mails of a population: the worker with its ports, and a mail server that
// takes everything and keeps nothing.

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	server "github.com/emersion/go-smtp"

	"imprint/adapters/queries"
	"imprint/adapters/smtp"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/mail"
	"imprint/handlers/digest"
)

// sender is the From of all mails.
const sender = "Halden Trust Center <trust@example.org>"

// worker makes the digest worker of an installation.
func (in *installation) worker(mailer digest.Mailer, encoder digest.Encoder, clock domain.Clock, connections int) (*digest.Service, error) {
	links, err := digest.NewLinks("https://trust.example.org", in.master)
	if err != nil {
		return nil, err
	}
	return digest.New(
		digest.Config{Portal: "Halden Trust Center", From: sender, Holder: "benchmarks", Connections: connections},
		digest.Ports{
			Log: in.log, Codec: in.codec, Keys: in.keys, Work: work.NewDigests(in.work), Notices: queries.NewNotices(in.store),
			Passed: in.readModels, Encoder: encoder, Mailer: mailer, Sent: digest.NoSent{}, Links: links,
			Clock: clock, Logger: slog.New(slog.DiscardHandler),
		})
}

// noMail is for a worker that only reads the log.
type noMail struct{}

func (noMail) Send(context.Context, mail.Message) mail.Outcome {
	return mail.Outcome{Verdict: mail.RouteDown, Reason: "this worker sends nothing"}
}

// sink is the mail server.
type sink struct {
	server   *server.Server
	port     int
	accepted atomic.Int64
	bytes    atomic.Int64
	oldest   atomic.Int64 // nanoseconds since 1970 of the first mail accepted
	newest   atomic.Int64 // and of the newest
	ended    chan error
}

// withSink runs it; each of its replies comes after a delay.
func withSink(delay time.Duration, do func(*sink) error) error {
	s, err := openSink(delay)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.close())
}

func openSink(delay time.Duration) (*sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{port: listener.Addr().(*net.TCPAddr).Port, ended: make(chan error, 1)}
	s.server = server.NewServer(server.BackendFunc(func(*server.Conn) (server.Session, error) { return delivery{s}, nil }))
	s.server.Domain = "sink.example.org"
	go func() { s.ended <- s.server.Serve(distant{listener, delay}) }()
	return s, nil
}

// distant is a listener whose every answer takes a while.
type distant struct {
	net.Listener
	delay time.Duration
}

func (d distant) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil || d.delay == 0 {
		return conn, err
	}
	return distantConn{conn, d.delay}, nil
}

type distantConn struct {
	net.Conn
	delay time.Duration
}

func (c distantConn) Write(b []byte) (int, error) {
	time.Sleep(c.delay)
	return c.Conn.Write(b)
}

// close ends it with its connections.
func (s *sink) close() error {
	err := s.server.Close()
	<-s.ended // tells that it was closed
	return err
}

// mailer sends to the sink over so many connections.
func (s *sink) mailer(connections int) (*smtp.Mailer, error) {
	settings, err := smtp.Parse("smtp://127.0.0.1:" + strconv.Itoa(s.port) + "?tls=none&connections=" + strconv.Itoa(connections))
	if err != nil {
		return nil, err
	}
	return smtp.NewMailer(settings), nil
}

// delivery is one connection to the sink.
type delivery struct{ sink *sink }

func (delivery) Mail(string, *server.MailOptions) error { return nil }
func (delivery) Rcpt(string, *server.RcptOptions) error { return nil }
func (delivery) Reset()                                 {}
func (delivery) Logout() error                          { return nil }

func (d delivery) Data(r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	if err == nil {
		d.sink.accepted.Add(1)
		d.sink.bytes.Add(n)
		now := time.Now().UnixNano()
		d.sink.oldest.CompareAndSwap(0, now)
		d.sink.newest.Store(now)
	}
	return err
}
