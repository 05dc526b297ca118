package postgrestest

// Databases of tests on the server that a test binary shares.

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"imprint/adapters/postgres"
)

// host is the server that a test binary's databases are on.
type host struct {
	admin    *pgxpool.Pool
	url      func(database string) string
	template string // migrated; "" where each database is migrated by itself
}

// shared is started by the first test that needs it and ends with the binary.
var shared struct {
	once sync.Once
	host *host
	err  error
}

var numbers atomic.Int64

// Database makes an empty, migrated database and answers its address. It is
// dropped at the end of the test, with whoever is still connected.
func Database(t testing.TB) string {
	t.Helper()
	given := os.Getenv("IMPRINT_TEST_POSTGRES")
	bin := ""
	if given == "" {
		bin = binaries(t)
	}
	shared.once.Do(func() { shared.host, shared.err = newHost(given, bin) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.host.database(t)
}

func newHost(given, bin string) (*host, error) {
	ctx := context.Background()
	if given != "" {
		base, err := url.Parse(given)
		if err != nil {
			return nil, fmt.Errorf("IMPRINT_TEST_POSTGRES is not an address: write postgres://user:password@host/database")
		}
		admin, err := pgxpool.New(ctx, given)
		return &host{admin: admin, url: func(database string) string {
			other := *base
			other.Path = "/" + database
			return other.String()
		}}, err
	}
	s, err := newServer(bin, Options{})
	if err != nil {
		return nil, err
	}
	admin, err := pgxpool.New(ctx, s.URL("postgres"))
	if err != nil {
		return nil, err
	}
	h := &host{admin: admin, url: s.URL, template: "imprint_template"}
	if err := h.create(ctx, h.template, "template0"); err != nil {
		return nil, err
	}
	return h, Migrate(ctx, h.url(h.template))
}

// Migrate brings the database at an address up to date.
func Migrate(ctx context.Context, address string) error {
	db, err := postgres.Open(ctx, postgres.Options{URL: address, MaxConns: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	return postgres.Migrate(ctx, db)
}

// create makes a database; one that begins the line sorts as a language does.
func (h *host) create(ctx context.Context, name, template string) error {
	text := "CREATE DATABASE " + name + " TEMPLATE " + template
	if template == "template0" {
		// Servers before 15, or built without ICU, sort by bytes.
		if _, err := h.admin.Exec(ctx, text+" LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"); err == nil {
			return nil
		}
	}
	_, err := h.admin.Exec(ctx, text)
	return err
}

func (h *host) database(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	name := fmt.Sprintf("imprint_test_%d_%d", os.Getpid(), numbers.Add(1))
	template := h.template
	if template == "" {
		template = "template0"
	}
	if err := h.create(ctx, name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := h.admin.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	address := h.url(name)
	if h.template == "" {
		if err := Migrate(ctx, address); err != nil {
			t.Fatal(err)
		}
	}
	return address
}
