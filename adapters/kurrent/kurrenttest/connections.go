// The open connections, so that a fault can cut one.

package kurrenttest

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc/peer"
)

// connections knows the open connections by their remote address, so that one
// can be cut from within a call.
type connections struct {
	mu   sync.Mutex
	open map[string]net.Conn
}

func newConnections() *connections { return &connections{open: map[string]net.Conn{}} }

// cut closes the connection that a call came by.
func (c *connections) cut(ctx context.Context) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return
	}
	c.mu.Lock()
	conn := c.open[p.Addr.String()]
	c.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
}

func (c *connections) track(l net.Listener) net.Listener { return trackedListener{l, c} }

type trackedListener struct {
	net.Listener
	connections *connections
}

func (l trackedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.connections.mu.Lock()
	defer l.connections.mu.Unlock()
	l.connections.open[conn.RemoteAddr().String()] = conn
	return trackedConn{conn, l.connections}, nil
}

type trackedConn struct {
	net.Conn
	connections *connections
}

func (c trackedConn) Close() error {
	c.connections.mu.Lock()
	delete(c.connections.open, c.RemoteAddr().String())
	c.connections.mu.Unlock()
	return c.Conn.Close()
}
