// Values of the store to messages of the protocol and back.

package kurrenttest

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// The keys of an event's system metadata. Clients end their process if "created"
// is missing.
const (
	keyType        = "type"
	keyContentType = "content-type"
	keyCreated     = "created"
)

// ticks is a time in the protocol's unit: 100 ns since the Unix epoch.
func ticks(t time.Time) int64 { return t.UnixNano() / 100 }

func toUUID(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

func fromUUID(wire *shared.UUID) (uuid.UUID, error) {
	switch v := wire.GetValue().(type) {
	case *shared.UUID_Structured_:
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[:8], uint64(v.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(v.Structured.GetLeastSignificantBits()))
		return id, nil
	case *shared.UUID_String_:
		id, err := uuid.Parse(v.String_)
		if err != nil {
			return uuid.UUID{}, status.Errorf(codes.InvalidArgument, "'%s' is not a valid UUID", v.String_)
		}
		return id, nil
	}
	return uuid.UUID{}, status.Error(codes.InvalidArgument, "a UUID is missing")
}

// proposal is an event of either way to append.
type proposal interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

func fromProposal(p proposal) (ledger.Event, error) {
	id, err := fromUUID(p.GetId())
	if err != nil {
		return ledger.Event{}, err
	}
	for _, key := range []string{keyType, keyContentType} {
		if _, ok := p.GetMetadata()[key]; !ok {
			return ledger.Event{}, missingMetadata(key)
		}
	}
	return ledger.Event{
		ID:          id,
		Type:        p.GetMetadata()[keyType],
		ContentType: p.GetMetadata()[keyContentType],
		Data:        p.GetData(),
		Metadata:    p.GetCustomMetadata(),
	}, nil
}

// sizeOf is what an event counts towards the limit of an append, in bytes.
func sizeOf(e ledger.Event) int { return len(e.Data) + len(e.Metadata) + 2*len(e.Type) }

func streamName(id *shared.StreamIdentifier) string { return string(id.GetStreamName()) }

func toStreamIdentifier(name string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(name)}
}

// toReadEvent makes the message of a record; ids are text where a client asks
// for that.
func toReadEvent(r ledger.Record, idsAsText bool) *streams.ReadResp {
	id := toUUID(r.ID)
	if idsAsText {
		id = &shared.UUID{Value: &shared.UUID_String_{String_: r.ID.String()}}
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               id,
			StreamIdentifier: toStreamIdentifier(r.Stream),
			StreamRevision:   r.Revision,
			PreparePosition:  r.Position,
			CommitPosition:   r.Position,
			Metadata: map[string]string{
				keyType:        r.Type,
				keyContentType: r.ContentType,
				keyCreated:     strconv.FormatInt(ticks(r.Created), 10),
			},
			CustomMetadata: r.Metadata,
			Data:           r.Data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.Position},
	}}}
}

func toCheckpoint(p ledger.Position) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
		CommitPosition: p.Commit, PreparePosition: p.Prepare,
	}}}
}

// toCaughtUp carries the time in a field that these stubs do not know yet: newer
// clients do not recognise the message without it.
func toCaughtUp(now time.Time) (*streams.ReadResp, error) {
	const timestampField = 1
	stamp, err := proto.Marshal(timestamppb.New(now))
	if err != nil {
		return nil, err
	}
	caughtUp := &streams.ReadResp_CaughtUp{}
	field := protowire.AppendTag(nil, timestampField, protowire.BytesType)
	caughtUp.ProtoReflect().SetUnknown(protowire.AppendBytes(field, stamp))
	return &streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: caughtUp}}, nil
}
