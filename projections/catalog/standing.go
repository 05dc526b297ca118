package catalog

// Where a document stands: its newest live version and when it was last updated.

import (
	"fmt"
	"slices"
	"time"

	"imprint/domain"
)

// memory is how many of the newest versions a document's row remembers.
const memory = 16

// standing is what a document's versions amount to.
type standing struct {
	Version   int         `json:"version"` // newest live one, 0 where none is
	Summary   domain.Text `json:"summary,omitempty"`
	UpdatedAt time.Time   `json:"updatedAt"` // of the newest live major one, else of the first publication
}

// remembered is one of a document's newest versions.
type remembered struct {
	standing
	Major     bool `json:"major,omitempty"`
	Withdrawn bool `json:"withdrawn,omitempty"`
	Claimed   bool `json:"claimed,omitempty"` // UpdatedAt is the claimed time, of an import
}

// after is the standing after one more version.
func (s standing) after(v remembered) standing {
	if v.Withdrawn {
		return s
	}
	s.Version, s.Summary = v.Version, v.Summary
	if v.Major {
		s.UpdatedAt = v.UpdatedAt
	}
	return s
}

// remember adds the next version, forgetting the oldest where there are too many.
func (r *documentRow) remember(v remembered) error {
	if v.Version != r.Newest+1 {
		return fmt.Errorf("version %d of document %s follows version %d", v.Version, r.Document, r.Newest)
	}
	if r.Newest == 0 {
		r.Older.UpdatedAt = v.UpdatedAt
	}
	r.Newest = v.Version
	r.Remembered = append(slices.Clone(r.Remembered), v)
	if len(r.Remembered) > memory {
		r.Older = r.Older.after(r.Remembered[0])
		r.Remembered = r.Remembered[1:]
	}
	return nil
}

// change changes a remembered version; one that is forgotten changes no more.
func (r *documentRow) change(number int, do func(*remembered)) error {
	if number < 1 || number > r.Newest {
		return fmt.Errorf("document %s has no version %d, but 1 to %d", r.Document, number, r.Newest)
	}
	r.Remembered = slices.Clone(r.Remembered)
	for i := range r.Remembered {
		if v := &r.Remembered[i]; v.Version == number {
			do(v)
			if number == 1 {
				r.Older.UpdatedAt = v.UpdatedAt
			}
		}
	}
	return nil
}

// stand sets the columns that follow from the versions.
func (r *documentRow) stand() {
	now := r.Older
	for _, v := range r.Remembered {
		now = now.after(v)
	}
	r.Version, r.Summary, r.LastUpdated = now.Version, now.Summary, now.UpdatedAt
}
