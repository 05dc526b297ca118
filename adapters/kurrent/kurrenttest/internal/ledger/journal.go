// The file behind a ledger: a head, then one frame for each append, in order.
//
//	frame = length uint32 | check of length uint32 | check of body uint32 | body
//
// Numbers are little-endian, checks are CRC-32C, and a body is the records of
// the append as JSON, so that one frame is whole or no append. The length has a
// check of its own: a damaged length must not pass for a tail that was cut.

package ledger

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"

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
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	whole, err := scan(bufio.NewReaderSize(file, 1<<20), size, restore)
	if err != nil {
		return err
	}
	if torn := size - whole; torn > 0 {
		report(fmt.Sprintf("cut a torn tail of %d bytes off %s: an append that was never acknowledged", torn, path))
	}
	if err := file.Truncate(whole); err != nil {
		return err
	}
	if _, err := file.Seek(whole, io.SeekStart); err != nil {
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

// scan reads the frames of a file of a size and returns how many bytes of it
// are whole.
func scan(file io.Reader, size int64, restore func([]Record) error) (int64, error) {
	head := make([]byte, min(size, int64(len(journalHead))))
	if _, err := io.ReadFull(file, head); err != nil {
		return 0, err
	}
	if !strings.HasPrefix(journalHead, string(head)) {
		return 0, errors.New("this is no file of this program")
	}
	if len(head) < len(journalHead) {
		return 0, nil // the process ended while the file was made
	}
	at := int64(len(head))
	for at < size {
		length, ok, err := scanFrame(file, size-at, restore)
		if err != nil {
			return 0, fmt.Errorf("the frame at byte %d: %w", at, err)
		}
		if !ok {
			return at, nil
		}
		at += length
	}
	return at, nil
}

// errDamaged is the error of a frame that is wrong and not merely cut.
var errDamaged = errors.New("it is damaged")

// scanFrame reads one frame of at most the bytes that are left and returns its
// length; not ok if it is the torn tail.
func scanFrame(file io.Reader, left int64, restore func([]Record) error) (length int64, ok bool, err error) {
	if left < frameHead {
		return 0, false, nil
	}
	var head [frameHead]byte
	if _, err := io.ReadFull(file, head[:]); err != nil {
		return 0, false, err
	}
	if crc32.Checksum(head[:4], castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		// After a power failure a tail can be there in length but not in content.
		zeros, err := onlyZeros(io.MultiReader(bytes.NewReader(head[:]), file))
		if err == nil && !zeros {
			err = errDamaged
		}
		return 0, false, err
	}
	length = frameHead + int64(binary.LittleEndian.Uint32(head[:]))
	if left < length {
		return 0, false, nil
	}
	body := make([]byte, length-frameHead)
	if _, err := io.ReadFull(file, body); err != nil {
		return 0, false, err
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(head[8:]) {
		if left == length {
			return 0, false, nil
		}
		return 0, false, errDamaged
	}
	var records []Record
	if err := json.Unmarshal(body, &records); err != nil {
		return 0, false, err
	}
	return length, true, restore(records)
}

func onlyZeros(r io.Reader) (bool, error) {
	block := make([]byte, 4096)
	for {
		n, err := r.Read(block)
		if len(bytes.Trim(block[:n], "\x00")) > 0 {
			return false, nil
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
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
