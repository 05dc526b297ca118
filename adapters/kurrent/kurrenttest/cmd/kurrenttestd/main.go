// Command kurrenttestd serves the part of the KurrentDB (EventStoreDB) protocol
// that Imprint uses, for tests with several processes and with clients of other
// languages. It is no database: see package kurrenttest for what it keeps and
// what it does not.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"imprint/adapters/kurrent/kurrenttest"
)

// arguments are the command line; kong reads the tags.
type arguments struct {
	Listen     string   `default:"127.0.0.1:2113" help:"Address to listen on (host:port; port 0 takes a free one)."`
	Data       string   `type:"path" placeholder:"FILE" help:"Keep the log in this file. Without it, in memory only."`
	TLS        bool     `name:"tls" help:"Serve TLS with a certificate made at the start; the file of its authority is printed."`
	TLSName    []string `name:"tls-name" default:"localhost,127.0.0.1" placeholder:"NAME,..." help:"Names and addresses the certificate is for."`
	User       string   `placeholder:"NAME:PASSWORD" help:"Ask for these credentials. Clients send them over TLS only."`
	Statistics int      `default:"16" help:"Write a system event after every N appends; 0 for none." placeholder:"N"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run serves until ctx ends and returns the exit code: 0 after that, 1 if it
// cannot serve, 2 if the command line is wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var a arguments
	exit := -1
	parser, err := kong.New(&a, kong.Name("kurrenttestd"),
		kong.Description("A test double of KurrentDB's protocol on the network. It prints a line with its address when it is ready."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(stderr, "kurrenttestd:", err)
		return 2
	}
	if _, err := parser.Parse(args); exit >= 0 {
		return exit // the help page was asked for
	} else if err != nil {
		fmt.Fprintln(stderr, "kurrenttestd:", err)
		return 2
	}
	options, err := a.options(stderr)
	if err != nil {
		fmt.Fprintln(stderr, "kurrenttestd:", err)
		return 2
	}
	s, err := kurrenttest.Listen(options...)
	if err != nil {
		fmt.Fprintln(stderr, "kurrenttestd:", err)
		return 1
	}
	// Who starts this process waits for the line.
	fmt.Fprintln(stdout, strings.TrimSpace("ready "+s.Address()+" "+s.CAFile()))
	<-ctx.Done()
	if err := s.Close(); err != nil {
		fmt.Fprintln(stderr, "kurrenttestd:", err)
		return 1
	}
	return 0
}

func (a arguments) options(stderr io.Writer) ([]kurrenttest.Option, error) {
	options := []kurrenttest.Option{
		kurrenttest.At(a.Listen),
		kurrenttest.WithFile(a.Data),
		kurrenttest.WithStatisticsEvery(a.Statistics),
		kurrenttest.WithReport(func(found string) { fmt.Fprintln(stderr, "kurrenttestd:", found) }),
	}
	if a.TLS {
		options = append(options, kurrenttest.WithTLS(a.TLSName...))
	}
	if a.User != "" {
		name, password, ok := strings.Cut(a.User, ":")
		if !ok || name == "" || password == "" {
			return nil, fmt.Errorf("--user wants NAME:PASSWORD")
		}
		options = append(options, kurrenttest.WithUser(name, password))
	}
	return options, nil
}
