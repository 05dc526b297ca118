// The Streams service, and Append: the way this protocol's Go client writes.

package kurrenttest

import (
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// maxAppend is how much one append may carry, in bytes: the real server's default.
const maxAppend = 1 << 20

// streamsService answers calls to Streams for one period of being reachable.
type streamsService struct {
	streams.UnimplementedStreamsServer
	ledger   *ledger.Ledger
	records  *records
	faults   *faults
	stopping <-chan struct{}
}

// Append collects the events and writes them at once. An append that is too
// large is refused while the client may still be sending; a client that sends
// then sees the end of the stream before it sees why.
func (s *streamsService) Append(call streams.Streams_AppendServer) error {
	head, err := call.Recv()
	if err != nil {
		return err
	}
	options := head.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "an append begins with its options")
	}
	expected, err := fromAppendOptions(options)
	if err != nil {
		return err
	}
	var events []ledger.Event
	size := 0
	for {
		message, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if message.GetProposedMessage() == nil {
			return status.Error(codes.InvalidArgument, "an append's options are followed by events only")
		}
		event, err := fromProposal(message.GetProposedMessage())
		if err != nil {
			return err
		}
		if size += sizeOf(event); size > maxAppend {
			return tooLarge()
		}
		events = append(events, event)
	}
	done, err := s.ledger.Append(streamName(options.GetStreamIdentifier()), expected, events)
	var wrong *ledger.WrongVersion
	switch {
	case errors.As(err, &wrong):
		return call.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{
			WrongExpectedVersion: toWrongExpectedVersion(wrong),
		}})
	case err != nil:
		return told("Append", err)
	}
	return call.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: toSuccess(done)}})
}

func fromAppendOptions(o *streams.AppendReq_Options) (ledger.Expected, error) {
	switch v := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		return fromRevision(v.Revision)
	case *streams.AppendReq_Options_NoStream:
		return ledger.NoStream, nil
	case *streams.AppendReq_Options_Any:
		return ledger.Any, nil
	case *streams.AppendReq_Options_StreamExists:
		return ledger.StreamExists, nil
	}
	return 0, status.Error(codes.InvalidArgument, "the expected revision is missing")
}

func fromRevision(revision uint64) (ledger.Expected, error) {
	if int64(revision) < 0 {
		return 0, status.Errorf(codes.InvalidArgument, "'%d' is not a valid revision", revision)
	}
	return ledger.Expected(revision), nil
}

func toSuccess(done ledger.Appended) *streams.AppendResp_Success {
	success := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}},
		PositionOption:        &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}},
	}
	if done.Revision >= 0 {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(done.Revision)}
	}
	if p := done.Position; p != nil {
		success.PositionOption = &streams.AppendResp_Success_Position{
			Position: &streams.AppendResp_Position{CommitPosition: p.Commit, PreparePosition: p.Prepare},
		}
	}
	return success
}

// toWrongExpectedVersion fills each field twice: clients older than 20.6 read
// the ones named after it.
func toWrongExpectedVersion(e *ledger.WrongVersion) *streams.AppendResp_WrongExpectedVersion {
	type answer = streams.AppendResp_WrongExpectedVersion
	wrong := &answer{}
	if e.Current >= 0 {
		wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(e.Current)}
		wrong.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: uint64(e.Current)}
	} else {
		wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		wrong.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: &shared.Empty{}}
	}
	switch e.Expected {
	case ledger.Any:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case ledger.StreamExists:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: &shared.Empty{}}
	case ledger.NoStream:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	default:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: uint64(e.Expected)}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: uint64(e.Expected)}
	}
	return wrong
}
