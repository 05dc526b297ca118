// The read models' suite with its events on this log: the engine reads pages, ends
// in the middle of appends, is interrupted and rebuilt by places of KurrentDB.

package kurrent_test

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"imprint/adapters/conformance/storetest"
	"imprint/adapters/kurrent"
	"imprint/adapters/sqlite/views"
	"imprint/domain"
	"imprint/domain/event"
)

func TestTheReadModelsSuiteOnThisLog(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Store: func(t testing.TB, clock domain.Clock) storetest.Store {
			s, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), clock)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			return s
		},
		Log: func(t testing.TB) event.Log {
			l, err := kurrent.Open(t.Context(), kurrent.Options{Address: kurrent.AddressToTest(t), Installation: "test-" + uuid.NewString()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() }) // it answers nil always
			return l
		},
		Search: `SELECT i.id, i.title FROM shelf_items_v1_text t JOIN shelf_items_v1 i ON i.row_id = t.row_id WHERE t.terms MATCH $1 ORDER BY i.id`,
	})
}
