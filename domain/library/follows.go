package library

import "github.com/google/uuid"

// Here: who follows a series, and since when.

// Entry is a document that is in a person's library now.
type Entry struct {
	Saved       int64     // the ordinal of LibrarySaved
	SeriesThen  uuid.UUID // the document's series when it was saved; zero for none
	Series      uuid.UUID // the document's series now; zero for none
	SeriesSince int64     // the ordinal since which it has been in it
}

// Explicit is what a person has said about a series: the ordinal of the latest
// SeriesFollowed and SeriesUnfollowed, 0 for never. Of several follows without
// an unfollow between them, the first counts.
type Explicit struct {
	Followed, Unfollowed int64
}

// Follows is the rule of following: a person follows a series if
//
//   - the latest explicit word was a follow, or
//   - a document in the library is in the series now, and no unfollow came after
//     the latest save of a document that was then in the series.
//
// since is the ordinal from which the following has lasted without a break: what
// is caused after it is news. A document that joined the series after it was
// saved counts from the joining on. Both are zero where nothing is followed.
//
// Digests are selected by it. Pages ask the same in SQL, and the property tests of
// those statements hold them against this.
func Follows(series uuid.UUID, entries []Entry, said Explicit) (since int64, following bool) {
	if series == uuid.Nil {
		return 0, false
	}
	earlier := func(ordinal int64) {
		if !following || ordinal < since {
			since, following = ordinal, true
		}
	}
	if said.Followed > said.Unfollowed {
		earlier(said.Followed)
	}
	// resumed is the first save into the series after the unfollow: the word that
	// overruled it. Without an unfollow there is nothing to overrule.
	resumed, overruled := int64(0), said.Unfollowed == 0
	for _, e := range entries {
		if e.SeriesThen == series && e.Saved > said.Unfollowed && said.Unfollowed > 0 && (!overruled || e.Saved < resumed) {
			resumed, overruled = e.Saved, true
		}
	}
	if !overruled {
		return since, following
	}
	for _, e := range entries {
		if e.Series == series {
			earlier(max(e.Saved, e.SeriesSince, resumed))
		}
	}
	return since, following
}
