package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Limits are counted by an estimate of the metadata, which is never too small.
func TestTheSizeOfMetadataIsNotUnderstated(t *testing.T) {
	long := time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	sealed := &Sealed{Key: KeyID("document-" + uuid.NewString()), Box: make([]byte, 60)}
	for _, m := range []Metadata{
		{Schema: 1, Time: long},
		{
			Schema: 1 << 30, Time: long, Actor: uuid.NewString(), Organization: uuid.NewString(), Correlation: uuid.New(), Causation: uuid.New(),
			Request: strings.Repeat("f", 64), Commitment: strings.Repeat("f", 64), Salt: make([]byte, saltSize), SealedSalt: sealed,
		},
	} {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if m.size() < len(b) || m.size() > len(b)+metaFixed {
			t.Errorf("%d bytes are counted as %d:\n%s", len(b), m.size(), b)
		}
	}
}
