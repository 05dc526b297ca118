package digest_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"imprint/domain/digest"
)

// TestAListingBindsWhatItDoesNotName: every item counts, those beyond the listed
// ones by the hash.
func TestAListingBindsWhatItDoesNotName(t *testing.T) {
	for _, n := range []int{0, 1, digest.ListedItems, digest.ListedItems + 1, 2000} {
		all := make([]digest.Item, n)
		for i := range all {
			all[i].Version = i + 1
		}
		l, err := digest.List(all)
		if err != nil {
			t.Fatal(err)
		}
		listed := min(n, digest.ListedItems)
		if l.Count != n || !reflect.DeepEqual(l.Items, all[:listed]) {
			t.Errorf("%d items: count %d, %d listed", n, l.Count, len(l.Items))
		}
		want := ""
		if n > listed {
			rest, err := json.Marshal(all[listed:])
			if err != nil {
				t.Fatal(err)
			}
			want = fmt.Sprintf("%x", sha256.Sum256(rest))
		}
		if l.RestHash != want {
			t.Errorf("%d items: hash of the rest %q, not %q", n, l.RestHash, want)
		}
	}
}
