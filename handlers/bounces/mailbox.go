package bounces

// Here: emptying the mailbox in which reports arrive.

import (
	"context"
	"log/slog"
)

// Mailbox gives each mail that is new to take, and puts away those of which take
// answers no error.
type Mailbox interface {
	Each(ctx context.Context, take func(raw []byte) error) error
}

// Run empties the mailbox at every beat, until the context ends. A mail that is no
// report of ours is put away too: it would be none the next time. Where recording
// fails, the mails wait for the next beat.
func (s *Service) Run(ctx context.Context, m Mailbox, beats <-chan struct{}) error {
	for {
		if err := s.empty(ctx, m); err != nil && ctx.Err() == nil {
			s.logger.Error("the mailbox of reports was not emptied; the next beat tries again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-beats:
		}
	}
}

func (s *Service) empty(ctx context.Context, m Mailbox) error {
	return m.Each(ctx, func(raw []byte) error {
		_, err := s.Take(ctx, raw)
		if Final(err) {
			s.logger.LogAttrs(ctx, slog.LevelInfo, "a mail in the mailbox of reports was put away unread", slog.Any("why", err))
			return nil
		}
		return err
	})
}
