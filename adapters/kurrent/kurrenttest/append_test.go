// Appending: expectations, repetition, the limit, and what is refused.

package kurrenttest_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestExpectations(t *testing.T) {
	_, c := start(t)
	write(t, c, "there", esdb.NoStream{}, events(3)...)
	for _, tc := range []struct {
		name, stream string
		expected     esdb.ExpectedRevision
		says         string // what the client makes of the answer; "" for success
	}{
		{"no stream, but there is one", "there", esdb.NoStream{}, "expecting 'no_stream' but got '2'"},
		{"behind", "there", esdb.Revision(1), "expecting '1' but got '2'"},
		{"ahead", "there", esdb.Revision(3), "expecting '3' but got '2'"},
		{"a revision of nothing", "none", esdb.Revision(0), "expecting '0' but got 'no_stream'"},
		{"exists, but does not", "none", esdb.StreamExists{}, "expecting 'stream_exists' but got 'no_stream'"},
		{"the right one", "there", esdb.Revision(2), ""},
		{"exists", "there", esdb.StreamExists{}, ""},
		{"any", "other", esdb.Any{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := c.AppendToStream(within(t), tc.stream, esdb.AppendToStreamOptions{ExpectedRevision: tc.expected}, events(1)...)
			if tc.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantCode(t, err, esdb.ErrorCodeWrongExpectedVersion)
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %q, want it to say %q", err, tc.says)
			}
		})
	}
}

func TestARepeatedAppendAnswersAsTheFirstTime(t *testing.T) {
	_, c := start(t)
	made := events(3)
	first := write(t, c, "a-1", esdb.NoStream{}, made...)
	write(t, c, "a-1", esdb.Revision(2), events(2)...)
	for name, expected := range map[string]esdb.ExpectedRevision{"at its revision": esdb.NoStream{}, "anywhere": esdb.Any{}, "existing": esdb.StreamExists{}} {
		if again := write(t, c, "a-1", expected, made...); *again != *first {
			t.Errorf("%s: answered %+v, the first time %+v", name, again, first)
		}
	}
	for name, tc := range map[string]struct {
		expected esdb.ExpectedRevision
		events   []esdb.EventData
	}{
		"some known at the revision": {esdb.NoStream{}, append(made[:2:2], event("New", "{}"))},
		"some known anywhere":        {esdb.Any{}, append(made[:2:2], event("New", "{}"))},
		"more than then":             {esdb.NoStream{}, append(made[:3:3], event("New", "{}"))},
		"at another revision":        {esdb.Revision(0), made},
	} {
		_, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{ExpectedRevision: tc.expected}, tc.events...)
		var e *esdb.Error
		if !asError(err, &e) || e.Code() != esdb.ErrorCodeWrongExpectedVersion {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// In another stream the same ids are new.
	write(t, c, "a-2", esdb.Any{}, made...)
	if found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 100); err != nil || len(found) != 5 {
		t.Errorf("the stream has %d events (%v), want 5", len(found), err)
	}
}

func TestAnAppendIsLimited(t *testing.T) {
	_, c := start(t)
	large := func(bytesOfData int) esdb.EventData {
		return esdb.EventData{EventType: "T", Data: bytes.Repeat([]byte("x"), bytesOfData)}
	}
	write(t, c, "a-1", esdb.NoStream{}, large(1<<20-2))
	_, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(0)}, large(1<<20-1))
	var e *esdb.Error
	if !asError(err, &e) || status.Code(e.Err()) != codes.InvalidArgument {
		t.Errorf("one byte too many: %v", err)
	}
	// With more on the way, the client is only told that the stream ended. Which of
	// both it sees is a race it cannot decide; nothing is written either way.
	many := make([]esdb.EventData, 40)
	for i := range many {
		many[i] = large(100_000)
	}
	_, err = c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(0)}, many...)
	if !asError(err, &e) || status.Code(e.Err()) != codes.InvalidArgument && e.Err() != io.EOF {
		t.Errorf("far too much: %v", err)
	}
	if found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 10); err != nil || len(found) != 1 {
		t.Errorf("the stream has %d events (%v), want 1: a refused append wrote something", len(found), err)
	}
}

func TestAnAppendOfNothing(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{})
	_, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 1)
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
}
