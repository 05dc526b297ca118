package main

// Here: the doctor: what it says, and of the folder as a whole. doctor_parts.go
// looks into the files.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"

	"imprint/adapters/datafolder"
	"imprint/adapters/smtp"
	"imprint/domain"
	"imprint/handlers/digest"
)

type doctorCommand struct {
	engineFlags
	mailFlags
}

// Help is shown by imprint doctor --help.
func (doctorCommand) Help() string {
	return "Looks at the folder, its lock, the master key, every database file, the log from end to end, the read models, the reactions, the digests, a sample of the contents, the disk and the mail setting; of parts on servers, whether they answer and may be written, with which schema, and whose they are. It changes nothing and may run while imprint serve does. Each line says ok, warn (look at it when you can) or FAIL (do something), what was looked at, and what to do. Exit 0: nothing fails; 1: something does.\n\nIt goes beyond what a start checks, but not all the way: imprint content scrub re-hashes every content, and imprint projections verify proves every read model."
}

func (c *doctorCommand) Run(ctx context.Context, io *console) error {
	if err := c.check(); err != nil {
		return err
	}
	d := &doctor{out: io.Out}
	e := &engines{flags: c.engineFlags, holder: c.newHolder()}
	if c.embedded() {
		if e.folder = d.folder(c.engineFlags); e.folder == nil {
			return errFound
		}
		d.lock(e.folder)
		d.disk(e.folder)
	}
	if err := d.parts(ctx, e, d.masterKey(e)); err != nil {
		return err
	}
	d.mail(c.mailFlags, c.Data)
	if d.failed {
		return errFound
	}
	return nil
}

// doctor writes one line per check.
type doctor struct {
	out    io.Writer
	failed bool
	served bool      // a program serves the installation
	part   partNames // how its parts are called
	// stranger: the log of another installation is on the server.
	stranger bool
	log      uuid.UUID // the log's identity; zero if it is not known
}

func (d *doctor) ok(what, found string, args ...any) {
	fmt.Fprintf(d.out, "ok    %s — %s\n", what, fmt.Sprintf(found, args...))
}

// warn and fail say what was found and, after a semicolon, what to do.
func (d *doctor) warn(what, found string, args ...any) {
	fmt.Fprintf(d.out, "warn  %s — %s\n", what, fmt.Sprintf(found, args...))
}

func (d *doctor) fail(what, found string, args ...any) {
	d.failed = true
	fmt.Fprintf(d.out, "FAIL  %s — %s\n", what, fmt.Sprintf(found, args...))
}

// failure is fail for an error, in one line. Our errors name the remedy.
func (d *doctor) failure(what string, err error) {
	d.fail(what, "%s", strings.Join(strings.Fields(err.Error()), " "))
}

// folder looks at the folder and what lies in it; nil if there is none to go on
// with.
func (d *doctor) folder(flags engineFlags) *datafolder.Folder {
	dir := flags.Data
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		d.fail("folder", "%s cannot be opened (%v); name the data folder with --data, and check its owner and permissions", dir, errors.Unwrap(err))
		return nil
	case !info.IsDir():
		d.fail("folder", "%s is not a folder; name the data folder with --data", dir)
		return nil
	}
	e := engines{flags: flags}
	if err := e.viewFolder(); err != nil {
		d.failure("folder", err)
		return nil
	}
	folder := e.folder
	if info.Mode().Perm()&0o077 != 0 {
		d.warn("folder", "%s can be entered by others (%#o); run chmod 700 on it", folder.Dir, info.Mode().Perm())
	} else {
		d.ok("folder", "%s", folder.Dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		d.fail("folder", "%s cannot be listed (%v); check its owner and permissions", dir, errors.Unwrap(err))
	}
	for _, e := range entries {
		if !belongs(folder, e.Name()) {
			d.warn("folder", "%.100q does not belong into a data folder; move it elsewhere", e.Name())
		}
	}
	return folder
}

func belongs(f *datafolder.Folder, name string) bool {
	for _, db := range []string{f.Log(), f.Work(), f.Views()} {
		if rest, ok := strings.CutPrefix(name, filepath.Base(db)); ok && (rest == "" || rest == "-wal" || rest == "-shm") {
			return true
		}
	}
	return name == "lock" || name == "room" || name == filepath.Base(f.Socket()) || name == "master.key" || name == filepath.Base(f.Content()) || name == filepath.Base(f.Mail())
}

// lock tells whether a program has the folder open. To ask, it holds the lock
// beside other readers for an instant.
func (d *doctor) lock(folder *datafolder.Folder) {
	lock, err := os.Open(filepath.Join(folder.Dir, "lock"))
	if err != nil {
		d.warn("lock", "there is no lock yet: the folder has been restored or copied; imprint serve makes it")
		return
	}
	defer func() { _ = lock.Close() }() // gives a lock up
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		d.served = true
		holder, _ := io.ReadAll(io.LimitReader(lock, 20)) // only to name it
		d.ok("lock", "held by process %s", strings.TrimSpace(string(holder)))
	case err != nil:
		d.fail("lock", "the lock cannot be asked (%v); is the folder on a file system with locks?", err)
	default:
		d.ok("lock", "nobody has the folder open for writing")
	}
}

// Free space below which a disk is called short, and full.
const (
	shortDisk = 2 << 30
	fullDisk  = 100 << 20
)

func (d *doctor) disk(folder *datafolder.Folder) {
	free, err := folder.Free()
	if err != nil {
		d.warn("disk", "its free space cannot be asked (%v); look yourself", err)
		return
	}
	mib := free >> 20
	switch {
	case free < fullDisk:
		d.fail("disk", "%d MiB are free; free some space, or appends will be refused", mib)
	case free < shortDisk:
		d.warn("disk", "%d MiB are free; free some space soon", mib)
	default:
		d.ok("disk", "%d MiB are free", mib)
	}
}

// masterKey answers the key, nil if there is no right one.
func (d *doctor) masterKey(e *engines) []byte {
	key, err := e.masterKey()
	if err != nil {
		d.failure("master key", err)
		return nil
	}
	return key
}

// mail looks at the setting, without asking the server.
func (d *doctor) mail(flags mailFlags, folder string) {
	if _, err := mail.ParseAddress(flags.MailFrom); err != nil {
		d.fail("mail", "the sender is not one mail address; set --mail-from, such as \"Trust Center <trust@example.com>\"")
	}
	if flags.MailBounces != "" {
		if _, err := digest.BounceAddress(flags.MailBounces); err != nil {
			d.failure("mail", err)
		}
	}
	encoder, err := flags.encoder()
	if err != nil {
		d.failure("mail", err)
	}
	for _, s := range encoder.Signatures {
		d.ok("mail", "mails are signed; the public key must stand in the DNS under %s, which was not asked", s)
	}
	if flags.Mail == keepMails && folder == "" {
		d.failure("mail", errNowhereToKeep)
		return
	}
	if flags.Mail == keepMails {
		d.ok("mail", "digests are kept as files in the data folder; --mail smtp://… sends them")
		return
	}
	settings, err := smtp.Parse(flags.Mail)
	if err != nil {
		d.failure("mail", err)
		return
	}
	d.ok("mail", "digests go to %s, port %d; whether it answers was not asked", settings.Host, settings.Port)
}

// codeOf is the rule by which an error of ours refuses; "" for others.
func codeOf(err error) string {
	var refused *domain.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// causeOf is what lies behind an error of ours.
func causeOf(err error) error {
	var refused *domain.Error
	if errors.As(err, &refused) {
		return refused.Cause
	}
	return err
}
