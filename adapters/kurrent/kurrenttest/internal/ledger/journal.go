// The file behind a ledger: a head, then one frame for each append, in order.
//
//	frame = length uint32 | check of length uint32 | check of body uint32 | body
//
// Numbers are little-endian, checks are CRC-32C, and a body is the records of
// the append as JSON, so that one frame is whole or no append. The length has a
// check of its own: a damaged length must not pass for a tail that was cut.

package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	journalHead = "kurrenttest 1\n"
	frameHead   = 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type journal struct{ file *os.File }

// openJournal opens or makes the file, locks it against a second process, hands
// each frame's records to restore, and cuts a torn tail off. A file that is
// damaged elsewhere is refused: cutting there would lose what was acknowledged.
func openJournal(path string, restore func([]Record) error, report func(string)) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := load(file, path, restore, report); err != nil {
		file.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &journal{file: file}, nil
}

func load(file *os.File, path string, restore func([]Record) error, report func(string)) error {
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another server has it open: %w", err)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	whole, err := scan(content, restore)
	if err != nil {
		return err
	}
	if whole == len(content) && whole > 0 {
		return nil
	}
	if torn := len(content) - whole; torn > 0 {
		report(fmt.Sprintf("cut a torn tail of %d bytes off %s: an append that was never acknowledged", torn, path))
	}
	if err := file.Truncate(int64(whole)); err != nil {
		return err
	}
	if _, err := file.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	if whole == 0 {
		if _, err := file.WriteString(journalHead); err != nil {
			return err
		}
	}
	if err := file.Sync(); err != nil {
		return err
	}
	// A new file exists only once its folder is durable too.
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// scan reads the frames and returns how many bytes of the content are whole.
func scan(content []byte, restore func([]Record) error) (int, error) {
	if len(content) < len(journalHead) && bytes.HasPrefix([]byte(journalHead), content) {
		return 0, nil // we ended while the file was made
	}
	if !bytes.HasPrefix(content, []byte(journalHead)) {
		return 0, errors.New("this is no file of this program")
	}
	at := len(journalHead)
	for at < len(content) {
		rest := content[at:]
		if len(rest) < frameHead {
			return at, nil
		}
		length := uint64(binary.LittleEndian.Uint32(rest))
		if crc32.Checksum(rest[:4], castagnoli) != binary.LittleEndian.Uint32(rest[4:]) {
			// After a power failure a tail can be there in length but not in content.
			if len(bytes.Trim(rest, "\x00")) == 0 {
				return at, nil
			}
			return 0, fmt.Errorf("the frame at byte %d is damaged", at)
		}
		if uint64(len(rest)-frameHead) < length {
			return at, nil
		}
		body := rest[frameHead : frameHead+length]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(rest[8:]) {
			if uint64(len(rest)-frameHead) == length {
				return at, nil
			}
			return 0, fmt.Errorf("the frame at byte %d is damaged", at)
		}
		var records []Record
		if err := json.Unmarshal(body, &records); err != nil {
			return 0, fmt.Errorf("the frame at byte %d: %w", at, err)
		}
		if err := restore(records); err != nil {
			return 0, fmt.Errorf("the frame at byte %d: %w", at, err)
		}
		at += frameHead + int(length)
	}
	return at, nil
}

// appendFrame adds the frame of one append to the buffer.
func appendFrame(buffer []byte, records []Record) []byte {
	body, err := json.Marshal(records)
	if err != nil {
		panic(fmt.Sprintf("ledger: records of plain values cannot be encoded: %v", err))
	}
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	buffer = append(buffer, length...)
	buffer = binary.LittleEndian.AppendUint32(buffer, crc32.Checksum(length, castagnoli))
	buffer = binary.LittleEndian.AppendUint32(buffer, crc32.Checksum(body, castagnoli))
	return append(buffer, body...)
}

// write returns when the frames are durable.
func (j *journal) write(frames []byte) error {
	if _, err := j.file.Write(frames); err != nil {
		return err
	}
	return j.file.Sync()
}

// close also gives up the lock.
func (j *journal) close() error { return j.file.Close() }
