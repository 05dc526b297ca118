package digest

// Here: a letter becomes bytes, once, and the bytes are sealed.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/person"
	"imprint/handlers/digest/letter"
)

// mailField is what a frozen mail is sealed as.
const mailField = "mail"

// write renders and encodes. Date and Message-ID follow from the window, so that
// receivers can know a second copy for one.
func (s *Service) write(ctx context.Context, st digest.Standing, d digest.Delivery, l letter.Letter) (mail.Message, error) {
	to, err := s.address(ctx, st)
	if err != nil {
		return mail.Message{}, err
	}
	m, err := s.press.Render(l)
	if err != nil {
		return mail.Message{}, err
	}
	reached("W9")
	b, err := s.encoder.Encode(mail.Draft{
		From: s.config.From, To: to, Subject: m.Subject, Text: m.Text, HTML: m.HTML,
		Date: d.Due, MessageID: d.MessageID, ListID: "digest." + s.host, Unsubscribe: l.UnsubscribeURL,
	})
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{ID: d.MessageID, EnvelopeFrom: s.envelopeFrom(st.Person, d.AddressID, d.Window.From), To: to, Bytes: b}, nil
}

// address opens the person's address in force.
func (s *Service) address(ctx context.Context, st digest.Standing) (string, error) {
	if st.Settings.Address == nil {
		return "", fmt.Errorf("digest: person %s has no address", st.Person)
	}
	return s.recipient(ctx, st.Settings.Address)
}

// recipient opens an address, as mail servers know it; it is held no longer than a
// mail takes.
func (s *Service) recipient(ctx context.Context, address *event.Sealed) (string, error) {
	plain, err := address.Open(ctx, s.keys, person.AddressField)
	return inASCII(string(plain)), err
}

// freeze seals recipient and bytes under the person's key: destroying it ends also
// the mails already prepared.
func (s *Service) freeze(ctx context.Context, id uuid.UUID, m mail.Message) ([]byte, error) {
	sealed, err := event.Seal(ctx, s.keys, person.Key(id), mailField, append([]byte(m.To+"\n"), m.Bytes...))
	return sealed.Box, err
}

// thaw opens what freeze sealed, and checks that these are the bytes intended.
func (s *Service) thaw(ctx context.Context, id uuid.UUID, d digest.Delivery) (mail.Message, error) {
	plain, err := event.Sealed{Key: person.Key(id), Box: d.Box}.Open(ctx, s.keys, mailField)
	if err != nil {
		return mail.Message{}, err
	}
	to, b, ok := bytes.Cut(plain, []byte("\n"))
	if !ok || hash(b) != d.ContentHash {
		return mail.Message{}, errors.New("digest: a frozen mail is not the one that was intended")
	}
	return mail.Message{ID: d.MessageID, EnvelopeFrom: s.envelopeFrom(id, d.AddressID, d.Window.From), To: string(to), Bytes: b}, nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
