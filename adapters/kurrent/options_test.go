// What an operator can get wrong, and what is told about it.

package kurrent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain"
	"imprint/domain/event"
)

const password = "S3cret-of-the-log"

func TestWhatIsWrongIsNamed(t *testing.T) {
	secured := double(t, kurrenttest.WithTLS("127.0.0.1"), kurrenttest.WithUser("imprint", password))
	elsewhere := double(t, kurrenttest.WithTLS("log.example.org"))
	plain := double(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections, and nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	strange := httptest.NewServer(http.NotFoundHandler())
	defer strange.Close()
	for name, c := range map[string]struct{ address, code string }{
		"a silent server": {"esdb://imprint:" + password + "@" + silent.Addr().String() + "?tls=false&gossipTimeout=1", "log-unreachable"},
		"no KurrentDB":    {"esdb://imprint:" + password + "@" + strange.Listener.Addr().String() + "?tls=false", "log-unreachable"},
		"wrong password":  {"esdb://imprint:" + password + "x@" + secured.Address() + "?tlsCaFile=" + secured.CAFile(), "log-credentials"},
		"no password":     {"esdb://" + secured.Address() + "?tlsCaFile=" + secured.CAFile(), "log-credentials"},
		"wrong name":      {"esdb://imprint:" + password + "@" + elsewhere.Address() + "?tlsCaFile=" + elsewhere.CAFile(), "log-certificate"},
		"not trusted":     {"esdb://imprint:" + password + "@" + secured.Address(), "log-certificate"},
		"TLS to plain":    {"esdb://imprint:" + password + "@" + plain.Address(), "log-tls"},
		"plain to TLS":    {"esdb://imprint:" + password + "@" + secured.Address() + "?tls=false", "log-unreachable"},
		"nobody there":    {"esdb://imprint:" + password + "@" + nobody + "?tls=false", "log-unreachable"},
		"unknown host":    {"esdb://imprint:" + password + "@no-such-host.invalid?tls=false", "log-host"},
		"unknown cluster": {"esdb+discover://imprint:" + password + "@" + nobody + "?tls=false", "log-unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Options{Address: c.address, Installation: "acme", Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
			var told *domain.Error
			if !errors.As(err, &told) || told.Kind != domain.Unavailable || told.Code != c.code {
				t.Fatalf("%v", err)
			}
			if !strings.Contains(told.Message, setting) || strings.Contains(err.Error(), password) {
				t.Errorf("the message names no setting, or the password: %v", err)
			}
		})
	}
	l := open(t, Options{Address: "kurrentdb://imprint:" + password + "@" + secured.Address() + "?tlsCaFile=" + secured.CAFile()})
	if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); err != nil {
		t.Errorf("with everything right: %v", err)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{
		"", "acme", "http://localhost:2113", "postgres://imprint:" + password + "@localhost", "esdb://",
		"esdb://imprint:" + password + "/x@localhost:2113", "esdb://imprint:" + password + "#x@localhost:2113",
		"esdb://imprint:%zz" + password + "@localhost:2113",
		"esdb://imprint:" + password + "@localhost:port", "esdb://localhost:2113?tls=perhaps", "esdb://localhost:2113?tlsCaFile=/no/such/file",
		"esdb://localhost:2113?userCertFile=/a", "esdb://imprint:" + password + ",%zz@localhost:2113", "esdb://imprint:" + password + ",x/y@localhost:2113,b:1",
	} {
		_, err := Open(t.Context(), Options{Address: address, Installation: "acme"})
		if domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), setting) || strings.Contains(err.Error(), password[:6]) {
			t.Errorf("%s: %v", address, err)
		}
	}
	missing := "esdb://imprint:" + password + "@localhost:2113?tlsCaFile=/no/such/file"
	if _, err := Open(t.Context(), Options{Address: missing, Installation: "acme"}); err == nil || !strings.Contains(err.Error(), "/no/such/file") || strings.Contains(err.Error(), password) {
		t.Errorf("a file that is missing: %v", err)
	}
	for _, name := range []string{"", "Acme", "a.b", "acme.main", "-a", strings.Repeat("a", 64)} {
		if _, err := Open(t.Context(), Options{Address: "esdb://localhost:2113", Installation: name}); domain.KindOf(err) != domain.Invalid {
			t.Errorf("installation %q: %v", name, err)
		}
	}
	if _, err := Open(t.Context(), Options{Address: "esdb://localhost:2113", Installation: "acme", Known: event.Checkpoint{Ordinal: 5}}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a made-up checkpoint: %v", err)
	}
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	server := double(t)
	release := make(chan struct{})
	defer close(release)
	struck := server.Inject(kurrenttest.Features, 1, kurrenttest.Hold(release))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-struck
		cancel()
	}()
	if _, err := Open(ctx, Options{Address: server.ConnectionString(), Installation: "acme"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAClusterIsDiscovered(t *testing.T) {
	server := double(t)
	for _, address := range []string{
		"esdb+discover://" + server.Address() + "?tls=false", "kurrentdb+discover://" + server.Address() + "?tls=false",
		"esdb://" + server.Address() + "," + server.Address() + "?tls=false",
	} {
		l := open(t, Options{Address: address})
		if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Other programs, and the server's own browser, read our events as JSON with the
// conventional names for correlation and causation.
func TestOthersCanReadOurEvents(t *testing.T) {
	l := open(t, Options{Address: address(t)})
	e := sample()
	if _, err := l.Append(t.Context(), "document-1", event.NoStream, []event.Event{e}); err != nil {
		t.Fatal(err)
	}
	read, err := l.link.current.client.ReadStream(t.Context(), l.prefix+"document-1", esdb.ReadStreamOptions{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	got, err := read.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var meta map[string]any
	if err := json.Unmarshal(got.Event.UserMetadata, &meta); err != nil {
		t.Fatal(err)
	}
	if got.Event.ContentType != "application/json" || got.Event.EventType != e.Type || got.Event.EventID != e.ID || meta["$correlationId"] != e.Meta.Correlation.String() {
		t.Errorf("%+v, %v", got.Event, meta)
	}
}

func TestTheClockIsTheStoresOwn(t *testing.T) {
	then := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	l := open(t, Options{Address: address(t), Clock: func() time.Time { return then }})
	if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); domain.KindOf(err) != domain.Invalid {
		t.Errorf("an event of today went into a log of 2020: %v", err)
	}
}
