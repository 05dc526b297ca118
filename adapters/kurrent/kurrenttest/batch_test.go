// BatchAppend, by its stubs: the Go client has no use for it.

package kurrenttest_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

func textID() *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}}
}

func proposed(data string) *streams.BatchAppendReq_ProposedMessage {
	return &streams.BatchAppendReq_ProposedMessage{
		Id: textID(), Data: []byte(data), Metadata: map[string]string{"type": "T", "content-type": "application/json"},
	}
}

func TestABatchOfAppends(t *testing.T) {
	s, c := start(t)
	conn, err := grpc.NewClient(s.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	call, err := streams.NewStreamsClient(conn).BatchAppend(within(t))
	if err != nil {
		t.Fatal(err)
	}
	send := func(r *streams.BatchAppendReq) {
		t.Helper()
		if r.CorrelationId == nil {
			r.CorrelationId = textID()
		}
		if err := call.Send(r); err != nil {
			t.Fatal(err)
		}
	}
	answered := func(r *streams.BatchAppendReq) *streams.BatchAppendResp {
		t.Helper()
		r.IsFinal = true
		send(r)
		a, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(a.CorrelationId, r.CorrelationId) {
			t.Errorf("answered %v, asked %v", a.CorrelationId, r.CorrelationId)
		}
		return a
	}
	options := func(stream string) *streams.BatchAppendReq_Options {
		return &streams.BatchAppendReq_Options{
			StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(stream)},
			ExpectedStreamPosition: &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}},
		}
	}
	refusedWith := func(a *streams.BatchAppendResp, code codes.Code, detail proto.Message) {
		t.Helper()
		if codes.Code(a.GetError().GetCode()) != code || len(a.GetError().GetDetails()) != 1 {
			t.Fatalf("answered %v, want %v with one detail", a, code)
		}
		if err := a.GetError().GetDetails()[0].UnmarshalTo(detail); err != nil {
			t.Error(err)
		}
	}

	// Two appends interleaved, one of them in two parts.
	first := textID()
	send(&streams.BatchAppendReq{CorrelationId: first, Options: options("a-1"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{proposed("1")}})
	if a := answered(&streams.BatchAppendReq{Options: options("a-2"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{proposed("x")}}); a.GetSuccess().GetCurrentRevision() != 0 {
		t.Errorf("the append between answered %v", a)
	}
	a := answered(&streams.BatchAppendReq{CorrelationId: first, ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{proposed("2")}})
	if a.GetSuccess().GetCurrentRevision() != 1 || string(a.StreamIdentifier.StreamName) != "a-1" {
		t.Errorf("the append in two parts answered %v", a)
	}
	found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 10)
	if err != nil || len(found) != 2 || found[1].Position.Commit != a.GetSuccess().GetPosition().GetCommitPosition() {
		t.Errorf("%d events were written (%v)", len(found), err)
	}

	var wrong shared.WrongExpectedVersion
	refusedWith(answered(&streams.BatchAppendReq{Options: options("a-1"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{proposed("3")}}), codes.AlreadyExists, &wrong)
	if wrong.GetCurrentStreamRevision() != 1 || wrong.GetExpectedNoStream() == nil {
		t.Errorf("the wrong version is told as %v", &wrong)
	}
	large := proposed("")
	large.Data = bytes.Repeat([]byte("x"), 1<<20)
	refusedWith(answered(&streams.BatchAppendReq{Options: options("a-3"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{large}}), codes.InvalidArgument, &shared.MaximumAppendSizeExceeded{})
	nameless := proposed("")
	delete(nameless.Metadata, "type")
	refusedWith(answered(&streams.BatchAppendReq{Options: options("a-3"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{nameless}}), codes.InvalidArgument, &shared.BadRequest{})
	late := options("a-3")
	late.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(-time.Second)}
	refusedWith(answered(&streams.BatchAppendReq{Options: late, ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{proposed("")}}), codes.DeadlineExceeded, &shared.Timeout{})
	if _, err := c.TombstoneStream(within(t), "a-2", esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	refusedWith(answered(&streams.BatchAppendReq{Options: options("a-2"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{proposed("")}}), codes.NotFound, &shared.StreamDeleted{})
	if got := count(t, s, "a-3"); got != 0 {
		t.Errorf("%d events of refused appends were written", got)
	}
}
