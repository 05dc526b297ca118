package postgres_test

// What operators are told when the database is not as it should be.

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain"
)

// certificate makes a self-signed one for a name, as PEM.
func certificate(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	ok(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	ok(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// told is the code of a refusal that names the setting and keeps the secret.
func told(t *testing.T, err error, code string) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want a refusal %s", err, code)
		return
	}
	if !strings.Contains(e.Message, postgres.Setting) {
		t.Errorf("%q does not name the setting", e.Message)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the password is told: %v", err)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	cert, key := certificate(t, "db.example")
	s := postgrestest.Start(t, postgrestest.Options{Loopback: true,
		HBA:      []string{"host all all 127.0.0.1/32 scram-sha-256"},
		Files:    map[string]string{"server.crt": cert, "server.key": key},
		Settings: []string{"ssl=on", "max_connections=6", "superuser_reserved_connections=1"},
	})
	authority := filepath.Join(t.TempDir(), "root.crt")
	ok(t, os.WriteFile(authority, []byte(cert), 0o600))
	admin, err := pgx.Connect(t.Context(), s.URL("postgres"))
	ok(t, err)
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	for _, text := range []string{`CREATE ROLE writer LOGIN PASSWORD 'right-hunter2'`, `CREATE DATABASE imprint`, `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`,
		`CREATE DATABASE another`, `GRANT CREATE ON DATABASE another TO writer`} {
		_, err := admin.Exec(t.Context(), text)
		ok(t, err)
	}
	at := func(user, host, rest string) string { return "postgres://" + user + "@" + host + "/" + rest }
	host, right := s.Address(), "writer:right-hunter2"
	for name, c := range map[string]struct{ url, code string }{
		"password":       {at("writer:hunter2", host, "imprint?sslmode=disable"), "database-login"},
		"user":           {at("nobody:hunter2", host, "imprint?sslmode=disable"), "database-login"},
		"database":       {at(right, host, "absent?sslmode=disable"), "no-database"},
		"host":           {at("writer:hunter2", "absent.invalid", "imprint"), "unknown-host"},
		"port":           {at("writer:hunter2", "127.0.0.1:1", "imprint"), "database-unreachable"},
		"socket":         {"postgres://writer:hunter2@/imprint?host=/absent-folder", "database-unreachable"},
		"address":        {"postgres://writer:hunter2%zz@host/imprint", "bad-address"},
		"no address":     {"host=x port=hunter2 password=hunter2", "bad-address"},
		"authority":      {at(right, host, "imprint?sslmode=verify-full"), "database-tls"},
		"name":           {at(right, host, "imprint?sslmode=verify-full&sslrootcert="+authority), "database-tls"},
		"no such option": {at(right, host, "imprint?sslmode=hunter2"), "bad-address"},
		"unverified":     {at(right, host, "imprint?sslmode=verify-ca"), "database-tls"},
		"no such file":   {at(right, host, "imprint?sslmode=verify-full&sslrootcert=/absent.crt"), "bad-address"},
		"parameter":      {at(right, host, "imprint?sslmode=disable&absent=hunter"), "database-refuses"},
		"encoding":       {at(right, host, "latin?sslmode=disable"), "database-encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := postgres.Open(t.Context(), postgres.Options{URL: c.url})
			if err == nil {
				db.Close()
			}
			told(t, err, c.code)
		})
	}
	t.Run("the file is named", func(t *testing.T) {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: at(right, host, "imprint?sslmode=verify-full&sslrootcert=/absent.crt")})
		if err == nil || !strings.Contains(err.Error(), "/absent.crt") {
			t.Errorf("%v does not name the file", err)
		}
	})
	t.Run("a schema of another user", func(t *testing.T) {
		theirs, err := pgx.Connect(t.Context(), s.URL("another"))
		ok(t, err)
		_, err = theirs.Exec(t.Context(), `CREATE SCHEMA imprint_views`)
		ok(t, errors.Join(err, theirs.Close(t.Context())))
		db, err := postgres.Open(t.Context(), postgres.Options{URL: at(right, host, "another?sslmode=disable")})
		ok(t, err)
		defer db.Close()
		err = postgres.Migrate(t.Context(), db)
		told(t, err, "database-rights")
		if !strings.Contains(err.Error(), "imprint_views") {
			t.Errorf("%v does not name the schema", err)
		}
	})
	good := at(right, host, "imprint?sslmode=require")
	db, err := postgres.Open(t.Context(), postgres.Options{URL: good})
	ok(t, err)
	defer db.Close()
	told(t, postgres.Check(t.Context(), db), "older-schema")
	told(t, postgres.Migrate(t.Context(), db), "database-rights") // it may not make schemas
	_, err = db.Write.Exec(t.Context(), `SELECT * FROM imprint_views.generations`)
	told(t, postgres.Explain(err), "no-schema")
	_, err = db.Read.Exec(t.Context(), `CREATE TABLE x (y bigint)`)
	told(t, postgres.Explain(err), "database-read-only")
	// Everything but the reserved connection is taken.
	for {
		conn, err := pgx.Connect(t.Context(), good)
		if err != nil {
			break
		}
		defer func() { _ = conn.Close(context.Background()) }()
	}
	_, err = postgres.Open(t.Context(), postgres.Options{URL: good})
	told(t, err, "too-many-connections")

	plain := postgrestest.Start(t, postgrestest.Options{Loopback: true, HBA: []string{"host all all 127.0.0.1/32 trust"}})
	_, err = postgres.Open(t.Context(), postgres.Options{URL: at("postgres:hunter2", plain.Address(), "postgres?sslmode=require")})
	told(t, err, "database-tls")
	// What no test brings about here is told from the code alone.
	for code, want := range map[string]string{"53100": "disk", "57P03": "database-restarting", "57014": "database-busy", "53200": "database-memory"} {
		told(t, postgres.Explain(&pgconn.PgError{Code: code, Message: "m"}), want)
	}
	if err := errors.New("something else"); !errors.Is(postgres.Explain(err), err) || postgres.Explain(nil) != nil || postgres.Explain(context.Canceled) != context.Canceled {
		t.Error("an error that is none of PostgreSQL's was changed beyond knowing")
	}
}

