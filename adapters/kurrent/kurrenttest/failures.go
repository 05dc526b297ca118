// How the protocol tells failures: a gRPC status, and trailers with the details.
// Clients read the first value of a trailer without looking whether there is one.

package kurrenttest

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// failure is a status with trailers.
type failure struct {
	status   *status.Status
	trailers metadata.MD
}

func (f *failure) Error() string { return f.status.Message() }

// GRPCStatus is what grpc sends for the error.
func (f *failure) GRPCStatus() *status.Status { return f.status }

func fail(code codes.Code, message, exception string, details ...string) *failure {
	return &failure{
		status:   status.New(code, message),
		trailers: metadata.Pairs(append([]string{"exception", exception}, details...)...),
	}
}

func missingMetadata(key string) *failure {
	return fail(codes.InvalidArgument, "Required Metadata Property '"+key+"' is missing",
		"missing-required-metadata-property", "required-metadata-properties", keyType+","+keyContentType)
}

func tooLarge() *failure {
	limit := strconv.Itoa(maxAppend)
	return fail(codes.InvalidArgument, "Maximum Append Size of "+limit+" Exceeded.",
		"maximum-append-size-exceeded", "maximum-append-size", limit)
}

func streamDeleted(name string) *failure {
	return fail(codes.FailedPrecondition, "Event stream '"+name+"' is deleted.", "stream-deleted", "stream-name", name)
}

func accessDenied() *failure {
	return fail(codes.PermissionDenied, "Access Denied", "access-denied")
}

func notLeader(host, port string) *failure {
	return fail(codes.NotFound, "Leader info available",
		"not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port)
}

func wrongVersion(operation string, e *ledger.WrongVersion) *failure {
	expected, current := strconv.FormatInt(int64(e.Expected), 10), strconv.FormatInt(e.Current, 10)
	return fail(codes.FailedPrecondition,
		operation+" failed due to WrongExpectedVersion. Stream: "+e.Stream+", Expected version: "+expected+", Actual version: "+current,
		"wrong-expected-version", "stream-name", e.Stream, "expected-version", expected, "actual-version", current)
}

// told turns an error of the store into the protocol's, for an operation that
// has no answer of its own for it.
func told(operation string, err error) error {
	var deleted *ledger.Deleted
	var wrong *ledger.WrongVersion
	switch {
	case err == nil:
		return nil
	case errors.As(err, &deleted):
		return streamDeleted(deleted.Stream)
	case errors.As(err, &wrong):
		return wrongVersion(operation, wrong)
	case errors.Is(err, ledger.ErrPosition):
		return status.Error(codes.InvalidArgument, "the position is not valid")
	}
	// The file failed: what was written is in doubt, and the client is told no more.
	return status.Error(codes.Unavailable, "Server Is Not Ready")
}

// setTrailers adds the trailers of a failure to a call that ends with it.
func setTrailers(ctx context.Context, err error) {
	var f *failure
	if errors.As(err, &f) {
		// It fails only outside of a call.
		_ = grpc.SetTrailer(ctx, f.trailers)
	}
}
