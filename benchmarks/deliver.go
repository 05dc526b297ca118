package main

// Mails per second: the worker's round over those who are due, against a bare loop
// of go-mail over the same texts and as many connections.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/sync/errgroup"

	"imprint/adapters/smtp"
	"imprint/domain/mail"
	"imprint/handlers/digest"
)

const (
	deliverGoal = 0.8
	connections = 32
)

// drafts keeps the mails that an encoder was given.
type drafts struct {
	smtp.Encoder
	mu   sync.Mutex
	kept []mail.Draft
}

func (d *drafts) Encode(m mail.Draft) ([]byte, error) {
	d.mu.Lock()
	d.kept = append(d.kept, m)
	d.mu.Unlock()
	return d.Encoder.Encode(m)
}

// bareLoop sends drafts as go-mail does by itself: one client for each connection,
// which it keeps; no NOOP.
func bareLoop(ctx context.Context, to *sink, all []mail.Draft) (time.Duration, error) {
	return timed(func() error {
		next := make(chan mail.Draft)
		group, ctx := errgroup.WithContext(ctx)
		for range connections {
			group.Go(func() error {
				client, err := gomail.NewClient("127.0.0.1", gomail.WithPort(to.port), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithoutNoop())
				if err != nil {
					return err
				}
				conn, err := client.DialToSMTPClientWithContext(ctx)
				if err != nil {
					return err
				}
				for d := range next {
					m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
					if err := m.From(d.From); err != nil {
						return err
					}
					if err := m.To(d.To); err != nil {
						return err
					}
					m.Subject(d.Subject)
					m.SetDateWithValue(d.Date)
					m.SetMessageIDWithValue(d.MessageID)
					m.SetGenHeader("List-Id", "<"+d.ListID+">")
					m.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+d.Unsubscribe+">")
					m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
					m.SetBodyString(gomail.TypeTextPlain, d.Text)
					m.AddAlternativeString(gomail.TypeTextHTML, d.HTML)
					if err := client.SendWithSMTPClient(conn, m); err != nil {
						return err
					}
				}
				return conn.Quit()
			})
		}
		group.Go(func() error {
			defer close(next)
			for _, d := range all {
				select {
				case next <- d:
				case <-ctx.Done():
					return nil
				}
			}
			return nil
		})
		return group.Wait()
	})
}

// workerRound serves one slice. It fails unless everything went well, and no more
// digests were open at any look than two for each connection.
func workerRound(ctx context.Context, in *installation, to *sink, encoder digest.Encoder, slice int) (s served, took time.Duration, err error) {
	if err := in.readModels.CatchUp(ctx, nil); err != nil { // what the round before has appended
		return s, 0, err
	}
	mailer, err := to.mailer(connections)
	if err != nil {
		return s, 0, err
	}
	defer func() { err = errors.Join(err, mailer.Close()) }()
	service, err := in.worker(mailer, encoder, func() time.Time { return dueAt(slice) }, connections)
	if err != nil {
		return s, 0, err
	}
	looking, stop := context.WithCancel(ctx)
	looked := make(chan error, 1)
	go func() {
		for looking.Err() == nil {
			n, err := in.openIntents(ctx)
			if err != nil {
				looked <- err
				return
			}
			s.open = max(s.open, n)
			time.Sleep(5 * time.Millisecond)
		}
		looked <- nil
	}()
	took, err = timed(func() (err error) { s.Report, err = service.RunOnce(ctx); return err })
	stop()
	err = errors.Join(err, <-looked)
	switch r := s.Report; {
	case err != nil:
	case r.Errors+r.Deferred+r.Failed+r.Doubtful+r.Lost+r.Withheld > 0:
		err = fmt.Errorf("a round did not go well: %+v", r)
	case s.open > 2*connections:
		err = fmt.Errorf("%d digests would have been in doubt, with %d connections", s.open, connections)
	}
	return s, took, err
}

// openIntents counts the digests that would be in doubt if the worker died now.
func (in *installation) openIntents(ctx context.Context) (n int, err error) {
	rows, err := in.work.Query(ctx, `SELECT count(*) FROM digest_mails`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