func TestAnOutageIsToldAndEnds(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{Durable: true})
	db, err := postgres.Open(t.Context(), postgres.Options{URL: s.URL("postgres")})
	ok(t, err)
	defer db.Close()
	held, err := db.Write.Acquire(t.Context())
	ok(t, err)
	s.Kill(t)
	_, err = held.Exec(t.Context(), `SELECT 1`)
	// The server's last word, or none.
	if err := postgres.Explain(err); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("a connection that was cut gave %v", err)
	}
	held.Release()
	_, err = db.Write.Exec(t.Context(), `SELECT 1`)
	told(t, postgres.Explain(err), "database-unreachable")
	s.Restart(t)
	if _, err := db.Write.Exec(t.Context(), `SELECT 1`); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestStatementsEnd(t *testing.T) {
	db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t), StatementTimeout: 50 * time.Millisecond})
	ok(t, err)
	defer db.Close()
	_, err = db.Read.Exec(t.Context(), `SELECT pg_sleep(60)`)
	told(t, postgres.Explain(err), "database-busy")
}

// A schema of our name that is somebody else's is left alone.
func TestASchemaOfSomebodyElseIsNamed(t *testing.T) {
	for name, made := range map[string]string{
		"a table":              `CREATE TABLE imprint_views.generations (theirs text)`,
		"a record of its own":  `CREATE TABLE imprint_views.goose_db_version (theirs text)`,
		"an empty record":      `CREATE TABLE imprint_views.goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp DEFAULT now())`,
		"a function":           `CREATE FUNCTION imprint_views.clock() RETURNS bigint LANGUAGE sql AS 'SELECT 1'`,
		"a table in the other": `CREATE TABLE imprint_work.leases (theirs text)`,
	} {
		t.Run(name, func(t *testing.T) {
			db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t)})
			ok(t, err)
			defer db.Close()
			for _, text := range []string{`DROP SCHEMA imprint_views CASCADE`, `DROP SCHEMA imprint_work CASCADE`, `CREATE SCHEMA imprint_views`, `CREATE SCHEMA imprint_work`, made} {
				_, err := db.Write.Exec(t.Context(), text)
				ok(t, err)
			}
			told(t, postgres.Migrate(t.Context(), db), "foreign-schema")
			if err := postgres.Check(t.Context(), db); domain.KindOf(err) == domain.Internal {
				t.Errorf("checked: %v", err)
			}
			states, err := postgres.Status(t.Context(), db)
			if err == nil && (states[0].Has == 1) != (name == "a table in the other") {
				t.Errorf("something was migrated: %+v", states)
			}
		})
	}
}

