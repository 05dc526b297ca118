package main

// A database whose disk is really full: a tablespace on a small tmpfs, mounted by a
// child program in a mount namespace of its own, so that it is gone with the child.

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain"
	"imprint/projections"
)

const (
	fullDatabaseEnv = "IMPRINT_TEST_FULL_DATABASE_CHILD"
	// mountRefused is how the child says that it may not mount, which is no failure.
	mountRefused = "mounting a small disk is not allowed here"
)

func TestADatabaseWhoseDiskIsFull(t *testing.T) {
	if dir := os.Getenv(fullDatabaseEnv); dir != "" {
		fillDatabase(t, dir)
		return
	}
	dir, err := os.MkdirTemp("", "imprint-full") // the server's user may not enter the test's own folder
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestADatabaseWhoseDiskIsFull$", "-test.v")
	child.Env = append(os.Environ(), fullDatabaseEnv+"="+dir)
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 { // PostgreSQL must not see itself as root, so the rights come along instead
		const mayMount = 21 // CAP_SYS_ADMIN
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		child.SysProcAttr.AmbientCaps = []uintptr{mayMount}
	}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), mountRefused) {
		t.Skipf("%s: %v\n%s", mountRefused, err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("%s", out)
	}
	t.Logf("the child:\n%s", out)
}

// smallDatabase is a database on a small disk, with a connection to fill it by.
func smallDatabase(t *testing.T, dir string) (address string, conn *pgx.Conn) {
	t.Helper()
	s := postgrestest.Start(t, postgrestest.Options{})
	admin, err := pgx.Connect(t.Context(), s.URL("postgres"))
	must(t, err)
	var data string
	must(t, admin.QueryRow(t.Context(), `SHOW data_directory`).Scan(&data))
	info, err := os.Stat(data)
	must(t, err)
	owner := info.Sys().(*syscall.Stat_t)
	disk := filepath.Join(dir, "disk")
	must(t, os.Mkdir(disk, 0o755))
	// Private, for a mount could spread to the namespace we came from.
	err = errors.Join(syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=24m,mode=0700,uid=%d,gid=%d", owner.Uid, owner.Gid)))
	if err != nil {
		t.Fatalf("%s: %v", mountRefused, err)
	}
	for _, text := range []string{`CREATE TABLESPACE small LOCATION '` + disk + `'`, `CREATE DATABASE imprint TABLESPACE small`} {
		_, err := admin.Exec(t.Context(), text)
		must(t, err)
	}
	must(t, admin.Close(t.Context()))
	conn, err = pgx.Connect(t.Context(), s.URL("imprint"))
	must(t, err)
	return s.URL("imprint"), conn
}

// fillDatabase fills the disk under a serving program, and frees it again.
func fillDatabase(t *testing.T, dir string) {
	address, conn := smallDatabase(t, dir)
	flags := engineFlags{Data: filepath.Join(t.TempDir(), "data"), Database: address, MasterKeyFile: masterKeyIn(t, t.TempDir())}
	must(t, (&migrateUp{engineFlags: flags}).Run(t.Context(), quietly(t)))
	h := newHouseOn(t, flags)
	h.running()
	answers := httptest.NewServer((&site{opened: h.in}).ready(h.digests.Service, h.reactions))
	defer answers.Close()
	probe := &server{t: t, url: answers.URL}
	probe.eventually("/readyz", func(status int, _ string) bool { return status == http.StatusOK })

	_, err := conn.Exec(t.Context(), `CREATE TABLE filler (x text)`)
	must(t, err)
	for _, rows := range []int{1000, 10, 1} { // to the last page
		for err = nil; err == nil; {
			_, err = conn.Exec(t.Context(), `INSERT INTO filler SELECT repeat(md5(random()::text), 60) FROM generate_series(1, $1)`, rows)
		}
		var full *domain.Error
		if !postgres.Is(err, "53100") || !errors.As(postgres.Explain(err), &full) || full.Kind != domain.Unavailable || full.Code != "disk" || !strings.Contains(full.Message, postgres.Setting) {
			t.Fatalf("a full disk is told as %v", postgres.Explain(err))
		}
	}
	// Readiness goes red, and the reason is told.
	probe.eventually("/readyz", func(status int, _ string) bool {
		if status == http.StatusOK {
			h.publish()
		}
		return status == http.StatusServiceUnavailable && slices.ContainsFunc(h.in.readModels.Status(), func(s projections.Status) bool {
			return strings.Contains(s.Trouble, "the disk of the PostgreSQL server of IMPRINT_DATABASE is full")
		})
	})

	_, err = conn.Exec(t.Context(), `DROP TABLE filler`)
	must(t, err)
	must(t, conn.Close(t.Context()))
	probe.eventually("/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	h.publish()
	head, err := h.in.log.Head(t.Context())
	must(t, err)
	must(t, h.in.readModels.Wait(t.Context(), head.Position))
	must(t, (&projectionsVerify{engineFlags: flags}).Run(t.Context(), quietly(t)))
}
