package smtptest

// Here: the faults that strike below the protocol: of accepting, of TLS, and of
// commands that go-smtp would answer itself.

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// listener gives go-smtp the connections that it may greet.
type listener struct {
	net.Listener
	server *Server
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if p := l.server.admit(raw); p != nil {
			return p, nil
		}
	}
}

// peer is one connection. With implicit TLS, what is read and written through it
// is in the clear already.
type peer struct {
	net.Conn
	raw    net.Conn
	server *Server
	fault  Fault // the connection's
	number int   // from 1
	ended  sync.Once

	mu      sync.Mutex
	refusal Fault // of the DATA command of the mail under way
}

// admit counts a connection and does to it what is to be done before a greeting;
// nil where nothing remains to be.
func (s *Server) admit(raw net.Conn) *peer {
	p := &peer{Conn: raw, raw: raw, server: s}
	s.note(func() {
		select {
		case <-s.closed:
			p.fault = Fault{At: Connecting, Act: drop}
			return
		default:
		}
		s.came++
		p.number = s.came
		if s.open[p] = true; s.down {
			p.fault = Outage
			return
		}
		p.fault = s.peers.next()
	})
	if p.fault.At != Connecting {
		if s.config.Protection == Implicit {
			p.Conn = tls.Server(handshaking{raw, p}, s.tls())
		}
		return p
	}
	s.struck(p.fault)
	s.serving.Go(func() {
		defer p.Close()
		switch {
		case p.fault.Code != 0:
			_, _ = raw.Write(p.fault.reply()) // the client may have gone
			p.untilGone()
		case p.fault.Act == silent:
			p.untilGone()
		}
	})
	return nil
}

// Read passes on what the client sends, but for commands that a fault of this
// connection answers here. Commands come one at a time, for the client waits for
// each reply.
func (p *peer) Read(b []byte) (int, error) {
	for {
		n, err := p.Conn.Read(b)
		if err != nil {
			return n, err
		}
		f := p.answers(b[:n])
		if f == None {
			return n, nil
		}
		p.server.struck(f)
		if f.Act == drop {
			return 0, errors.Join(p.Close(), net.ErrClosed)
		}
		if _, err := p.Conn.Write(f.reply()); err != nil {
			return 0, err
		}
	}
}

// answers is the fault that stands for the reply to a command.
func (p *peer) answers(command []byte) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch verb := bytes.ToUpper(bytes.TrimSpace(command)); {
	case bytes.Equal(verb, []byte("STARTTLS")) && p.fault.At == Securing && p.fault.Code != 0:
		return p.fault
	case bytes.Equal(verb, []byte("DATA")) && p.refusal != None:
		f := p.refusal
		p.refusal = None
		return f
	}
	return None
}

// refuseData lets the next DATA command fail; None lets it pass.
func (p *peer) refuseData(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusal = f
}

// Close ends the connection without a word.
func (p *peer) Close() (err error) {
	p.ended.Do(func() {
		err = p.raw.Close()
		p.server.note(func() { delete(p.server.open, p) })
	})
	return err
}

// untilGone waits until the client hangs up or the connection is closed. The
// caller is the only one who reads.
func (p *peer) untilGone() {
	var b [64]byte
	for {
		if _, err := p.raw.Read(b[:]); err != nil {
			return
		}
	}
}

// hold waits for the same, or to be released, and answers which of them has come.
func (p *peer) hold(released <-chan struct{}) bool {
	gone := make(chan struct{})
	go func() { defer close(gone); p.untilGone() }()
	select {
	case <-gone:
		return false
	case <-released:
		_ = p.raw.SetReadDeadline(time.Unix(1, 0)) // ends the reading
		<-gone
		_ = p.raw.SetReadDeadline(time.Time{})
		return true
	}
}

// handshaking is the raw connection under TLS, by which present finds the peer.
type handshaking struct {
	net.Conn
	peer *peer
}

// present chooses the certificate for a handshake, or lets it stall.
func (s *Server) present(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	p := peerOf(hello.Conn)
	switch p.fault {
	case HandshakeStall:
		s.struck(p.fault)
		p.untilGone()
		return nil, net.ErrClosed
	case BadCertificate:
		s.struck(p.fault)
		return &tls.Config{Certificates: []tls.Certificate{s.stranger.pair}}, nil
	}
	return &tls.Config{Certificates: []tls.Certificate{s.trusted.pair}}, nil
}

// peerOf finds the peer below whatever go-smtp and TLS have put around it.
func peerOf(c net.Conn) *peer {
	for {
		switch wrapped := c.(type) {
		case *peer:
			return wrapped
		case handshaking:
			return wrapped.peer
		case *tls.Conn:
			c = wrapped.NetConn()
		default:
			panic(fmt.Sprintf("smtptest: a connection of type %T", c))
		}
	}
}

// reply is the line on the wire.
func (f Fault) reply() []byte {
	return fmt.Appendf(nil, "%d %d.%d.%d scripted\r\n", f.Code, f.Enhanced[0], f.Enhanced[1], f.Enhanced[2])
}
