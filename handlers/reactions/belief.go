package reactions

// Here: what readers have been told of a document, which decides what is news.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/domain/notice"
)

// belief is a document as those know it who know only what they were told.
type belief struct {
	withdrawn bool
	series    uuid.UUID
	versions  map[int]bool // the versions told of, and whether as standing

	// In truth:
	majors []int        // the major versions
	alone  map[int]bool // the versions that are withdrawn alone
}

// believed follows a document's facts and what of them was told.
func (r *Reactions) believed(ctx context.Context, facts []fact) (belief, error) {
	b := belief{versions: map[int]bool{}, alone: map[int]bool{}}
	var series uuid.UUID // in truth
	for _, f := range facts {
		told, err := r.wasTold(ctx, f)
		if err != nil {
			return b, err
		}
		switch p := f.payload.(type) {
		case document.Published:
			series, b.series = p.Details.Series, p.Details.Series
			b.published(p.Version, told)
		case document.Versioned:
			b.published(p.Version, told)
		case document.DetailsRevised:
			if told && p.Details.Series != series {
				b.series = p.Details.Series
			}
			series = p.Details.Series
		case document.VersionWithdrawn:
			b.alone[p.Number] = true
			if told {
				b.versions[p.Number] = false
			}
		case document.VersionReinstated:
			delete(b.alone, p.Number)
			if told {
				b.versions[p.Number] = true
			}
		case document.Withdrawn:
			b.withdrawn = b.withdrawn || told
		case document.Reinstated:
			if told {
				b.back()
			}
		}
	}
	return b, nil
}

func (b *belief) published(v document.Version, told bool) {
	if v.Major {
		b.majors = append(b.majors, v.Number)
	}
	if told {
		b.versions[v.Number] = true
		b.withdrawn = false
	}
}

// back is a told return: who follows it finds all that stands.
func (b *belief) back() {
	b.withdrawn = false
	for _, n := range b.majors {
		if !b.alone[n] {
			b.versions[n] = true
		}
	}
}

// newest is the newest major version that is not withdrawn alone, 0 for none.
func (b *belief) newest() int {
	for i := len(b.majors) - 1; i >= 0; i-- {
		if !b.alone[b.majors[i]] {
			return b.majors[i]
		}
	}
	return 0
}

// wasTold tells whether readers can know of a cause: its notice has been
// released, or it states the past, which readers find in the catalog.
func (r *Reactions) wasTold(ctx context.Context, cause fact) (bool, error) {
	if origin(cause.payload) != nil {
		return true, nil
	}
	if v, ok := cause.payload.(document.Versioned); ok && !v.Version.Major {
		return false, nil
	}
	released, err := r.log.ReadStreamBack(ctx, notice.Stream(cause.ID), 1)
	return len(released) > 0, err
}
