// What a server can be told at its start.

package kurrenttest

import (
	"time"
)

// settings is what the options fill in.
type settings struct {
	address         string
	file            string
	now             func() time.Time
	statisticsEvery int
	report          func(string)
	version         string
	names           []string // of the TLS certificate; none means no TLS
	user, password  string
}

// Option changes one setting of a server.
type Option func(*settings)

func defaults() settings {
	return settings{
		address:         "127.0.0.1:0",
		now:             time.Now,
		statisticsEvery: 16,
		report:          func(string) {},
		version:         "24.10.0",
	}
}

// At listens on an address (host:port) instead of a free port of 127.0.0.1.
func At(address string) Option { return func(s *settings) { s.address = address } }

// WithFile keeps the log in a file, so that it survives the server and kill -9.
func WithFile(path string) Option { return func(s *settings) { s.file = path } }

// WithClock gives the time at which events are created, and by which they age.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// WithStatisticsEvery writes a system event after every n appends; 0 means none.
func WithStatisticsEvery(n int) Option { return func(s *settings) { s.statisticsEvery = n } }

// WithReport receives what was found and repaired when the file was opened.
func WithReport(report func(string)) Option { return func(s *settings) { s.report = report } }

// WithVersion is the version the server claims, three numbers with dots.
func WithVersion(version string) Option { return func(s *settings) { s.version = version } }

// WithTLS serves TLS with a certificate for these names or addresses, signed by
// itself. Its authority is found by [Server.CAFile].
func WithTLS(names ...string) Option { return func(s *settings) { s.names = names } }

// WithUser asks every call to Streams for these basic credentials.
func WithUser(name, password string) Option {
	return func(s *settings) { s.user, s.password = name, password }
}
