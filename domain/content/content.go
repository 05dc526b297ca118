// Package content holds the words that the content store and its users share:
// what was stored, and what is wrong with it. The bytes themselves live outside
// the log, under their SHA-256.
package content

import "imprint/domain"

// DiskFull is the code of the refusal of bytes for which the store's disk has no
// room.
const DiskFull = "disk-full"

// Stored says what was received.
type Stored struct {
	SHA256 string // 64 lower-case hexadecimal digits
	Bytes  int64  // length
	Head   []byte // the first 512 bytes, or all if there are fewer; for sniffing the media type
}

// Damage is one thing that is wrong with a store.
type Damage struct {
	SHA256  string // the content; "" for a file that does not belong in the store
	Problem string // what is wrong, in words
}

// CheckHash refuses what is not a SHA-256 in lower-case hexadecimal, and so any
// path that pretends to be one.
func CheckHash(s string) error {
	if len(s) != 64 {
		return badHash(s)
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return badHash(s)
		}
	}
	return nil
}

func badHash(s string) error {
	return domain.Refuse(domain.Invalid, "bad-hash", "%.80q is not the SHA-256 of a content: write its 64 hexadecimal digits in lower case", s).In("sha256")
}
