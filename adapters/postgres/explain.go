package postgres

// What went wrong, in words for the operator: which setting, which remedy.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"imprint/domain"
)

// Explain gives the errors of PostgreSQL that an operator can do something about
// their words. The cause stays attached; neither holds a password, and the text of
// a server's error holds no row.
func Explain(err error) error { return explain(Setting, err) }

// explain is Explain for what either setting leads to.
func explain(setting string, err error) error {
	var said *domain.Error
	if err == nil || errors.As(err, &said) || errors.Is(err, context.Canceled) {
		return err
	}
	if e, ok := as[*pgconn.PgError](err); ok {
		if words := server(setting, e); words != nil {
			return words.Because(err)
		}
		if _, connecting := as[*pgconn.ConnectError](err); connecting {
			return domain.Refuse(domain.Unavailable, "database-refuses", "the PostgreSQL server of %s refuses the connection: %s; correct the parameters of the address, or look at the log of that server", setting, e.Message).In(setting).Because(err)
		}
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	if words := network(setting, err); words != nil {
		return words.Because(err)
	}
	return err
}

// server words what the server said, by its code (appendix A of its manual).
func server(setting string, e *pgconn.PgError) *domain.Error {
	unavailable := func(code, format string, args ...any) *domain.Error {
		return domain.Refuse(domain.Unavailable, code, format, args...).In(setting)
	}
	switch e.Code {
	case "28P01", "28000":
		return unavailable("database-login", "PostgreSQL refuses the user or the password of %s; correct them, or let this host in (pg_hba.conf)", setting)
	case "3D000":
		return unavailable("no-database", "the database that %s names does not exist; create it (createdb) or correct the name", setting)
	case "42501":
		return unavailable("database-rights", "the user of %s lacks a right: %s; grant CREATE on the database and let it own the schemas imprint_views and imprint_work", setting, e.Message)
	case "53300":
		return unavailable("too-many-connections", "PostgreSQL has no connection left for %s; raise its max_connections or lower pool_max_conns in the address", setting)
	case "53100", "58030":
		return unavailable("disk", "the disk of the PostgreSQL server of %s is full or failing; free some space there, nothing that was acknowledged is lost", setting)
	case "53200":
		return unavailable("database-memory", "the PostgreSQL server of %s is out of memory; lower its work_mem or its connections", setting)
	case "25006":
		return unavailable("database-read-only", "%s leads to a server that takes no writes, such as a replica; name the primary, and the replica in %s", setting, ReadSetting)
	case "57P01", "57P02", "57P03":
		return unavailable("database-restarting", "the PostgreSQL server of %s is starting or stopping; it is tried again", setting)
	case "57014", "55P03", "25P03":
		return unavailable("database-busy", "PostgreSQL (%s) was too slow: %s; look for long transactions and locks (pg_stat_activity)", setting, e.Message)
	case "3F000", "42P01", "42883", "42703":
		return unavailable("no-schema", "the database of %s lacks tables of this program: %s; run imprint migrate up", setting, e.Message)
	}
	return nil
}

// network words what kept a connection from being made, or ended it.
func network(setting string, err error) *domain.Error {
	unavailable := func(code, format string, args ...any) *domain.Error {
		return domain.Refuse(domain.Unavailable, code, format, args...).In(setting)
	}
	if dns, ok := as[*net.DNSError](err); ok {
		return unavailable("unknown-host", "the host %q of %s is not known; correct the name, or the name service", dns.Name, setting)
	}
	if unproved(err) {
		return unavailable("database-tls", "the certificate of the PostgreSQL server does not prove the host of %s%s; correct the host, or name its authority with sslrootcert", setting, why(err))
	}
	if _, ok := as[tls.RecordHeaderError](err); ok || strings.Contains(err.Error(), "server refused TLS connection") {
		return unavailable("database-tls", "the PostgreSQL server of %s does not speak TLS; turn it on there (ssl = on), or say sslmode=disable on a network that you trust", setting)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return unavailable("database-slow", "the PostgreSQL server of %s did not answer in time; see whether it is up and reachable", setting)
	}
	connect, connecting := as[*pgconn.ConnectError](err)
	if connecting {
		return unavailable("database-unreachable", "nothing answers at %s:%d, which %s names; see whether PostgreSQL is up and reachable", connect.Config.Host, connect.Config.Port, setting)
	}
	_, broken := as[*net.OpError](err)
	if broken || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") {
		return unavailable("database-lost", "the connection to the PostgreSQL server of %s was lost; it is tried again", setting)
	}
	return nil
}

// unproved tells of a certificate that was refused: with sslmode=verify-ca by pgx,
// which does not wrap what it found, otherwise by crypto/tls.
func unproved(err error) bool {
	if _, ok := as[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := as[x509.UnknownAuthorityError](err); ok {
		return true
	}
	_, ok := as[x509.CertificateInvalidError](err)
	return ok
}

// why tells the two usual reasons of a refused certificate apart.
func why(err error) string {
	if _, ok := as[x509.HostnameError](err); ok {
		return ": it is made out to another name"
	}
	if _, ok := as[x509.UnknownAuthorityError](err); ok {
		return ": its authority is not known here"
	}
	return ""
}

// Is tells whether the server answered with a code.
func Is(err error, code string) bool {
	e, ok := as[*pgconn.PgError](err)
	return ok && e.Code == code
}
