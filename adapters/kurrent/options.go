// What an operator sets, and how the connection string becomes the client's
// configuration without a password ever showing in an error.

package kurrent

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain"
	"imprint/domain/event"
)

// setting is the operator's name of the connection string.
const setting = "IMPRINT_LOG"

// Options of a log on a KurrentDB cluster.
type Options struct {
	// Address is the connection string: esdb://user:password@host:2113?tls=true,
	// esdb+discover:// for a cluster; kurrentdb:// says the same. The settings
	// maxDiscoverAttempts and nodePreference in it are overruled.
	Address string
	// Installation names the installation on its cluster: a-z, 0-9 and '-'.
	Installation string
	// Known is a checkpoint of this same log from which Head counts on; the
	// beginning where it is zero. Head refuses one that is not of this log.
	Known event.Checkpoint
	// Clock is the store's clock; the machine's where it is nil.
	Clock domain.Clock
	// Logger hears of outages and of long counts; slog.Default where it is nil.
	Logger *slog.Logger
	// CallTimeout bounds one call to the server; 10 s where it is zero.
	CallTimeout time.Duration
	// Patience bounds how long a call waits through an outage, and how long an
	// append of unknown outcome is pursued; 5 s where it is zero.
	Patience time.Duration
}

var installationName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (o *Options) setDefaults() error {
	if !installationName.MatchString(o.Installation) {
		return domain.Refuse(domain.Invalid, "bad-installation", "%.70q cannot name an installation on a KurrentDB cluster; use a-z, 0-9 and '-', at most 63 of them", o.Installation)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = 10 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 5 * time.Second
	}
	_, err := parsePlace(o.Known)
	return err
}

// configure reads the connection string. Errors of the client's parser may quote
// a part of the password, so they are told only where there is none, or where they
// are about a file.
func configure(o Options) (*esdb.Configuration, error) {
	text := o.Address
	for _, scheme := range []string{"://", "+discover://"} {
		if rest, ok := strings.CutPrefix(text, "kurrentdb"+scheme); ok {
			text = "esdb" + scheme + rest
		}
	}
	config, err := esdb.ParseConnectionString(text)
	if err == nil {
		err = config.Validate()
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return nil, domain.Refuse(domain.Invalid, "bad-log-address", "%s names the file %s, which cannot be read; correct its name, or its owner and permissions", setting, file.Path).Because(file.Err)
	}
	if err != nil {
		refusal := domain.Refuse(domain.Invalid, "bad-log-address", "%s is no connection string; write esdb://user:password@host:2113?tls=true, with '/', '#', '%%', '@', ':' and ',' in the password percent-encoded, and correct its parameters (tls, tlsCaFile and others)", setting)
		if !strings.Contains(text, "@") {
			refusal = refusal.Because(err)
		}
		return nil, refusal
	}
	config.MaxDiscoverAttempts = math.MaxInt32
	config.DiscoveryInterval = 500
	config.NodePreference = esdb.NodePreferenceLeader // a follower may lag behind an acknowledged append
	config.Logger = clientLogger(o.Logger)
	return config, nil
}

// hosts names the servers of a configuration, without credentials.
func hosts(c *esdb.Configuration) string {
	if len(c.GossipSeeds) == 0 {
		return c.Address
	}
	var names []string
	for _, seed := range c.GossipSeeds {
		names = append(names, seed.String())
	}
	return strings.Join(names, ",")
}

// clientLogger takes the client's own messages at debug level: it repeats itself
// at each attempt, and what matters is logged once by the link.
func clientLogger(to *slog.Logger) esdb.LoggingFunc {
	return func(level esdb.LogLevel, format string, args ...any) {
		to.Debug("kurrentdb client", "level", level, "text", fmt.Sprintf(format, args...))
	}
}