// A user that may read is told apart from one that may write.
func TestADatabaseThatCannotBeWrittenIsTold(t *testing.T) {
	address := postgrestest.Database(t)
	db, err := postgres.Open(t.Context(), postgres.Options{URL: address})
	ok(t, err)
	t.Cleanup(db.Close)
	ok(t, postgres.Writable(t.Context(), db))
	_, err = db.Read.Exec(t.Context(), `SELECT 1`)
	ok(t, err)
	told(t, postgres.Writable(t.Context(), &postgres.DB{Write: db.Read}), "database-read-only")
	// A role is of the whole server.
	role := fmt.Sprintf("reader_%d", os.Getpid())
	for _, text := range []string{`CREATE ROLE ` + role, `GRANT USAGE ON SCHEMA imprint_views, imprint_work TO ` + role,
		`GRANT SELECT ON ALL TABLES IN SCHEMA imprint_views, imprint_work TO ` + role} {
		_, err := db.Write.Exec(t.Context(), text)
		ok(t, err)
	}
	t.Cleanup(func() {
		_, err := db.Write.Exec(context.Background(), `DROP OWNED BY `+role)
		ok(t, err)
		_, err = db.Write.Exec(context.Background(), `DROP ROLE `+role)
		ok(t, err)
	})
	u, err := url.Parse(address)
	ok(t, err)
	u.RawQuery += "&role=" + role
	for _, grant := range []string{`GRANT CREATE ON SCHEMA imprint_views`, `GRANT INSERT, UPDATE ON imprint_views.generations`, `GRANT INSERT, UPDATE ON imprint_work.leases`} {
		reader, err := postgres.Open(t.Context(), postgres.Options{URL: u.String()})
		ok(t, err)
		told(t, postgres.Writable(t.Context(), reader), "database-rights")
		_, err = db.Write.Exec(t.Context(), grant+` TO `+role)
		ok(t, err)
		err = postgres.Writable(t.Context(), reader)
		reader.Close()
		if last := strings.Contains(grant, "leases"); last != (err == nil) {
			t.Errorf("after %s: %v", grant, err)
		}
	}
}

// What refusals tell operators to write into the address has an effect.
func TestTheAddressBoundsThePools(t *testing.T) {
	address := postgrestest.Database(t)
	for more, want := range map[string]int32{"": int32(max(16, 4*runtime.NumCPU())), "pool_max_conns=3": 3} {
		u, err := url.Parse(address)
		ok(t, err)
		if more != "" {
			u.RawQuery += "&" + more
		}
		db, err := postgres.Open(t.Context(), postgres.Options{URL: u.String()})
		ok(t, err)
		if got := db.Write.Config().MaxConns; got != want || db.Read.Config().MaxConns != want {
			t.Errorf("%q: %d connections, want %d", more, got, want)
		}
		db.Close()
	}
}

func TestNeighbouringVersionsOfTheSchema(t *testing.T) {
	db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t)})
	ok(t, err)
	defer db.Close()
	exec := func(text string) {
		t.Helper()
		_, err := db.Write.Exec(t.Context(), text)
		ok(t, err)
	}
	ok(t, postgres.Check(t.Context(), db))
	// Again, and by several at once: nothing changes.
	done := make(chan error)
	for range 3 {
		go func() { done <- postgres.Migrate(t.Context(), db) }()
	}
	for range 3 {
		ok(t, <-done)
	}
	ok(t, postgres.Check(t.Context(), db))
	// A newer program has added something that this one can live with …
	exec(`INSERT INTO imprint_views.goose_db_version (version_id, is_applied) VALUES (99, true)`)
	ok(t, postgres.Check(t.Context(), db))
	states, err := postgres.Status(t.Context(), db)
	ok(t, err)
	if s := states[0]; s.Schema != "imprint_views" || s.Has != 99 || s.Knows < 1 || s.Oldest != 1 {
		t.Errorf("state %+v", s)
	}
	ok(t, postgres.Migrate(t.Context(), db))
	// … and something that it cannot.
	exec(`UPDATE imprint_views.compatibility SET oldest = 99 WHERE part = 'imprint_views'`)
	told(t, postgres.Check(t.Context(), db), "newer-schema")
	exec(`DROP SCHEMA imprint_views CASCADE`)
	told(t, postgres.Check(t.Context(), db), "older-schema")
	// Read models may be dropped whole and made anew.
	ok(t, postgres.Migrate(t.Context(), db))
	ok(t, postgres.Check(t.Context(), db))
}
