package digest

// Here: the address to which a report about one mail goes, so that a report need
// not be believed, nor even understood, to know whose mail it is about (VERP).

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"math"
	"net/mail"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
)

const (
	markSize   = 4
	sealSize   = 8
	personSize = len(uuid.UUID{})

	// maxBounceName bounds the local part of the bounce address, in bytes: with the
	// token of any ordinal below 2^35 behind it, it is no longer than a local part
	// may be.
	maxBounceName = 10
	maxLocalPart  = 64 // RFC 5321, section 4.5.3.1.1
)

// bounceText is read in either case, for servers on the way may change it.
var bounceText = base32.HexEncoding.WithPadding(base32.NoPadding)

// Returned is the mail that a bounce address was made for.
type Returned struct {
	Person uuid.UUID
	From   int64 // the window's start; 0: the mail asked for a confirmation
	mark   [markSize]byte
}

// To tells whether that mail went to this statement of an address. A report about a
// former address says nothing of the one in force.
func (r Returned) To(addressID uuid.UUID) bool { return r.mark == markOf(addressID) }

func markOf(addressID uuid.UUID) (m [markSize]byte) {
	sum := sha256.Sum256(addressID[:])
	copy(m[:], sum[:])
	return m
}

// Bounce is the envelope sender of a person's mail about a window: the bounce
// address with a token after a plus. The same mail has the same one. Where the
// token does not fit, it is the bounce address alone.
func (l *Links) Bounce(address string, person, addressID uuid.UUID, from int64) string {
	at := strings.LastIndexByte(address, '@')
	mark := markOf(addressID)
	token := append(person[:len(person):len(person)], mark[:]...)
	token = binary.AppendUvarint(token, uint64(from))
	token = append(token, l.sealBounce(token)...)
	local := address[:max(at, 0)] + "+" + strings.ToLower(bounceText.EncodeToString(token))
	if at < 1 || len(local) > maxLocalPart {
		return address
	}
	return local + address[at:]
}

// ReadBounce answers the mail that a bounce address was made for, whatever stands
// before the plus and behind the @; domain.NotFound for one that is not ours.
func (l *Links) ReadBounce(address string) (Returned, error) {
	refused := domain.Refuse(domain.NotFound, "bad-bounce-address", "this is no bounce address of this installation")
	local := address
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		local = address[:at]
	}
	text := strings.ToUpper(local[strings.LastIndexByte(local, '+')+1:])
	b, err := bounceText.DecodeString(text)
	if err != nil || len(b) <= personSize+markSize+sealSize || bounceText.EncodeToString(b) != text {
		return Returned{}, refused
	}
	said, seal := b[:len(b)-sealSize], b[len(b)-sealSize:]
	from, n := binary.Uvarint(said[personSize+markSize:])
	if !hmac.Equal(seal, l.sealBounce(said)) || n != len(said)-personSize-markSize || from > math.MaxInt64 {
		return Returned{}, refused
	}
	r := Returned{Person: uuid.UUID(said[:personSize]), From: int64(from)}
	copy(r.mark[:], said[personSize:])
	return r, nil
}

// BounceAddress takes an address for reports of failure, and refuses one that has
// no room for a token.
func BounceAddress(address string) (string, error) {
	a, err := mail.ParseAddress(address)
	address = inASCII(address)
	if at := strings.LastIndexByte(address, '@'); err != nil || inASCII(a.Address) != address || !isASCII(address) || at > maxBounceName {
		return "", domain.Refuse(domain.Invalid, "bad-bounces", "the address for reports of failure must be one bare mail address with at most %d bytes before the @, such as bounces@example.com: each mail's own token is put behind them (bounces+…@example.com); correct IMPRINT_MAIL_BOUNCES", maxBounceName).In("bounces")
	}
	return address, nil
}

// envelopeFrom is where reports about a mail to one of a person's addresses go: about
// a window, or from 0, the mail that asks for a confirmation. The sender's own address
// may not take a token behind its name, and only one that was set for reports gets it.
func (s *Service) envelopeFrom(person, addressID uuid.UUID, from int64) string {
	if s.config.Bounces == "" {
		return s.sender
	}
	return s.links.Bounce(s.config.Bounces, person, addressID, from)
}

// sealBounce is short, for there is no room: who tries 2^63 addresses of our own
// mail server may stop one person's digests once.
func (l *Links) sealBounce(said []byte) []byte {
	mac := hmac.New(sha256.New, l.returns)
	mac.Write(said)
	return mac.Sum(nil)[:sealSize]
}
