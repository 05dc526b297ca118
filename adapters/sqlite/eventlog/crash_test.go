// What an embedded file meets in life: kill -9, damage.

package eventlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
)

// The test binary is its own victim: with appendEnv set it appends to the log
// named there from several goroutines, prints the id of every acknowledged
// event, and never ends by itself.
const appendEnv = "IMPRINT_TEST_APPEND"

func TestMain(m *testing.M) {
	if path := os.Getenv(appendEnv); path != "" {
		fmt.Fprintln(os.Stderr, appendForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func appendForEver(path string) error {
	l, err := Open(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	var out sync.Mutex
	for range 8 {
		go func() {
			stream := event.StreamOf(event.DocumentCategory, uuid.NewString())
			for r := event.NoStream; ; r++ {
				e := sample(time.Now())
				if _, err := l.Append(context.Background(), stream, r, []event.Event{e}); err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println(e.ID) // unbuffered: it has left the process
				out.Unlock()
			}
		}()
	}
	return <-failed
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	acknowledged := map[string]bool{}
	for round := range 3 { // each on the log that the last victim left
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), appendEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, n := bufio.NewScanner(out), 0
		for lines.Scan() {
			acknowledged[lines.Text()] = true
			if n++; n == 300 {
				if err := cmd.Process.Kill(); err != nil { // SIGKILL; what it had printed is read on
					t.Fatal(err)
				}
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || n < 300 {
			t.Fatalf("round %d: the victim ended by itself after %d events: %v", round, n, err)
		}
	}
	l := open(t, path)
	found := 0
	for _, r := range all(t, l) { // ReadAll checks that there is no gap
		if acknowledged[r.ID.String()] {
			found++
		}
	}
	if found != len(acknowledged) {
		t.Errorf("%d of %d acknowledged events are there", found, len(acknowledged))
	}
	if _, err := l.Append(t.Context(), "document-after", event.NoStream, []event.Event{sample(time.Now())}); err != nil {
		t.Errorf("the log does not go on: %v", err)
	}
}

func large() []event.Event {
	e := sample(time.Now())
	e.Data = make([]byte, 200_000)
	return []event.Event{e}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	good := filepath.Join(t.TempDir(), "log.db")
	l := open(t, good)
	for range 20 {
		if _, err := l.Append(t.Context(), event.StreamOf(event.DocumentCategory, uuid.NewString()), event.NoStream, large()[:1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	garbage := append([]byte(nil), whole...)
	for i := 4096; i < len(garbage); i++ {
		garbage[i] = byte(i * 7)
	}
	for name, text := range map[string][]byte{
		"cut in the middle":     whole[:len(whole)/2],
		"cut within the header": whole[:50],
		"garbage inside":        garbage,
		"another kind of file":  []byte("%PDF-1.7 and so on, for long enough to be looked at as a database would be ...................."),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.db")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			err := readWhole(t, path)
			if err == nil {
				t.Fatal("a damaged file was read")
			}
			var told *domain.Error
			if !errors.As(err, &told) || told.Kind != domain.Unavailable || told.Code != sqlite.DamagedFile ||
				!strings.Contains(told.Message, path) || !strings.Contains(told.Message, "imprint restore") {
				t.Errorf("the error does not name the file and what to do: %v", err)
			}
		})
	}
}

// readWhole opens a log and reads it to its end.
func readWhole(t *testing.T, path string) error {
	l, err := Open(t.Context(), path, Options{})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	var at event.Checkpoint
	for {
		page, err := l.ReadAll(t.Context(), at, 100)
		if err != nil || len(page) == 0 {
			return err
		}
		at = page[len(page)-1].Checkpoint()
	}
}

// TestDamageByHand changes rows behind the log's back; its readers must stop.
func TestDamageByHand(t *testing.T) {
	for name, c := range map[string]struct {
		change                string
		all, stream, backward bool // which readers must stop
	}{
		"an event deleted":     {`DELETE FROM events WHERE ordinal = 3`, true, true, true},
		"the first deleted":    {`DELETE FROM events WHERE ordinal = 1`, true, true, true},
		"a revision moved":     {`UPDATE events SET revision = 99 WHERE ordinal = 5`, false, true, true},
		"log time goes back":   {`UPDATE events SET log_time = 1 WHERE ordinal = 4`, true, false, false},
		"metadata not JSON":    {`UPDATE events SET meta = 'x' WHERE ordinal = 2`, true, true, true},
		"an id cut":            {`UPDATE events SET id = x'00' WHERE ordinal = 2`, true, true, true},
		"the last ones erased": {`DELETE FROM events WHERE ordinal > 3`, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, filepath.Join(t.TempDir(), "log.db"))
			var events []event.Event
			for range 5 {
				events = append(events, sample(time.Now()))
			}
			if _, err := l.Append(t.Context(), "document-1", event.NoStream, events); err != nil {
				t.Fatal(err)
			}
			head, err := l.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			other, err := sqlite.Open(t.Context(), l.db.Path, sqlite.Durable)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Write.Exec(c.change); err != nil {
				t.Fatal(err)
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = l.ReadAll(t.Context(), event.Checkpoint{}, 100)
			if err == nil { // and one who has read to the end already
				_, err = l.ReadAll(t.Context(), head, 100)
			}
			expect(t, "ReadAll", err, c.all)
			_, err = l.ReadStream(t.Context(), "document-1", 0, 100)
			expect(t, "ReadStream", err, c.stream)
			_, err = l.ReadStreamBack(t.Context(), "document-1", 100)
			expect(t, "ReadStreamBack", err, c.backward)
		})
	}
}

func expect(t *testing.T, what string, err error, stops bool) {
	t.Helper()
	if errors.Is(err, event.ErrCorrupt) != stops || (domain.KindOf(err) == domain.Unavailable) != stops || !stops && err != nil {
		t.Errorf("%s: %v (must stop: %v)", what, err, stops)
	}
}

func all(t *testing.T, l *Log) []event.Recorded {
	t.Helper()
	var got []event.Recorded
	var at event.Checkpoint
	for {
		page, err := l.ReadAll(t.Context(), at, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return got
		}
		got = append(got, page...)
		at = got[len(got)-1].Checkpoint()
	}
}
