package blob

// The check of everything held against its hash.

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"imprint/domain/content"
)

// Scrub reads everything held, re-hashes it and gives what is damaged, and the
// files that do not belong in the store. It changes nothing: damaged content is
// repaired by putting the right bytes again. It ends with the first error that
// keeps it from going on. Content that is missing altogether it cannot know of;
// the log says what should be there, and Has whether it is.
//
// progress, if not nil, is called after each content with the number read so far
// and the number there were at the start (or the former, once it is higher).
func (d *Directory) Scrub(ctx context.Context, progress func(done, total int)) iter.Seq2[content.Damage, error] {
	return func(yield func(content.Damage, error) bool) {
		total, strangers, err := d.survey(ctx)
		if err != nil {
			yield(content.Damage{}, err)
			return
		}
		for _, name := range strangers {
			if !yield(content.Damage{Problem: fmt.Sprintf("%q does not belong in the content store; move it elsewhere", name)}, nil) {
				return
			}
		}
		done := 0
		for hash, err := range d.All(ctx) {
			if err != nil {
				yield(content.Damage{}, err)
				return
			}
			held, err := rehash(ctx, d.path(hash))
			if ctx.Err() != nil {
				yield(content.Damage{}, ctx.Err())
				return
			}
			done++
			if progress != nil {
				progress(done, max(done, total))
			}
			problem := ""
			switch {
			case err != nil:
				problem = fmt.Sprintf("cannot be read: %v", err)
			case held.SHA256 != hash:
				problem = fmt.Sprintf("its %d bytes have the SHA-256 %s", held.Bytes, held.SHA256)
			}
			if problem != "" && !yield(content.Damage{SHA256: hash, Problem: problem}, nil) {
				return
			}
		}
	}
}

// survey counts the content and names what does not belong. Arrivals belong: they
// may be those of a Put that is running.
func (d *Directory) survey(ctx context.Context) (total int, strangers []string, err error) {
	belongs := map[string]bool{incoming: true}
	for fan := range fans {
		belongs[fanName(fan)] = true
	}
	top, err := os.ReadDir(d.dir)
	if err != nil {
		return 0, nil, storeError(err)
	}
	for _, e := range top {
		if !belongs[e.Name()] {
			strangers = append(strangers, e.Name())
		}
	}
	arrivals, err := os.ReadDir(filepath.Join(d.dir, incoming))
	if err != nil {
		return 0, nil, storeError(err)
	}
	for _, e := range arrivals {
		if !isArrival(e) {
			strangers = append(strangers, filepath.Join(incoming, e.Name()))
		}
	}
	for fan := range fans {
		hashes, odd, err := d.list(ctx, fan)
		if err != nil {
			return 0, nil, err
		}
		total += len(hashes)
		strangers = append(strangers, odd...)
	}
	return total, strangers, nil
}
