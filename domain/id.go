package domain

import (
	"crypto/sha1"
	"encoding/binary"

	"github.com/google/uuid"
)

// Derive makes the identifier that follows from a namespace and parts: a UUIDv5
// (RFC 9562 section 5.5). Equal inputs give equal ids, so a retry after a crash
// finds its own work. Each part is preceded by its length, so that ("ab","c")
// and ("a","bc") differ.
func Derive(namespace uuid.UUID, parts ...string) uuid.UUID {
	var name []byte
	for _, p := range parts {
		name = binary.BigEndian.AppendUint32(name, uint32(len(p)))
		name = append(name, p...)
	}
	return uuid.NewHash(sha1.New(), namespace, name, 5)
}
