// What went wrong with a file, in words for those who run it.

package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"imprint/domain"
	"imprint/domain/event"
)

// DamagedFile is the code of the refusal of a file that is damaged, cut off or no
// database of Imprint.
const DamagedFile = "damaged-file"

// Damaged refuses a file that cannot be made again and whose content cannot be
// relied on; the cause to be attached says what was found.
func Damaged(path string) *domain.Error {
	return domain.Refuse(domain.Unavailable, DamagedFile, "%s is damaged or not a database of Imprint; stop imprint, move the whole folder away and restore it from a backup (imprint restore)", path)
}

// Explain gives the errors of SQLite that an operator can do something about
// their words: a full disk, a damaged or foreign file, a read-only folder. An
// error that has its words keeps them.
func Explain(path string, err error) error {
	var told *domain.Error
	if errors.As(err, &told) {
		return err
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch kind := e.Code() & 0xff; {
	case kind == code.SQLITE_CORRUPT, kind == code.SQLITE_NOTADB, e.Code() == code.SQLITE_IOERR_SHORT_READ:
		return Damaged(path).Because(err)
	case kind == code.SQLITE_FULL, kind == code.SQLITE_IOERR:
		return domain.Refuse(domain.Unavailable, event.DiskFault, "%s cannot be written: the disk is full or failing; free some space, nothing that was acknowledged is lost", path).Because(err)
	case kind == code.SQLITE_READONLY, kind == code.SQLITE_CANTOPEN, kind == code.SQLITE_PERM:
		return unopened(path).Because(err)
	case kind == code.SQLITE_BUSY, kind == code.SQLITE_LOCKED:
		return domain.Refuse(domain.Unavailable, "busy", "%s is in use by another program; stop it or try again", path).Because(err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// ExplainRebuildable is Explain for a file that is built from others: a damaged one
// is no loss, and its remedy another.
func ExplainRebuildable(path string, err error) error {
	err = Explain(path, err)
	var told *domain.Error
	if !errors.As(err, &told) || told.Message != Damaged(path).Message {
		return err // of another file, perhaps
	}
	// A write-ahead log left behind would bring a part of the old file back.
	return domain.Refuse(domain.Unavailable, DamagedFile, "%[1]s is damaged or not a database of Imprint; nothing is lost, for it is built from the log: stop imprint, delete it (rm -f %[2]q %[3]q %[4]q) and start imprint serve, which builds it anew", path, path, path+"-wal", path+"-shm").Because(told.Cause)
}

func unopened(path string) *domain.Error {
	return domain.Refuse(domain.Unavailable, "file-access", "%s cannot be opened or written; check the folder's owner and permissions", path)
}

// isFull tells whether a disk had no room left.
func isFull(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Code()&0xff == code.SQLITE_FULL
}

// IsUnique tells whether a statement failed on a unique index.
func IsUnique(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && (e.Code() == code.SQLITE_CONSTRAINT_UNIQUE || e.Code() == code.SQLITE_CONSTRAINT_PRIMARYKEY)
}
