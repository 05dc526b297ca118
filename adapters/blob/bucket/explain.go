package bucket

// What went wrong, in words for the operator: which setting, which remedy.

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"gocloud.dev/gcerrors"

	"imprint/domain"
)

// explain tells what went wrong by the kind of failure; ctx is the caller's, whose
// end is told as such. The cause goes to the program's log; URLs in it carry no
// credentials, for we take none.
func (s *Store) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("content store %s: %w", s.name, context.Cause(ctx))
	}
	unavailable := func(code, format string, args ...any) error {
		return domain.Refuse(domain.Unavailable, code, "the content store %s "+format, append([]any{s.name}, args...)...).In("IMPRINT_CONTENT").Because(err)
	}
	var certificate *tls.CertificateVerificationError
	var unknown *net.DNSError
	switch code := gcerrors.Code(err); {
	case code == gcerrors.PermissionDenied, hasStatus(err, http.StatusForbidden):
		return unavailable("content-credentials", "refuses these credentials; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the role of this machine) and what they may do there")
	case code == gcerrors.NotFound:
		return unavailable("no-bucket", "does not exist, or is in another region; create the bucket or correct IMPRINT_CONTENT")
	case hasStatus(err, http.StatusInsufficientStorage), strings.Contains(err.Error(), "QuotaExceeded"):
		return unavailable("content-full", "is full; free some space there or raise its quota. Nothing that was acknowledged is lost")
	case errors.As(err, &certificate):
		return unavailable("content-tls", "has a TLS certificate that is not trusted for this name; correct the endpoint in IMPRINT_CONTENT, or trust the authority on this machine (SSL_CERT_FILE)")
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return unavailable("content-tls", "does not speak TLS; write http:// in the endpoint of IMPRINT_CONTENT on a network that you trust")
	case errors.As(err, &unknown):
		return unavailable("content-host", "is at the host %q, which is not known; correct IMPRINT_CONTENT, or the name service", unknown.Name)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("content-slow", "does not answer in time; nothing is lost, try again, and check IMPRINT_CONTENT and the network if it goes on")
	}
	return unavailable("content-unavailable", "does not answer as it should; nothing is lost, try again, and check IMPRINT_CONTENT and the network if it goes on")
}

// hasStatus tells whether the store answered with a status that the library has no
// code of its own for, such as S3's SignatureDoesNotMatch.
func hasStatus(err error, status int) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() == status
}
