package blob

// Bytes flow through here once, whatever their number: counted, hashed, written.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"imprint/domain"
	"imprint/domain/content"
)

// HashMismatch is the code of the refusal of bytes that have another hash.
const HashMismatch = "hash-mismatch"

const (
	headBytes  = 512       // what http.DetectContentType looks at
	chunkBytes = 64 * 1024 // one read and one write
)

// CheckStated refuses bytes whose hash is not the one stated beforehand, unless none
// was.
func CheckStated(c content.Stored, want string) error {
	if want == "" || c.SHA256 == want {
		return nil
	}
	return domain.Refuse(domain.Invalid, HashMismatch,
		"the bytes have the SHA-256 %s, not %s as stated; send the right file, or state its hash", c.SHA256, want)
}

// Receive copies src to dst and says what it was. After limit+1 bytes it stops
// reading, and it never writes more than limit: that is TooLarge. Cancelling ctx
// ends it between two reads; a src that blocks has to be ended by whoever owns it.
// Errors of dst come back as they are.
func Receive(ctx context.Context, dst io.Writer, src io.Reader, limit int64) (content.Stored, error) {
	var c content.Stored
	hash := sha256.New()
	buf := make([]byte, chunkBytes)
	for {
		if err := ctx.Err(); err != nil {
			return content.Stored{}, fmt.Errorf("content store: receiving was given up: %w", err)
		}
		chunk := buf
		if room := limit - c.Bytes; room < int64(len(chunk)) {
			chunk = chunk[:room+1] // one more than may come, to see whether it does
		}
		n, readErr := src.Read(chunk)
		chunk = chunk[:n]
		if c.Bytes+int64(n) > limit {
			return content.Stored{}, domain.Refuse(domain.TooLarge, "content-too-large",
				"the file is larger than the limit of %d bytes; send a smaller one, or have the limit raised", limit)
		}
		c.Bytes += int64(n)
		hash.Write(chunk)
		c.Head = append(c.Head, chunk[:min(n, headBytes-len(c.Head))]...)
		if _, err := dst.Write(chunk); err != nil {
			return content.Stored{}, err
		}
		if readErr == io.EOF {
			c.SHA256 = hex.EncodeToString(hash.Sum(nil))
			return c, nil
		}
		if readErr != nil {
			return content.Stored{}, fmt.Errorf("content store: the bytes broke off after %d: %w", c.Bytes, readErr)
		}
	}
}
