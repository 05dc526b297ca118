// The settings of a route, given as one address.

package smtp

import (
	"crypto/x509"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"imprint/domain"
)

// Settings say how mails leave. The password is never printed: Settings has no
// other text form than its server's address.
type Settings struct {
	Host        string
	Port        int
	TLS         TLS
	User        string
	password    string
	auth        gomail.SMTPAuthType
	Connections int            // kept open at most
	Timeout     time.Duration  // of dialling, and of each half of a mail's transmission
	roots       *x509.CertPool // nil: those of the machine
}

// TLS says how a connection is protected.
type TLS string

// The protections.
const (
	StartTLS TLS = "starttls" // required; never falls back to plain
	Implicit TLS = "implicit"
	NoTLS    TLS = "none" // for a relay on the same machine or network
)

// setting names the address in what is said to operators.
const setting = "IMPRINT_MAIL"

// Bounds of the settings.
const (
	defaultConnections = 8
	maxConnections     = 64
	// DefaultTimeout is long, for giving up on the answer to the last byte is what
	// makes second copies (RFC 5321 section 4.5.3.2.6 asks for ten minutes). Three
	// of them must fit into the worker's lease.
	DefaultTimeout = 4 * time.Minute
	maxTimeout     = DefaultTimeout
)

// auths are the mechanisms that an address may name; plain is the default.
var auths = map[string]gomail.SMTPAuthType{
	"plain": gomail.SMTPAuthPlain, "login": gomail.SMTPAuthLogin,
	"cram-md5": gomail.SMTPAuthCramMD5, "scram-sha-256": gomail.SMTPAuthSCRAMSHA256,
}

// Parse reads smtp://user:password@host:port?tls=starttls|implicit|none, with
// auth=plain|login|cram-md5|scram-sha-256, connections=1…64 and timeout=1s…4m if
// wanted. Its errors never quote the address, which holds a password.
func Parse(address string) (Settings, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "smtp" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return Settings{}, bad("write it as smtp://user:password@host:port?tls=starttls")
	}
	s := Settings{Host: u.Hostname(), TLS: StartTLS, auth: gomail.SMTPAuthNoAuth, Connections: defaultConnections, Timeout: DefaultTimeout}
	query := u.Query()
	for name, values := range query {
		if err := s.set(name, values[len(values)-1]); err != nil {
			return Settings{}, err
		}
	}
	s.Port = map[TLS]int{StartTLS: 587, Implicit: 465, NoTLS: 25}[s.TLS]
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port < 1 || s.Port > 65535 {
			return Settings{}, bad("the port must be a number from 1 to 65535")
		}
	}
	if u.User != nil {
		s.User = u.User.Username()
		s.password, _ = u.User.Password()
		if s.TLS == NoTLS {
			return Settings{}, bad("a password must not travel in the clear; use tls=starttls or tls=implicit, or leave user and password out")
		}
		if s.auth == gomail.SMTPAuthNoAuth {
			s.auth = gomail.SMTPAuthPlain
		}
	}
	return s, nil
}

func (s *Settings) set(name, value string) (err error) {
	switch name {
	case "tls":
		s.TLS = TLS(value)
		if s.TLS != StartTLS && s.TLS != Implicit && s.TLS != NoTLS {
			return bad("tls must be starttls, implicit or none")
		}
	case "auth":
		ok := false
		if s.auth, ok = auths[value]; !ok {
			return bad("auth must be plain, login, cram-md5 or scram-sha-256")
		}
	case "connections":
		if s.Connections, err = strconv.Atoi(value); err != nil || s.Connections < 1 || s.Connections > maxConnections {
			return bad("connections must be a number from 1 to 64")
		}
	case "timeout":
		if s.Timeout, err = time.ParseDuration(value); err != nil || s.Timeout < time.Second || s.Timeout > maxTimeout {
			return bad("timeout must lie between 1s and 4m")
		}
	default:
		return bad("it takes tls, auth, connections and timeout, and no other setting")
	}
	return nil
}

func bad(what string) error {
	return domain.Refuse(domain.Invalid, "bad-mail-server", "the mail server's address in %s is not usable: %s", setting, what).In(setting)
}

// String names the server, and nothing secret.
func (s Settings) String() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// GoString keeps the password out of %#v too.
func (s Settings) GoString() string { return s.String() }
