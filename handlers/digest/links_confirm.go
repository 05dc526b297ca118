package digest

// Here: the link that confirms an address.

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
)

// confirmSize is person, address, expiry and signature.
const confirmSize = 2*len(uuid.UUID{}) + 8 + sha256.Size

// Confirm leads to the page that puts an address in force, until it expires. The
// token names the person and the giving of the address, not the address.
func (l *Links) Confirm(person, address uuid.UUID, expires time.Time) string {
	token := append(person[:len(person):len(person)], address[:]...)
	token = binary.BigEndian.AppendUint64(token, uint64(expires.Unix()))
	return l.portal + "/confirm?token=" + base64.RawURLEncoding.EncodeToString(append(token, l.signAsk(token)...))
}

// Confirmed answers whose address a token confirms, and which; domain.NotFound for
// anything that we did not sign, domain.Conflict for what has expired.
func (l *Links) Confirmed(token string, now time.Time) (person, address uuid.UUID, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != confirmSize {
		return uuid.Nil, uuid.Nil, badConfirm()
	}
	said, signature := b[:confirmSize-sha256.Size], b[confirmSize-sha256.Size:]
	if !hmac.Equal(signature, l.signAsk(said)) {
		return uuid.Nil, uuid.Nil, badConfirm()
	}
	person, address = uuid.UUID(said[:16]), uuid.UUID(said[16:32])
	if now.After(time.Unix(int64(binary.BigEndian.Uint64(said[32:])), 0)) {
		return uuid.Nil, uuid.Nil, domain.Refuse(domain.Conflict, "link-expired", "this link has expired; ask for a new one in the settings")
	}
	return person, address, nil
}

func badConfirm() error {
	return domain.Refuse(domain.NotFound, "bad-token", "this link is not valid; use the whole link of the newest mail, or ask for a new one in the settings")
}

func (l *Links) signAsk(said []byte) []byte {
	mac := hmac.New(sha256.New, l.asks)
	mac.Write(said)
	return mac.Sum(nil)
}
