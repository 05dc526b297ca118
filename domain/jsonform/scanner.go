package jsonform

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// scanner cuts pieces off a text. Its methods tell whether the text goes on as
// they expect; where a literal does not stand, nothing is cut.
type scanner struct{ rest string }

func (s *scanner) literal(piece string) (ok bool) {
	s.rest, ok = strings.CutPrefix(s.rest, piece)
	return ok
}

// list cuts items with commas between them; item is told how many came before.
func (s *scanner) list(open, shut string, item func(n int) bool) bool {
	if !s.literal(open) {
		return false
	}
	for n := 0; !s.literal(shut); n++ {
		if n > 0 && !s.literal(",") || !item(n) {
			return false
		}
	}
	return true
}

// text cuts a string.
func (s *scanner) text() (string, bool) {
	if text, ok := s.plain(); ok {
		return text, true
	}
	return s.escaped()
}

// plain cuts a string without escapes.
func (s *scanner) plain() (string, bool) {
	if len(s.rest) == 0 || s.rest[0] != '"' {
		return "", false
	}
	end, ascii := 1, true
	for ; end < len(s.rest); end++ {
		if c := s.rest[end]; c >= utf8.RuneSelf {
			ascii = false
		} else if !stands[c] {
			break
		}
	}
	text := s.rest[1:min(end, len(s.rest))]
	if end >= len(s.rest) || s.rest[end] != '"' || !ascii && !utf8.ValidString(text) {
		return "", false
	}
	s.rest = s.rest[end+1:]
	return text, true
}

// stands tells which ASCII characters stand for themselves in a string.
var stands = func() (table [utf8.RuneSelf]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// escaped cuts any other string, for encoding/json to read.
func (s *scanner) escaped() (text string, ok bool) {
	end := 1
	for end < len(s.rest) && s.rest[end] != '"' {
		if s.rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s.rest) || json.Unmarshal([]byte(s.rest[:end+1]), &text) != nil {
		return "", false
	}
	s.rest = s.rest[end+1:]
	return text, true
}

// number cuts an integer of up to 18 digits. What may follow it is the next
// literal's business: a fraction or an exponent is none.
func (s *scanner) number() (n int64, ok bool) {
	negative := s.literal("-")
	digits := 0
	for digits < len(s.rest) && digits < 18 && s.rest[digits] >= '0' && s.rest[digits] <= '9' {
		n = n*10 + int64(s.rest[digits]-'0')
		digits++
	}
	if digits == 0 || s.rest[0] == '0' && digits > 1 {
		return 0, false
	}
	s.rest = s.rest[digits:]
	if negative {
		n = -n
	}
	return n, true
}

// bytes cuts a string of base64.
func (s *scanner) bytes() ([]byte, bool) {
	text, ok := s.text()
	if !ok {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(text)
	return b, err == nil
}
