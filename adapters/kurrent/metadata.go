// Reading metadata back, which is half the work of catching up when it is left to
// encoding/json alone.

package kurrent

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// readMeta reads an event's metadata. What stands exactly as we write it is read
// by hand, and everything else (other spacing, escapes, unknown fields, what is
// wrong) by encoding/json: a faster way to the same result, never another one.
func readMeta(text []byte, m *event.Metadata) error {
	if s := (scanner{rest: string(text)}); s.metadata(m) {
		return nil
	}
	*m = event.Metadata{}
	return json.Unmarshal(text, m)
}

// scanner cuts known pieces off a text. Its methods tell whether the text goes on
// as they expect; after the first false the result is of no use.
type scanner struct{ rest string }

func (s *scanner) metadata(m *event.Metadata) bool {
	at := ""
	ok := s.literal(`{"schema":`) && s.number(&m.Schema) &&
		s.literal(`,"time":`) && s.text(&at) && m.Time.UnmarshalText([]byte(at)) == nil && m.Time.Location() == time.UTC &&
		s.literal(`,"actor":`) && s.text(&m.Actor) &&
		(!s.literal(`,"organization":`) || s.text(&m.Organization)) &&
		(!s.literal(`,"$correlationId":`) || s.id(&m.Correlation)) &&
		(!s.literal(`,"$causationId":`) || s.id(&m.Causation)) &&
		(!s.literal(`,"request":`) || s.text(&m.Request)) &&
		(!s.literal(`,"commitment":`) || s.text(&m.Commitment)) &&
		(!s.literal(`,"salt":`) || s.bytes(&m.Salt))
	if ok && s.literal(`,"sealedSalt":{"key":`) {
		key := ""
		m.SealedSalt = &event.Sealed{}
		ok = s.text(&key) && s.literal(`,"box":`) && s.bytes(&m.SealedSalt.Box) && s.literal(`}`)
		m.SealedSalt.Key = event.KeyID(key)
	}
	return ok && s.literal(`}`) && s.rest == ""
}

func (s *scanner) literal(piece string) bool {
	rest, ok := strings.CutPrefix(s.rest, piece)
	s.rest = rest
	return ok
}

func (s *scanner) number(n *int) bool {
	digits := 0
	for digits < len(s.rest) && digits < 9 && s.rest[digits] >= '0' && s.rest[digits] <= '9' {
		*n = *n*10 + int(s.rest[digits]-'0')
		digits++
	}
	ok := digits > 0 && (s.rest[0] != '0' || digits == 1)
	s.rest = s.rest[digits:]
	return ok
}

// text cuts a string of printable ASCII without escapes.
func (s *scanner) text(t *string) bool {
	if !s.literal(`"`) {
		return false
	}
	for i := range len(s.rest) {
		switch c := s.rest[i]; {
		case c == '"':
			*t, s.rest = s.rest[:i], s.rest[i+1:]
			return true
		case c == '\\' || c < ' ' || c > '~':
			return false
		}
	}
	return false
}

func (s *scanner) id(id *uuid.UUID) bool {
	text := ""
	if !s.text(&text) || len(text) != 36 {
		return false
	}
	parsed, err := uuid.Parse(text)
	*id = parsed
	return err == nil
}

func (s *scanner) bytes(b *[]byte) bool {
	text := ""
	if !s.text(&text) {
		return false
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	*b = decoded
	return err == nil
}
