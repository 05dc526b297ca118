// Server-side filters of $all.

package kurrenttest

import (
	"regexp"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// defaultWindow is how many records a filtered read looks at, at once, if the
// client does not say.
const defaultWindow = 32

// fromFilter returns the predicate of a filter; no filter lets everything pass.
func fromFilter(f *streams.ReadReq_Options_FilterOptions) (func(ledger.Record) bool, error) {
	if f == nil {
		return func(ledger.Record) bool { return true }, nil
	}
	var expression *streams.ReadReq_Options_FilterOptions_Expression
	var subject func(ledger.Record) string
	switch v := f.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		expression, subject = v.StreamIdentifier, func(r ledger.Record) string { return r.Stream }
	case *streams.ReadReq_Options_FilterOptions_EventType:
		expression, subject = v.EventType, func(r ledger.Record) string { return r.Type }
	default:
		return nil, status.Error(codes.InvalidArgument, "a filter names neither streams nor event types")
	}
	if expression.GetRegex() != "" {
		pattern, err := regexp.Compile(expression.GetRegex())
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "'%s' is not a valid regular expression", expression.GetRegex())
		}
		return func(r ledger.Record) bool { return pattern.MatchString(subject(r)) }, nil
	}
	prefixes := expression.GetPrefix()
	return func(r ledger.Record) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(subject(r), p) {
				return true
			}
		}
		return false
	}, nil
}

// checkpointInterval is after how many records considered a filtered
// subscription gets a checkpoint; 0 without a filter.
func checkpointInterval(f *streams.ReadReq_Options_FilterOptions) (int, error) {
	if f == nil {
		return 0, nil
	}
	window := uint64(defaultWindow)
	if v, ok := f.GetWindow().(*streams.ReadReq_Options_FilterOptions_Max); ok {
		window = uint64(v.Max)
	}
	if window == 0 || f.GetCheckpointIntervalMultiplier() == 0 {
		return 0, status.Error(codes.InvalidArgument, "the window and the multiplier of checkpoints must be positive")
	}
	return int(window * uint64(f.GetCheckpointIntervalMultiplier())), nil
}
