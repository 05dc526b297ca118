// The file: what a process that ends at any byte leaves behind, and damage that
// must not pass for it.

package ledger

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

func made(kind string) Event {
	return Event{ID: uuid.New(), Type: kind, ContentType: jsonType, Data: []byte(`{}`), Metadata: []byte{0, 255}}
}

func open(t *testing.T, path string) (*Ledger, []string) {
	t.Helper()
	var found []string
	l, err := Open(Options{File: path, Report: func(s string) { found = append(found, s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, found
}

func add(t *testing.T, l *Ledger, stream string, events ...Event) {
	t.Helper()
	if _, err := l.Append(stream, Any, events); err != nil {
		t.Fatal(err)
	}
}

// written is a file with three appends, the lengths after each, and how many
// records there were.
func written(t *testing.T) (content []byte, lengths, records []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	l, _ := open(t, path)
	note := func() {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		lengths, records = append(lengths, int(info.Size())), append(records, l.Len())
	}
	note()
	for i := range 3 {
		add(t, l, fmt.Sprintf("a-%d", i), made("A"), made("B"))
		note()
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, lengths, records
}

func TestATornTailIsCutOff(t *testing.T) {
	content, lengths, records := written(t)
	path := filepath.Join(t.TempDir(), "log")
	for end := lengths[0]; end <= len(content); end++ {
		if into := end - lengths[2]; (into < 0 || into > frameHead+1) && end%16 != 0 && end < len(content)-1 {
			continue // each byte around the last frame's head and end, some of the others
		}
		if err := os.WriteFile(path, content[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for i, n := range lengths {
			if n <= end {
				whole = i
			}
		}
		l, found := open(t, path)
		if l.Len() != records[whole] {
			t.Fatalf("of %d bytes %d records were read, want %d", end, l.Len(), records[whole])
		}
		torn := lengths[whole] != end
		if said := len(found) == 1 && strings.Contains(found[0], "torn tail"); said != torn {
			t.Fatalf("of %d bytes it said %q", end, found)
		}
		// What follows a cut is read again.
		add(t, l, "b-1", made("C"))
		l.Close()
		l, found = open(t, path)
		if l.Len() != records[whole]+1 || len(found) != 0 {
			t.Fatalf("after the cut at %d there are %d records (%q), want %d", end, l.Len(), found, records[whole]+1)
		}
		l.Close()
	}
}

func TestATailOfZerosIsTorn(t *testing.T) {
	content, _, records := written(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, append(content, make([]byte, 300)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, found := open(t, path); l.Len() != records[3] || len(found) != 1 {
		t.Errorf("%d records were read, it said %q", l.Len(), found)
	}
}

// A byte that is wrong before the last frame means loss of what was acknowledged:
// no such file is opened, and it stays as it is.
func TestDamageIsRefused(t *testing.T) {
	content, lengths, _ := written(t)
	path := filepath.Join(t.TempDir(), "log")
	for at := 0; at < lengths[2]; at += 3 {
		damaged := bytes.Clone(content)
		damaged[at] ^= 0x40
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := Open(Options{File: path}); err == nil {
			l.Close()
			t.Fatalf("a file with byte %d damaged was opened", at)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, damaged) {
			t.Fatalf("a file that was refused was changed (%v)", err)
		}
	}
}

func TestOneServerHasTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	open(t, path)
	if l, err := Open(Options{File: path}); err == nil {
		l.Close()
		t.Error("a second ledger opened the file")
	}
}

func TestAFailingFileBreaksTheLedger(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "log"))
	add(t, l, "a-1", made("A"))
	before := l.Len()
	l.journal.file.Close()
	for range 2 {
		if _, err := l.Append("a-1", Any, []Event{made("B")}); err == nil {
			t.Error("an append was answered that is in no file")
		}
	}
	if l.Len() != before {
		t.Errorf("%d records became visible that are in no file", l.Len()-before)
	}
}

// Writers at once: each append whole, none lost, and the file says the same.
func TestWritersShareTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, _ := open(t, path)
	before := l.Len()
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			for range 20 {
				if _, err := l.Append(fmt.Sprintf("a-%d", w%4), Any, []Event{made("A"), made("B")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	all := l.Slice(0, math.MaxInt)
	if len(all)-before != 16*20*2 {
		t.Fatalf("%d records were written, want %d", len(all)-before, 16*20*2)
	}
	l.Close()
	l, _ = open(t, path)
	again := l.Slice(0, math.MaxInt)
	for i, r := range all {
		if again[i].ID != r.ID || again[i].Position != r.Position || again[i].Revision != r.Revision || !again[i].Created.Equal(r.Created) ||
			!bytes.Equal(again[i].Metadata, r.Metadata) || again[i].Stream != r.Stream {
			t.Fatalf("record %d was %+v, is %+v", i, r, again[i])
		}
	}
}
