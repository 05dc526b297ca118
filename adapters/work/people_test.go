package work_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain/access"
	"imprint/domain/person"
)

func TestANameIsClaimedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		names, hash := work.NewNames(db), []byte("hash")
		if _, found, err := names.Find(t.Context(), hash); found || err != nil {
			t.Fatalf("found %v, %v before anyone claimed it", found, err)
		}
		first, second := uuid.New(), uuid.New()
		for _, claimant := range []uuid.UUID{first, second} {
			if owner, err := names.Claim(t.Context(), hash, claimant); owner != first || err != nil {
				t.Errorf("the name is %s's (%v), want the first claimant's %s", owner, err, first)
			}
		}
		if owner, err := names.Claim(t.Context(), []byte("other"), second); owner != second || err != nil {
			t.Errorf("another name went to %s, %v", owner, err)
		}
	})
}

func TestTokensAreKeptFoundAndEnded(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		tokens := work.NewTokens(db)
		ctx := t.Context()
		token := person.Token{ID: uuid.New(), Person: uuid.New(), Role: access.Publisher, Expires: time.Date(2026, 5, 1, 0, 0, 0, 1000, time.UTC)}
		for range 2 {
			if err := tokens.Put(ctx, []byte("hash"), token); err != nil {
				t.Fatal(err)
			}
		}
		if got, found, err := tokens.Find(ctx, []byte("hash")); got != token || !found || err != nil {
			t.Errorf("by hash: %+v, %v, %v", got, found, err)
		}
		if got, found, err := tokens.Get(ctx, token.ID); got != token || !found || err != nil {
			t.Errorf("by id: %+v, %v, %v", got, found, err)
		}
		if list, err := tokens.List(ctx); !slices.Equal(list, []person.Token{token}) || err != nil {
			t.Errorf("list: %+v, %v", list, err)
		}
		for range 2 {
			if err := tokens.End(ctx, token.ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, found, err := tokens.Find(ctx, []byte("hash")); found || err != nil {
			t.Errorf("an ended token is found: %v, %v", found, err)
		}
		if list, err := tokens.List(ctx); len(list) > 0 || err != nil {
			t.Errorf("an ended token is listed: %+v, %v", list, err)
		}
		if err := tokens.Put(ctx, []byte("hash"), token); err != nil {
			t.Fatal(err)
		}
		if _, found, err := tokens.Find(ctx, []byte("hash")); found || err != nil {
			t.Errorf("an ended token is in force again: %v, %v", found, err)
		}
		if got, found, err := tokens.Get(ctx, token.ID); got != token || !found || err != nil {
			t.Errorf("an ended token by id: %+v, %v, %v", got, found, err)
		}
		if _, found, err := tokens.Get(ctx, uuid.New()); found || err != nil {
			t.Errorf("a token that never was: %v, %v", found, err)
		}
	})
}
