// Reading a stream or $all once, in either direction.

package kurrenttest

import (
	"errors"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest/internal/ledger"
)

// page is how many records are taken from the store at a time.
const page = 500

// Read is four operations by its options: reading or subscribing, a stream or $all.
func (s *streamsService) Read(request *streams.ReadReq, call streams.Streams_ReadServer) error {
	o := request.GetOptions()
	_, subscribing := o.GetCountOption().(*streams.ReadReq_Options_Subscription)
	stream, all := o.GetStream(), o.GetAll()
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	switch {
	case o.GetCountOption() == nil, stream == nil && all == nil, subscribing && backwards, stream != nil && o.GetFilter() != nil:
		return status.Error(codes.InvalidArgument, "The combination of options is invalid.")
	case subscribing:
		return s.subscribe(o, call)
	case stream != nil:
		return told("Read", s.readStream(stream, o, call))
	default:
		return told("Read", s.readAll(all, o, call))
	}
}

// readStream sends the records from a revision on, inclusive in both directions.
// A stream that is not there is an answer, not a failure.
func (s *streamsService) readStream(from *streams.ReadReq_Options_StreamOptions, o *streams.ReadReq_Options, call streams.Streams_ReadServer) error {
	view, err := s.ledger.Stream(streamName(from.GetStreamIdentifier()))
	if errors.Is(err, ledger.ErrNotFound) {
		return call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: from.GetStreamIdentifier()},
		}})
	}
	if err != nil {
		return err
	}
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	next, step := 0, 1
	switch v := from.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		next = view.Search(v.Revision)
		if backwards && (next == view.Len() || view.At(next).Revision > v.Revision) {
			next--
		}
	case *streams.ReadReq_Options_StreamOptions_End:
		next = view.Len() - 1
		if !backwards {
			next++ // nothing lies behind the end
		}
	}
	if backwards {
		step = -1
	}
	asText := idsAsText(o)
	for left := o.GetCount(); left > 0 && next >= 0 && next < view.Len(); left-- {
		if err := s.records.send(view.At(next), asText, call); err != nil {
			return err
		}
		next += step
	}
	return nil
}

// readAll sends the records from a position on: forwards with the one that
// stands there, backwards without it.
func (s *streamsService) readAll(from *streams.ReadReq_Options_AllOptions, o *streams.ReadReq_Options, call streams.Streams_ReadServer) error {
	next, err := s.place(from)
	if err != nil {
		return err
	}
	matches, err := fromFilter(o.GetFilter())
	if err != nil {
		return err
	}
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	asText := idsAsText(o)
	for left := o.GetCount(); left > 0; {
		var records []ledger.Record
		if backwards {
			records = s.ledger.Slice(max(0, next-page), next)
			next -= len(records)
		} else {
			records = s.ledger.Slice(next, next+page)
			next += len(records)
		}
		if len(records) == 0 {
			return nil
		}
		for i := range records {
			r := records[i]
			if backwards {
				r = records[len(records)-1-i]
			}
			if left == 0 || !matches(r) {
				continue
			}
			left--
			if err := s.records.send(r, asText, call); err != nil {
				return err
			}
		}
	}
	return nil
}

// place is where in the log a reader of $all begins: the first record at or
// after its position.
func (s *streamsService) place(from *streams.ReadReq_Options_AllOptions) (int, error) {
	switch v := from.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_End:
		return s.ledger.Len(), nil
	case *streams.ReadReq_Options_AllOptions_Position:
		if v.Position.GetCommitPosition() == math.MaxUint64 { // the end, as clients of other languages say it
			return s.ledger.Len(), nil
		}
		return s.ledger.Seek(ledger.Position{Commit: v.Position.GetCommitPosition(), Prepare: v.Position.GetPreparePosition()})
	}
	return 0, nil
}

func idsAsText(o *streams.ReadReq_Options) bool {
	_, text := o.GetUuidOption().GetContent().(*streams.ReadReq_Options_UUIDOption_String_)
	return text
}
