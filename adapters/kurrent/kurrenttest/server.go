// The server as a whole: it listens, stops, comes back on the same address, and
// says how to reach it.

package kurrenttest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// maxMessage is the size of the largest message accepted, in bytes: the real
// server's. Appends are limited far below it, by their own rule.
const maxMessage = 17 << 20

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	settings settings
	ledger   *ledger.Ledger
	faults   *faults
	tls      *identity // nil without TLS
	members  memberList

	lifecycle sync.Mutex // guards serving; held while the server starts and stops
	serving   *serving   // nil while stopped

	mu      sync.Mutex // guards address; calls take it, so it is not held for long
	address string     // fixed by the first listen, so that a restart keeps the port
}

// serving is one period of being reachable.
type serving struct {
	grpc        *grpc.Server
	connections *connections
	stopping    chan struct{} // closed when it stops: who waits within a call gives up
	done        chan struct{} // closed when nothing is served any more
}

// Start runs a server for the time of a test.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := Listen(append([]Option{WithReport(func(found string) { t.Log(found) })}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	return s
}

// Listen runs a server until Close.
func Listen(options ...Option) (*Server, error) {
	set := defaults()
	for _, o := range options {
		o(&set)
	}
	s := &Server{settings: set, address: set.address, faults: newFaults()}
	if len(set.names) > 0 {
		made, err := newIdentity(set.names)
		if err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
		s.tls = made
	}
	kept, err := ledger.Open(ledger.Options{
		File: set.file, Now: set.now, StatisticsEvery: set.statisticsEvery, Report: set.report,
	})
	if err != nil {
		return nil, errors.Join(err, s.tls.remove())
	}
	s.ledger = kept
	if err := s.Restart(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Restart listens again after Stop, on the same address and with the same log.
// It does nothing while the server runs.
func (s *Server) Restart() error {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	if s.serving != nil {
		return nil
	}
	listener, err := net.Listen("tcp", s.Address())
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.address = listener.Addr().String()
	s.mu.Unlock()

	now := &serving{connections: newConnections(), stopping: make(chan struct{}), done: make(chan struct{})}
	guard := interceptor{server: s, serving: now}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.WaitForHandlers(true),
		// Without this grpc's defaults end the connection of a client that pings as
		// often as this protocol's clients do.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(guard.unary),
		grpc.StreamInterceptor(guard.stream),
		grpc.ForceServerCodecV2(newCodec()),
	}
	if s.tls != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.tls.config)))
	}
	now.grpc = grpc.NewServer(options...)
	streams.RegisterStreamsServer(now.grpc, &streamsService{ledger: s.ledger, records: newRecords(), faults: s.faults, stopping: now.stopping})
	serverfeatures.RegisterServerFeaturesServer(now.grpc, featuresService{version: s.settings.version})
	gossip.RegisterGossipServer(now.grpc, gossipService{members: s.gossip})
	s.serving = now
	go func() {
		defer close(now.done)
		// It ends with an error only if listening fails, which its clients notice.
		_ = now.grpc.Serve(now.connections.track(listener))
	}()
	return nil
}

// Stop ends all calls and connections and no longer listens: an outage. When it
// returns no call is under way. What was answered before is kept.
func (s *Server) Stop() {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	if s.serving == nil {
		return
	}
	close(s.serving.stopping)
	s.serving.grpc.Stop()
	<-s.serving.done
	s.serving = nil
}

// Close stops the server and releases its file.
func (s *Server) Close() error {
	s.Stop()
	return errors.Join(s.ledger.Close(), s.tls.remove())
}

// Address is host:port.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// ConnectionString reaches this server with the right credentials. Settings in
// the form name=value are added to it.
func (s *Server) ConnectionString(more ...string) string {
	u := url.URL{Scheme: "esdb", Host: s.Address()}
	if s.settings.user != "" {
		u.User = url.UserPassword(s.settings.user, s.settings.password)
	}
	query := "tls=false"
	if s.tls != nil {
		query = "tls=true&tlsCaFile=" + url.QueryEscape(s.CAFile())
	}
	for _, m := range more {
		query += "&" + m
	}
	u.RawQuery = query
	return u.String()
}

// CAFile is where the certificate's authority is kept while the server lives, as
// PEM, or "" without TLS.
func (s *Server) CAFile() string {
	if s.tls == nil {
		return ""
	}
	return s.tls.caFile
}
