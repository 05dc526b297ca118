// BatchAppend: the way clients of other languages append. One call carries many
// appends, each known by its correlation id; each is answered by itself, and
// being refused is an answer too.

package kurrenttest

import (
	"errors"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// maxOpenBatches bounds how many appends one call may have begun and not ended.
const maxOpenBatches = 256

// batch is an append that is being collected.
type batch struct {
	stream   string
	expected ledger.Expected
	deadline time.Time // zero: none
	events   []ledger.Event
	size     int
	refused  *rpc.Status // set by what cannot be appended
}

// BatchAppend answers in the order in which the appends end.
func (s *streamsService) BatchAppend(call streams.Streams_BatchAppendServer) error {
	open := map[uuid.UUID]*batch{}
	for {
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		id, err := fromUUID(request.GetCorrelationId())
		if err != nil {
			return err
		}
		if o := request.GetOptions(); o != nil && open[id] == nil {
			if len(open) == maxOpenBatches {
				return status.Error(codes.ResourceExhausted, "too many appends are open in one call")
			}
			open[id] = newBatch(o)
		}
		b := open[id]
		if b == nil {
			continue // it was refused already, and more of it was on the way
		}
		b.add(request.GetProposedMessages())
		if b.refused == nil && !request.GetIsFinal() {
			continue
		}
		delete(open, id)
		answer, err := s.finish(b)
		if err != nil {
			return err
		}
		answer.CorrelationId = request.GetCorrelationId()
		answer.StreamIdentifier = toStreamIdentifier(b.stream)
		if err := call.Send(answer); err != nil {
			return err
		}
	}
}

func newBatch(o *streams.BatchAppendReq_Options) *batch {
	b := &batch{stream: streamName(o.GetStreamIdentifier())}
	switch v := o.GetDeadlineOption().(type) {
	case *streams.BatchAppendReq_Options_Deadline:
		b.deadline = time.Now().Add(v.Deadline.AsDuration())
	case *streams.BatchAppendReq_Options_Deadline_21_10_0:
		b.deadline = v.Deadline_21_10_0.AsTime()
	}
	var err error
	switch v := o.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		b.expected, err = fromRevision(v.StreamPosition)
	case *streams.BatchAppendReq_Options_NoStream:
		b.expected = ledger.NoStream
	case *streams.BatchAppendReq_Options_Any:
		b.expected = ledger.Any
	case *streams.BatchAppendReq_Options_StreamExists:
		b.expected = ledger.StreamExists
	default:
		err = status.Error(codes.InvalidArgument, "the expected position is missing")
	}
	if err != nil {
		b.refused = badRequest(err)
	}
	return b
}

// add takes more events, or refuses the append for what is wrong with them.
func (b *batch) add(proposed []*streams.BatchAppendReq_ProposedMessage) {
	for _, p := range proposed {
		e, err := fromProposal(p)
		if err != nil {
			b.refused = badRequest(err)
			return
		}
		if b.size += sizeOf(e); b.size > maxAppend {
			b.refused = refusal(codes.InvalidArgument, "MaximumAppendSizeExceeded", &shared.MaximumAppendSizeExceeded{MaxAppendSize: maxAppend})
			return
		}
		b.events = append(b.events, e)
	}
}

// finish writes the append, unless it is refused already, and answers.
func (s *streamsService) finish(b *batch) (*streams.BatchAppendResp, error) {
	why := b.refused
	if why == nil && !b.deadline.IsZero() && !time.Now().Before(b.deadline) {
		why = refusal(codes.DeadlineExceeded, "Timeout", &shared.Timeout{})
	}
	var done ledger.Appended
	if why == nil {
		var err error
		var wrong *ledger.WrongVersion
		var deleted *ledger.Deleted
		done, err = s.ledger.Append(b.stream, b.expected, b.events)
		switch {
		case errors.As(err, &wrong):
			why = refusal(codes.AlreadyExists, "WrongExpectedVersion", toSharedWrongVersion(wrong))
		case errors.As(err, &deleted):
			why = refusal(codes.NotFound, "StreamDeleted", &shared.StreamDeleted{StreamIdentifier: toStreamIdentifier(deleted.Stream)})
		case err != nil:
			return nil, told("BatchAppend", err)
		}
	}
	if why != nil {
		return &streams.BatchAppendResp{Result: &streams.BatchAppendResp_Error{Error: why}}, nil
	}
	success := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if done.Revision >= 0 {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(done.Revision)}
	}
	if p := done.Position; p != nil {
		success.PositionOption = &streams.BatchAppendResp_Success_Position{
			Position: &shared.AllStreamPosition{CommitPosition: p.Commit, PreparePosition: p.Prepare},
		}
	}
	return &streams.BatchAppendResp{Result: &streams.BatchAppendResp_Success_{Success: success}}, nil
}

// refusal says why an append is not carried out; its details are one message.
// The real server's field for them is wire-compatible with a list of one.
func refusal(code codes.Code, message string, detail proto.Message) *rpc.Status {
	why := &rpc.Status{Code: int32(code), Message: message}
	// A message of these stubs can always be packed; a refusal without details
	// would be one all the same.
	if packed, err := anypb.New(detail); err == nil {
		why.Details = []*anypb.Any{packed}
	}
	return why
}

func badRequest(err error) *rpc.Status {
	return refusal(codes.InvalidArgument, "BadRequest", &shared.BadRequest{Message: status.Convert(err).Message()})
}

func toSharedWrongVersion(e *ledger.WrongVersion) *shared.WrongExpectedVersion {
	wrong := &shared.WrongExpectedVersion{}
	if e.Current >= 0 {
		wrong.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: uint64(e.Current)}
	} else {
		wrong.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}}
	}
	switch e.Expected {
	case ledger.Any:
		wrong.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case ledger.StreamExists:
		wrong.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}}
	case ledger.NoStream:
		wrong.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	default:
		wrong.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: uint64(e.Expected)}
	}
	return wrong
}
