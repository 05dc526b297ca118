package digest

// Here: the one writer that gathers the steps of many digests into few commits.

import (
	"context"
	"errors"

	"imprint/domain/digest"
)

// errLost: the lease was lost, or the person changed settings meanwhile. The step
// was not done, and whoever holds the person now, or the next round, does it.
var errLost = errors.New("the digest has passed to another worker or changed")

// maxGroup bounds the steps of one commit.
const maxGroup = 64

// journal commits whatever steps are waiting, together: so many digests at once
// share one fsync, while each still waits for its own.
type journal struct {
	work  Work
	steps chan step
}

type step struct {
	change digest.Change
	answer chan error
}

func newJournal(work Work) *journal { return &journal{work: work, steps: make(chan step)} }

// commit does one change, durably.
func (j *journal) commit(c digest.Change) error {
	s := step{change: c, answer: make(chan error, 1)}
	j.steps <- s
	return <-s.answer
}

// run commits until close. It takes no context that ends: an intent or an outcome
// that was begun is written, also while the program stops.
func (j *journal) run(ctx context.Context) {
	for first := range j.steps {
		j.write(ctx, gather(first, j.steps, maxGroup))
	}
}

// gather takes what waits in a channel behind the first, up to a number in all.
func gather[T any](first T, from <-chan T, most int) []T {
	group := []T{first}
	for len(group) < most {
		select {
		case next, open := <-from:
			if !open {
				return group
			}
			group = append(group, next)
		default:
			return group
		}
	}
	return group
}

func (j *journal) write(ctx context.Context, group []step) {
	changes := make([]digest.Change, len(group))
	for i, s := range group {
		changes[i] = s.change
	}
	// If the commit fails, or we crash in it, none of the group is done: intents
	// have sent nothing yet, outcomes become doubts.
	done, err := j.work.Commit(ctx, changes)
	for i, s := range group {
		switch {
		case err != nil:
			s.answer <- err
		case !done[i]:
			s.answer <- errLost
		default:
			s.answer <- nil
		}
	}
}

// close ends run; nobody may commit any more.
func (j *journal) close() { close(j.steps) }
