package bucket

// How a store is named, opened and swept, and how its errors are told.

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // s3://
	"gocloud.dev/gcerrors"

	"imprint/domain"
)

const (
	arrivals = "incoming/" // names of bytes that are arriving
	contents = "sha256/"   // names of content
	// stale is how old an arrival must be before it is taken for abandoned: no
	// upload lasts that long.
	stale = 24 * time.Hour
	// maxCopy is the largest object that S3 copies in one request, in bytes.
	maxCopy = 5 << 30
	// partBytes is the size of one part of an upload, and partsAtOnce how many
	// travel at a time: together they bound the memory of one Put.
	partBytes   = 8 << 20
	partsAtOnce = 2
	// openTime bounds how long the first answer of the store may take.
	openTime = 30 * time.Second
)

// Options adjust a store.
type Options struct {
	MaxBytes int64         // largest content accepted, in bytes; at least 1
	Clock    domain.Clock  // tells which arrivals are abandoned
	Patience time.Duration // how long the store may be silent; 0: two minutes, 30 seconds at the opening
}

// Store is a content store in a bucket. It is safe for use by many goroutines,
// and by many programs, at once.
type Store struct {
	bucket   *blob.Bucket
	name     string // the URL without its parameters, for messages
	maxBytes int64
	patience time.Duration
	health   health
}

// Open opens the store that a URL names, such as
// s3://bucket?region=eu-central-1&prefix=acme/, and removes what was abandoned in
// it. It fails where the bucket does not answer, so that a wrong setting shows at
// the start and not at the first upload.
func Open(ctx context.Context, rawURL string, opt Options) (*Store, error) {
	if opt.MaxBytes < 1 {
		return nil, domain.Refuse(domain.Invalid, "bad-limit", "the content limit is %d bytes; set it to more than 0", opt.MaxBytes)
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, domain.Refuse(domain.Invalid, "content-url", "the content store's URL cannot be read; IMPRINT_CONTENT looks like s3://bucket?region=eu-central-1, and credentials come from the environment, never from the URL")
	}
	if !blob.DefaultURLMux().ValidBucketScheme(u.Scheme) {
		return nil, domain.Refuse(domain.Invalid, "content-url", "this program has no content store for %s://; it knows %s (azblob:// and gs:// need a program built with the tags azure and gcs)", u.Scheme, strings.Join(blob.DefaultURLMux().BucketSchemes(), ":// ")+"://")
	}
	opening, cancel := context.WithTimeout(ctx, cmp.Or(opt.Patience, openTime))
	defer cancel()
	opened, err := blob.OpenBucket(opening, rawURL)
	if err != nil {
		return nil, domain.Refuse(domain.Invalid, "content-url", "the content store %s://%s cannot be opened; check the parameters of IMPRINT_CONTENT", u.Scheme, u.Host).Because(err)
	}
	s := &Store{bucket: opened, name: u.Scheme + "://" + u.Host, maxBytes: opt.MaxBytes, patience: cmp.Or(opt.Patience, patience)}
	if err := s.sweep(opening, opt.Clock()); err != nil {
		return nil, errors.Join(s.explain(ctx, err), opened.Close())
	}
	return s, nil
}

// Close gives the connections back.
func (s *Store) Close() error { return s.bucket.Close() }

// sweep removes arrivals that nobody can be waiting for any more. Two programs may
// sweep at once: what one has removed is gone for the other.
func (s *Store) sweep(ctx context.Context, now time.Time) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: arrivals})
	for {
		o, err := list.Next(ctx)
		if ended(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if now.Sub(o.ModTime) < stale {
			continue
		}
		if err := s.remove(ctx, o.Key); err != nil {
			return err
		}
	}
}

func (s *Store) remove(ctx context.Context, key string) error {
	c := s.begin(ctx)
	defer c.end()
	defer c.step()()
	if err := s.bucket.Delete(c.ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return err
	}
	return nil
}
