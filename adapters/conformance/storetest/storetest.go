// Package storetest is the conformance suite of projections.Store: every engine
// that keeps read models runs it.
//
// It has two halves. The first drives the port itself: generations, leases by a
// clock the tests set, compare-and-set, large and strange values, views that hide
// parked keys. The second runs the projection engine over the store and a real
// log with a small projection (shelf.go), and holds law 4: live equals rebuild
// equals a fresh fold, whatever the batches were and wherever it crashed.
package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"imprint/adapters/queries"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

// Store is what an engine provides: the port, and snapshots for queries.
type Store interface {
	projections.Store
	queries.Database
}

// Harness makes what the suite needs. Each call gives a fresh, empty one, which
// ends with the test.
type Harness struct {
	// Store opens an empty store whose leases go by the clock.
	Store func(t testing.TB, clock domain.Clock) Store
	// Log opens an empty log.
	Log func(t testing.TB) event.Log
	// Search is the engine's statement that answers id and title of the items of
	// view shelf_items_v1 whose terms hold the word $1, by id.
	Search string
}

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"FirstGenerationIsLive":        testFirstGeneration,
		"CommitMovesByCompareAndSet":   testCompareAndSet,
		"LostCommitWritesNothing":      testLostCommit,
		"LeaseEndsByTheDatabasesClock": testLeaseExpiry,
		"LeaseOutlivesNoClock":         testClockSet,
		"ForcedLeaseFences":            testForcedLease,
		"LostAnswerIsFoundOut":         testLostAnswer,
		"ValuesComeBackAsTheyWere":     testValues,
		"ScanSortsByBytes":             testCollation,
		"ManyKeysInOneBatch":           testManyKeys,
		"LoadAnswersOpenRowsOnly":      testLoadInterval,
		"ViewsHideParkedKeys":          testParkedViews,
		"SwitchKeepsSnapshotsWhole":    testSwitch,
		"DropRemovesAGeneration":       testDrop,
		"RetireTakesTheViewsAway":      testRetire,
		"DropSparesWhatIsRead":         testEngineDrop,
		"PruneSparesWhatIsFed":         testPrune,
		"PruneMeetsOthers":             testPruneMeets,
		"FullTextFollowsTheRows":       testFullText,
		"CheckpointsAreReadable":       testCheckpoints,

		"TwoRunnersFoldOnce":            testTwoRunners,
		"WaitReturnsAfterTheFold":       testWait,
		"PoisonParksOneKey":             testPoison,
		"ReplayMends":                   testReplay,
		"ReplayThatFailsChangesNothing": testReplayFails,
		"NewerSchemaStops":              testNewerSchema,
		"UnknownTypesAreCounted":        testUnknown,
		"GapInTheLogStops":              testGap,
		"UnreadableEventStops":          testUnreadable,
		"LeaseOfAnotherIsRespected":     testCatchUpHeld,
		"RebuildStopsAtANewFailure":     testRebuildStops,
		"RebuildBesideALiveRunner":      testRebuildWhileFed,
		"SwitchesDuringWritesAndReads":  testSwitchesUnderLoad,
		"SwitchNeedsNoLuck":             testSwitchNeedsNoLuck,
		"SwitchKilledAnywhere":          testSwitchKilled,
		"SwitchedBeforeTheLease":        testSwitchedMeanwhile,
		"CaughtUpWhileItIsWritten":      testCaughtUpUnderWrites,
		"FaultsAtEveryCall":             testFaults,
		"VerifyNamesTheDifference":      testVerifyDifference,
		"TimesAreToldApart":             testTimes,
		"IntervalsAnswerAsOf":           testAsOf,
		"LiveEqualsRebuildEqualsFresh":  testLawFour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// scope is a part of a test that ends what it began before the test ends, for
// tests that begin hundreds of things.
type scope struct {
	testing.TB
	ends []func()
}

// Cleanup implements testing.TB.
func (s *scope) Cleanup(end func()) { s.ends = append(s.ends, end) }

func (s *scope) end() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
}

// clock is a database clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)} }

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// query reads all rows of a statement whose columns are text.
func query(t testing.TB, s Store, sql string, args ...any) (all [][]string) {
	t.Helper()
	ok(t, s.Snapshot(t.Context(), func(q queries.Querier) error {
		var err error
		all, err = read(t, q, sql, args...)
		return err
	}))
	return all
}

func read(t testing.TB, q queries.Querier, sql string, args ...any) ([][]string, error) {
	rows, err := q.Query(t.Context(), sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]string
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return nil, err
		}
		all = append(all, []string{a, b})
	}
	return all, rows.Err()
}
