package mail_test

import (
	"strings"
	"testing"

	"imprint/domain"
	"imprint/domain/mail"
)

func TestAddresses(t *testing.T) {
	label := strings.Repeat("d", 63)
	long := strings.Repeat("l", 64) + "@" + label + "." + label + "." + strings.Repeat("d", 57) + ".org" // 254 bytes
	for _, good := range []string{
		"ada@example.org", "ada.lovelace+news@mail.example.co.uk", "o'hara_1@xn--bcher-kva.example", "a@b.museum", "j\u00f6rg@b\u00fccher.example",
		strings.Repeat("l", 64) + "@example.org", long,
	} {
		if err := mail.CheckAddress(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "ada", "@example.org", "ada@", "a@b", "ada@localhost", "ada@example.", "ada@.example.org", "ada@example..org",
		"ada@[192.0.2.1]", "ada@[IPv6:2001:db8::1]", "ada@192.0.2.1", "ada@-example.org", "ada@example-.org", "ada@exam_ple.org",
		".ada@example.org", "ada.@example.org", "a..da@example.org", `"ada"@example.org`, "ada(x)@example.org", "a@da@example.org",
		"Ada <ada@example.org>", "<ada@example.org>", " ada@example.org", "ada@example.org ", "ada@example.org,b@example.org", "ada@example.org\r\nBcc: x@example.org",
		"ada@exa\u202emple.org", "a\u200bda@example.org", "a\xff@example.org", "ada@\xff.org",
		strings.Repeat("l", 65) + "@example.org", "l" + long[64:] + "g" + strings.Repeat("d", 64), "l" + long, "ada@" + strings.Repeat("d", 64) + ".org",
	} {
		err := mail.CheckAddress(bad)
		if domain.KindOf(err) != domain.Invalid {
			t.Errorf("%q: %v", bad, err)
		} else if !strings.Contains("name@example.org", bad) && strings.Contains(err.Error(), bad) {
			t.Errorf("the error shows the address: %v", err)
		}
	}
}
