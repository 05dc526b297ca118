// What the client's errors mean, and what the operator is told.

package kurrent

import (
	"errors"
	"fmt"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/domain"
)

// fault is what a failed call means for the next one.
type fault int

const (
	faultOther    fault = iota // the call itself; its outcome is not known
	faultBroken                // the connection: a new one must be found
	faultRefused               // user or password: nothing was done
	faultDenied                // rights: nothing was done
	faultVersion               // the stream is not at the expected revision
	faultDeleted               // the stream was tombstoned
	faultMissing               // the stream does not exist
	faultPlace                 // not a place of this log, or not an append that it takes: nothing was done
	faultNoLeader              // the node led no more; nothing was done
	faultFailing               // the server gave up or failed; the outcome is not known
)

var errTimeout = errors.New("no answer in time")

func faultOf(err error) fault {
	if errors.Is(err, errTimeout) {
		return faultBroken
	}
	if told := (*esdb.Error)(nil); errors.As(err, &told) {
		switch told.Code() {
		case esdb.ErrorUnavailable, esdb.ErrorCodeConnectionClosed, esdb.ErrorCodeDeadlineExceeded: // the client may see the call's deadline before do does
			return faultBroken
		case esdb.ErrorCodeUnauthenticated:
			return faultRefused
		case esdb.ErrorCodeAccessDenied:
			return faultDenied
		case esdb.ErrorCodeWrongExpectedVersion:
			return faultVersion
		case esdb.ErrorCodeStreamDeleted:
			return faultDeleted
		case esdb.ErrorCodeResourceNotFound:
			return faultMissing
		case esdb.ErrorCodeNotLeader:
			return faultNoLeader
		}
	}
	// Subscriptions give the bare status; some errors have no code of the client's.
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled: // cancelled by the client, which has moved to another node
		return faultBroken
	case codes.Unauthenticated:
		return faultRefused
	case codes.PermissionDenied:
		return faultDenied
	case codes.InvalidArgument:
		return faultPlace
	case codes.DeadlineExceeded, codes.Aborted, codes.ResourceExhausted, codes.Internal, codes.DataLoss, codes.Unimplemented:
		return faultFailing
	case codes.Unknown:
		if _, said := status.FromError(err); said { // and is no error of another kind
			return faultFailing
		}
	}
	return faultOther
}

// explain makes an error for people of what the server or the way to it said. It
// names the setting, the host and the remedy, never the credentials.
func (k *link) explain(err error) error {
	text := err.Error()
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	refuse := func(code, format string, args ...any) error {
		return domain.Refuse(domain.Unavailable, code, "the log at %s: "+format, append([]any{k.host}, args...)...).In(setting).Because(err)
	}
	if stranger := (*strangerError)(nil); errors.As(err, &stranger) {
		return refuse("another-log", "it is another log than before; bring the right server back, or correct %s and start again", setting)
	}
	switch f := faultOf(err); {
	case (f == faultRefused || f == faultDenied) && k.config.DisableTLS:
		return refuse("log-credentials", "the server wants a user, and passwords go over TLS only; set tls=true in %s", setting)
	case f == faultDenied && k.config.Username == "":
		return refuse("log-credentials", "the server wants a user; write esdb://user:password@… in %s", setting)
	case f == faultRefused:
		return refuse("log-credentials", "the server refuses the user or the password; correct them in %s", setting)
	case f == faultDenied:
		return refuse("log-rights", "the user in %s may not do this; give it the right to read $all and to read and write the streams of the installation", setting)
	case has("x509:", "certificate"):
		return refuse("log-certificate", "its TLS certificate is not trusted for this name; correct the host in %s, or name the authority by tlsCaFile", setting)
	case has("first record does not look like a TLS handshake"):
		return refuse("log-tls", "it does not speak TLS; set tls=false in %s if that is meant", setting)
	case has("no such host", "produced zero addresses"):
		return refuse("log-host", "the host is not known; correct it in %s", setting)
	case f == faultNoLeader, has("no nodes are eligable", "no members", "No leader info"):
		return refuse("log-leader", "the cluster has no leader now; wait for its election, or look at its nodes")
	case has("Maximum Append Size"):
		return refuse("log-append-size", "it takes less in one append than this program writes; set MaxAppendSize to 1048576 or more there")
	case f == faultDeleted:
		return refuse("log-deleted", "the stream of event 1 was deleted there; correct %s, or restore the log from a backup", setting)
	case f == faultBroken, has("discovery attempt"):
		return refuse("log-unreachable", "it cannot be reached, or does not answer; start it, or correct %s", setting)
	case f == faultFailing:
		return refuse("log-failing", "it could not do it: it is overloaded or failing, or is no KurrentDB; look at its own log, or correct %s", setting)
	}
	return fmt.Errorf("the log at %s: %w", k.host, err)
}

// notDone tells whether a failed append has certainly not been written.
func notDone(err error) bool {
	switch faultOf(err) {
	case faultRefused, faultDenied, faultNoLeader, faultPlace:
		return true
	}
	var kept *notSentError
	return errors.As(err, &kept)
}

// notSentError marks a call that never reached a client.
type notSentError struct{ cause error }

func (e *notSentError) Error() string { return e.cause.Error() }
func (e *notSentError) Unwrap() error { return e.cause }
