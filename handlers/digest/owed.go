package digest

// Here: what became of mails while the work tables could not be written.

import (
	"context"
	"time"

	"imprint/domain/digest"
)

// giveBackTime bounds how long the end of a round takes; a program that ends has ten
// seconds for everything.
const giveBackTime = 5 * time.Second

// owe keeps an outcome that could not be committed. As long as this process lives,
// what became of the mail is known, and nobody has a reason to send it again.
func (s *Service) owe(outcome digest.Change) {
	s.owing.Lock()
	defer s.owing.Unlock()
	s.owed = append(s.owed, outcome)
}

// giveBack commits the outcomes that are owed, and then gives back all leases of
// this process: in this order, for a digest that is free and not known to be sent
// is sent again. If we die with outcomes owed, their digests are in doubt (W6); if
// the lease ran out meanwhile, another worker has taken them for that already, and
// its epoch declines ours.
func (s *Service) giveBack(ctx context.Context) error {
	s.owing.Lock()
	defer s.owing.Unlock()
	if len(s.owed) > 0 {
		if _, err := s.work.Commit(ctx, s.owed); err != nil {
			return err
		}
		s.owed = nil
	}
	return s.work.Release(ctx, s.config.Holder)
}
