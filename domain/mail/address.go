package mail

// Addresses that mail can be sent to.

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"imprint/domain"
)

// Limits in bytes: RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3 (a path without its
// angle brackets), and RFC 1035, section 2.3.4.
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// CheckAddress refuses what is not one bare mail address as people have them: a
// local part without quotes or comments, and a domain with a dot in it. An address
// literal ([192.0.2.1]) and a bare host name are what RFC 5321 allows and no
// reader of a digest has. UTF-8 passes (RFC 6531). The error does not show the
// address: it may be someone's.
func CheckAddress(address string) error {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || len(address) > maxAddress || at > maxLocal || !dotted(address[:at], maxLocal, inLocal) || !isDomain(address[at+1:]) {
		return domain.Refuse(domain.Invalid, "bad-address", "the address is not a mail address that digests can go to; write one such as name@example.org: no name beside it, at most %d bytes before the @ and %d in all, and behind it a domain with a dot", maxLocal, maxAddress).In("address")
	}
	return nil
}

// isDomain tells a domain name of two labels or more, the last of which is no
// number, as that of an IP address is.
func isDomain(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	if len(last) == len(s) || strings.Trim(last, "0123456789") == "" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return dotted(s, maxLabel, inLabel)
}

// dotted tells parts separated by single dots, none empty or longer than most.
func dotted(s string, most int, in func(rune) bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || len(part) > most || !utf8.ValidString(part) || strings.ContainsFunc(part, func(r rune) bool { return !in(r) }) {
			return false
		}
	}
	return true
}

// inLabel tells letters, digits and hyphens.
func inLabel(r rune) bool {
	return r == '-' || unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// inLocal tells atext of RFC 5322, section 3.2.3, and visible characters beyond
// ASCII.
func inLocal(r rune) bool {
	if r > unicode.MaxASCII {
		return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S, unicode.P)
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}
