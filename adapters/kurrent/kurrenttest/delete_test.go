// Deleting streams and limiting what of them can be read.

package kurrenttest_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest"
)

func TestASoftlyDeletedStreamGoesOn(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(3)...)
	if _, err := c.DeleteStream(within(t), "a-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)}); err != nil {
		t.Fatal(err)
	}
	_, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 1)
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)

	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 100)
	last := all[len(all)-1]
	if last.EventType != "$metadata" || last.StreamID != "$$a-1" || string(last.Data) != `{"$tb":9223372036854775807}` {
		t.Errorf("$all ends with %s in %s: %s", last.EventType, last.StreamID, last.Data)
	}
	_, err = c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.StreamExists{}}, events(1)...)
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)

	if again := write(t, c, "a-1", esdb.NoStream{}, events(2)...); again.NextExpectedVersion != 4 {
		t.Errorf("it goes on to revision %d, want 4", again.NextExpectedVersion)
	}
	found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 100)
	if err != nil || len(found) != 2 || found[0].EventNumber != 3 {
		t.Errorf("%d events can be read (%v), want those of revisions 3 and 4", len(found), err)
	}
}

func TestATombstoneIsForEver(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(2)...)
	if _, err := c.TombstoneStream(within(t), "a-1", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(1)}); err != nil {
		t.Fatal(err)
	}
	_, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 1)
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	_, err = c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, events(1)...)
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	_, err = c.DeleteStream(within(t), "a-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	_, err = c.SubscribeToStream(within(t), "a-1", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 100)
	if last := all[len(all)-1]; last.EventType != "$streamDeleted" || last.EventNumber != 1<<63-1 {
		t.Errorf("$all ends with %s at %d", last.EventType, last.EventNumber)
	}
}

// The client knows no code for this: all there is, is the status.
func TestDeletingAtAWrongVersionFails(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(2)...)
	_, soft := c.DeleteStream(within(t), "a-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(0)})
	_, hard := c.TombstoneStream(within(t), "a-1", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.NoStream{}})
	for _, err := range []error{soft, hard} {
		var e *esdb.Error
		if !asError(err, &e) || e.Code() != esdb.ErrorCodeUnknown || status.Code(e.Err()) != codes.FailedPrecondition {
			t.Errorf("got %v", err)
		}
	}
	if found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 9); err != nil || len(found) != 2 {
		t.Errorf("%d events are left (%v), want 2", len(found), err)
	}
}

func TestMetadataHidesEvents(t *testing.T) {
	_, c := start(t)
	set := func(stream string, change func(*esdb.StreamMetadata)) {
		var m esdb.StreamMetadata
		change(&m)
		if _, err := c.SetStreamMetadata(within(t), stream, esdb.AppendToStreamOptions{}, m); err != nil {
			t.Fatal(err)
		}
	}
	for _, stream := range []string{"truncated", "counted", "whole"} {
		write(t, c, stream, esdb.NoStream{}, events(5)...)
	}
	set("truncated", func(m *esdb.StreamMetadata) { m.SetTruncateBefore(3) })
	set("counted", func(m *esdb.StreamMetadata) { m.SetMaxCount(1) })
	for stream, first := range map[string]uint64{"truncated": 3, "counted": 4, "whole": 0} {
		found, err := readStream(t, c, stream, esdb.Forwards, esdb.Start{}, 9)
		if err != nil || found[0].EventNumber != first || len(found) != 5-int(first) {
			t.Errorf("%s: %d events from %d on (%v), want from %d", stream, len(found), found[0].EventNumber, err, first)
		}
	}
	if hidden, err := readStream(t, c, "truncated", esdb.Backwards, esdb.Revision(2), 9); err != nil || len(hidden) != 0 {
		t.Errorf("backwards from what is hidden came %d events (%v)", len(hidden), err)
	}
}

func TestEventsAreCreatedAndAgeByTheClock(t *testing.T) {
	var now atomic.Int64 // seconds
	clock := func() time.Time { return time.Unix(now.Load(), 123456700) }
	_, c := start(t, kurrenttest.WithClock(clock))
	var m esdb.StreamMetadata
	m.SetMaxAge(time.Minute)
	if _, err := c.SetStreamMetadata(within(t), "a-1", esdb.AppendToStreamOptions{}, m); err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		now.Store(100 * i)
		write(t, c, "a-1", esdb.Any{}, events(1)...)
	}
	found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 9)
	if err != nil || len(found) != 1 || !found[0].CreatedDate.Equal(clock()) {
		t.Errorf("%d events came (%v), want the one created at %v", len(found), err, clock())
	}
}
