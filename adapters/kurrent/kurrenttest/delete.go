// Deleting streams, softly and for ever.

package kurrenttest

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

func (s *streamsService) Delete(_ context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	o := request.GetOptions()
	expected, err := fromDeleteOptions(o)
	if err != nil {
		return nil, err
	}
	done, err := s.ledger.Delete(streamName(o.GetStreamIdentifier()), expected)
	if err != nil {
		return nil, told("Delete", err)
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{
		Position: &streams.DeleteResp_Position{CommitPosition: done.Position.Commit, PreparePosition: done.Position.Prepare},
	}}, nil
}

func (s *streamsService) Tombstone(_ context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	o := request.GetOptions()
	expected, err := fromTombstoneOptions(o)
	if err != nil {
		return nil, err
	}
	done, err := s.ledger.Tombstone(streamName(o.GetStreamIdentifier()), expected)
	if err != nil {
		return nil, told("Tombstone", err)
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{
		Position: &streams.TombstoneResp_Position{CommitPosition: done.Position.Commit, PreparePosition: done.Position.Prepare},
	}}, nil
}

// expectation is what the options of both deletions have in common; their
// oneofs are types of their own.
type expectation interface {
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

func fromDeleteOptions(o *streams.DeleteReq_Options) (ledger.Expected, error) {
	_, revision := o.GetExpectedStreamRevision().(*streams.DeleteReq_Options_Revision)
	return fromExpectation(o, revision)
}

func fromTombstoneOptions(o *streams.TombstoneReq_Options) (ledger.Expected, error) {
	_, revision := o.GetExpectedStreamRevision().(*streams.TombstoneReq_Options_Revision)
	return fromExpectation(o, revision)
}

func fromExpectation(o expectation, revision bool) (ledger.Expected, error) {
	switch {
	case revision:
		return fromRevision(o.GetRevision())
	case o.GetNoStream() != nil:
		return ledger.NoStream, nil
	case o.GetAny() != nil:
		return ledger.Any, nil
	case o.GetStreamExists() != nil:
		return ledger.StreamExists, nil
	}
	return 0, status.Error(codes.InvalidArgument, "the expected revision is missing")
}
