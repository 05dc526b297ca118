package main

// Here: asking a serving program how it is, as a container's health check does.

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"imprint/domain"
)

// probeTime bounds the question, and probeBytes the answer.
const (
	probeTime  = 4 * time.Second
	probeBytes = 64 << 10
)

type readyCommand struct {
	Listen string `env:"IMPRINT_LISTEN" default:"${listen}" placeholder:"ADDR" help:"The address that the serving program listens on."`
}

// Help is shown by imprint ready --help.
func (readyCommand) Help() string {
	return "Asks the serving program's /readyz and prints what it answers. Exits with 0 if it is ready (every read model has caught up, the engines answer and no disk is full), and with 1 otherwise. It needs nothing of the installation, so that a container without a shell can check its own health by it."
}

func (c *readyCommand) Run(ctx context.Context, out *console) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return domain.Refuse(domain.Invalid, "bad-address", "%.80q is no address; write host:port, such as %s", c.Listen, defaultListen).In("listen")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on all addresses, and so on this one
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	address := net.JoinHostPort(host, port)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return domain.Refuse(domain.Invalid, "bad-address", "%.80q is no address; write host:port, such as %s", c.Listen, defaultListen).In("listen").Because(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return domain.Refuse(domain.Unavailable, "no-answer", "nothing answers at %s; start imprint serve, or name its address with --listen", address).Because(err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if _, err := io.Copy(out.Out, io.LimitReader(answer.Body, probeBytes)); err != nil {
		return fmt.Errorf("read the answer of %s: %w", address, err)
	}
	if answer.StatusCode != http.StatusOK {
		return errFound
	}
	return nil
}
