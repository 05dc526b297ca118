// Here it is decided which addresses may become links.

package letter

import (
	"errors"
	"net/url"
	"strings"
)

// Some mail servers fold or cut longer lines (RFC 5322 section 2.1.1: 998 octets).
const maxAddress = 900

// portal is the address under which every link of a mail must lie.
type portal struct {
	base *url.URL
	text string // of base
	path string // of base, with a slash at its end
}

// newPortal takes the address of a portal. Errors never quote an address: the
// letter's links carry tokens.
func newPortal(address string) (portal, error) {
	u, ok := parse(address)
	if !ok {
		return portal{}, errors.New("the portal's address must be an absolute http or https address")
	}
	return portal{base: u, text: u.String(), path: strings.TrimSuffix(u.Path, "/") + "/"}, nil
}

// link answers the address in its canonical form, or "" where it does not lie
// under the portal.
func (p portal) link(address string) string {
	u, ok := parse(address)
	if !ok || u.Scheme != p.base.Scheme || !strings.EqualFold(u.Host, p.base.Host) {
		return ""
	}
	if !strings.HasPrefix(strings.TrimSuffix(u.Path, "/")+"/", p.path) {
		return ""
	}
	u.Host = p.base.Host // one spelling, so that the text's wrapping knows its links
	return u.String()
}

// parse takes an absolute web address of visible ASCII, without user, password
// or dot segments (also encoded ones), which a server could resolve upwards.
func parse(address string) (*url.URL, bool) {
	if len(address) > maxAddress {
		return nil, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, false
	}
	for segment := range strings.FieldsFuncSeq(u.Path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return nil, false
		}
	}
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c > '~' || strings.IndexByte("\"<>\\`", c) >= 0 {
			return nil, false
		}
	}
	return u, true
}
