package digest

// Here: every address that stands in a mail, and the signature of the one that
// works without signing in.

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
)

// Links builds addresses under the portal's.
type Links struct {
	portal  string
	key     []byte // signs links that unsubscribe
	asks    []byte // signs links that confirm an address
	returns []byte // seals bounce addresses
}

// NewLinks makes a builder; the signing key is derived from the master key
// (HKDF, RFC 5869). The portal's address is absolute, http or https.
func NewLinks(portalURL string, master []byte) (*Links, error) {
	u, err := url.Parse(portalURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return nil, domain.Refuse(domain.Invalid, "bad-portal-url", "the portal's address must be like https://trust.example.com; correct IMPRINT_PORTAL_URL").In("portal")
	}
	if len(master) < sha256.Size {
		return nil, errors.New("links: the master key is too short")
	}
	key, err := hkdf.Key(sha256.New, master, nil, "imprint unsubscribe links 1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	asks, err := hkdf.Key(sha256.New, master, nil, "imprint confirm links 1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	returns, err := hkdf.Key(sha256.New, master, nil, "imprint bounce addresses 1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	return &Links{portal: strings.TrimSuffix(u.String(), "/"), key: key, asks: asks, returns: returns}, nil
}

// Portal is the portal's own address.
func (l *Links) Portal() string { return l.portal }

// Document leads to the newest version that the reader may see.
func (l *Links) Document(id uuid.UUID) string { return l.portal + "/documents/" + id.String() }

// Version leads to one version for ever.
func (l *Links) Version(document uuid.UUID, n int) string {
	return l.Document(document) + "/versions/" + strconv.Itoa(n)
}

// Series leads to a series.
func (l *Links) Series(id uuid.UUID) string { return l.portal + "/series/" + id.String() }

// Library leads to the reader's library.
func (l *Links) Library() string { return l.portal + "/library" }

// Settings leads to the notification settings.
func (l *Links) Settings() string { return l.portal + "/settings" }

// Unsubscribe turns digests off by one POST without signing in (RFC 8058). The
// token names the person and nothing else, and does not expire: it only ever
// reduces mail, and old mails must keep working.
func (l *Links) Unsubscribe(person uuid.UUID) string {
	token := append(person[:len(person):len(person)], l.sign(person)...)
	return l.portal + "/unsubscribe?token=" + base64.RawURLEncoding.EncodeToString(token)
}

// Verify answers the person of an unsubscribe token, domain.NotFound for anything
// that we did not sign.
func (l *Links) Verify(token string) (uuid.UUID, error) {
	refused := domain.Refuse(domain.NotFound, "bad-token", "this unsubscribe link is not valid; open the settings in the portal, or use the link of a newer mail")
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != len(uuid.UUID{})+sha256.Size {
		return uuid.Nil, refused
	}
	person := uuid.UUID(b[:len(uuid.UUID{})])
	if !hmac.Equal(b[len(person):], l.sign(person)) {
		return uuid.Nil, refused
	}
	return person, nil
}

// Recipient answers whose mail has this one-click address in it; domain.NotFound
// for a mail that is not ours.
func (l *Links) Recipient(unsubscribe string) (uuid.UUID, error) {
	u, err := url.Parse(unsubscribe)
	if err != nil {
		return l.Verify("")
	}
	return l.Verify(u.Query().Get("token"))
}

func (l *Links) sign(person uuid.UUID) []byte {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("unsubscribe\x00"))
	mac.Write(person[:])
	return mac.Sum(nil)
}
