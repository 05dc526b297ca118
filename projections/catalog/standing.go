package catalog

// Where a document stands: its newest live version and when it was last updated.

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"imprint/domain"
	"imprint/projections"
)

// memory is how many of the newest versions' summaries a document's row keeps.
const memory = 16

// moment is what a version amounts to in its document's row.
type moment struct {
	updated   time.Time // what Last updated is taken from
	recorded  time.Time // what updated is never later than
	major     bool
	withdrawn bool
	imported  bool
}

// moments are those of all versions from the first on, each of momentSize bytes:
// its two times in microseconds, big endian, then its marks. They are never changed
// in place, for rows share them.
type moments []byte

const (
	momentSize = 17

	majorMark     = 1 << 0
	withdrawnMark = 1 << 1
	importedMark  = 1 << 2
)

// of is the moment of a version, counted from 1.
func (m moments) of(number int) moment {
	b := m[(number-1)*momentSize : number*momentSize]
	marks := b[momentSize-1]
	return moment{
		updated: projections.Time(int64(binary.BigEndian.Uint64(b))), recorded: projections.Time(int64(binary.BigEndian.Uint64(b[8:]))),
		major: marks&majorMark != 0, withdrawn: marks&withdrawnMark != 0, imported: marks&importedMark != 0,
	}
}

// with has the moment of a version replaced, or added where it is the next one.
func (m moments) with(number int, v moment) moments {
	var b [momentSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(projections.Micros(v.updated)))
	binary.BigEndian.PutUint64(b[8:], uint64(projections.Micros(v.recorded)))
	if v.major {
		b[momentSize-1] |= majorMark
	}
	if v.withdrawn {
		b[momentSize-1] |= withdrawnMark
	}
	if v.imported {
		b[momentSize-1] |= importedMark
	}
	start := (number - 1) * momentSize
	return slices.Concat(m[:start], b[:], m[min(start+momentSize, len(m)):])
}

// add adds the next version; the summary of the oldest one kept makes room.
func (r *documentRow) add(number int, v moment, summary domain.Text) error {
	if number != r.Newest+1 {
		return fmt.Errorf("version %d of document %s follows version %d", number, r.Document, r.Newest)
	}
	r.Newest = number
	r.Moments = moments(r.Moments).with(number, v)
	r.Summaries = r.Summaries.with(summary, memory)
	return nil
}

// change changes the moment of a version.
func (r *documentRow) change(number int, do func(*moment)) error {
	if err := r.has(number); err != nil {
		return err
	}
	v := moments(r.Moments).of(number)
	do(&v)
	r.Moments = moments(r.Moments).with(number, v)
	return nil
}

// correct changes the summary of a version, if it is kept.
func (r *documentRow) correct(number int, summary domain.Text) error {
	if err := r.has(number); err != nil {
		return err
	}
	if i := r.kept(number); i >= 0 {
		r.Summaries = r.Summaries.replaced(i, summary)
	}
	return nil
}

func (r *documentRow) has(number int) error {
	if number < 1 || number > r.Newest {
		return fmt.Errorf("document %s has no version %d, but 1 to %d", r.Document, number, r.Newest)
	}
	return nil
}

// kept is where the summary of a version is, negative where it is kept no more.
func (r *documentRow) kept(number int) int { return number - 1 - max(0, r.Newest-memory) }

// stand sets the columns that follow from the versions.
func (r *documentRow) stand() {
	all := moments(r.Moments)
	r.Version, r.LastUpdated = 0, all.of(1).updated
	for n := r.Newest; n > 0; n-- {
		v := all.of(n)
		if v.withdrawn {
			continue
		}
		if r.Version == 0 {
			r.Version = n
		}
		if v.major {
			r.LastUpdated = v.updated
			break
		}
	}
	r.Summary, r.Forgotten = nil, false
	if r.Version == 0 {
		return
	}
	if i := r.kept(r.Version); i >= 0 {
		r.Summary = r.Summaries.at(i)
	} else {
		r.Forgotten = true
	}
}
