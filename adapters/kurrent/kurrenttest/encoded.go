// Records as they go over the wire, kept from one read to the next: a log that is
// read again and again takes the reader's time, and hardly the server's.

package kurrenttest

import (
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that is found by name
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// maxEncoded bounds the records that are kept encoded.
const maxEncoded = 1 << 17

// encoded is a message that is sent as it stands.
type encoded []byte

// codec is protobuf's, but for messages that are encoded.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if e, ok := v.(encoded); ok {
		return mem.BufferSlice{mem.SliceBuffer(e)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// records are what readers were sent, by position: what stands there never changes.
type records struct {
	mu   sync.RWMutex
	sent map[uint64]encoded
}

func newRecords() *records { return &records{sent: map[uint64]encoded{}} }

// send sends a record; ids are text where the client asks for that, which is seldom.
func (s *records) send(r ledger.Record, idsAsText bool, call streams.Streams_ReadServer) error {
	if idsAsText {
		return call.Send(toReadEvent(r, true))
	}
	s.mu.RLock()
	e, known := s.sent[r.Position]
	s.mu.RUnlock()
	if !known {
		made, err := proto.Marshal(toReadEvent(r, false))
		if err != nil {
			return err
		}
		e = made
		s.mu.Lock()
		if len(s.sent) >= maxEncoded {
			clear(s.sent)
		}
		s.sent[r.Position] = e
		s.mu.Unlock()
	}
	return call.SendMsg(e)
}
