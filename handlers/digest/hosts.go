package digest

// Here: addresses as mail servers know them.

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// inASCII gives an address with its domain as the DNS has it (xn--…), which every
// mail server takes. A domain that has no such form stays as it is: whether a mail
// can go there, the server says.
func inASCII(address string) string {
	at := strings.LastIndexByte(address, '@')
	if isASCII(address[at+1:]) {
		return address
	}
	host, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return address
	}
	return address[:at+1] + host
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}
