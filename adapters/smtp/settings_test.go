package smtp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"imprint/domain"
)

func TestSettings(t *testing.T) {
	s, err := Parse("smtp://user:pass%40word@mail.halden.example?auth=scram-sha-256&connections=3&timeout=90s")
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 587 || s.TLS != StartTLS || s.User != "user" || s.password != "pass@word" || s.Connections != 3 || s.Timeout != 90*time.Second {
		t.Errorf("%s", s)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(verb, s); strings.Contains(out, "pass@word") {
			t.Errorf("%s prints the password", verb)
		}
	}
	for _, address := range []string{
		"", "mail.example", "http://mail.example", "smtp://", "smtp://u:hunter2@h?tls=none", "smtp://h?tls=maybe", "smtp://h?auth=xoauth",
		"smtp://h?connections=0", "smtp://h?connections=65", "smtp://h?timeout=5m", "smtp://h?timeout=soon", "smtp://h:99999", "smtp://u:hunter2@h/path",
		"smtp://u:hunter2@h?color=red", "smtp://u:hunter2@h:port", "smtp://u:hunter2@[h",
	} {
		_, err := Parse(address)
		if domain.KindOf(err) != domain.Invalid {
			t.Errorf("%q: %v", address, err)
		} else if !strings.Contains(err.Error(), "IMPRINT_MAIL is not usable") {
			t.Errorf("%q: the error does not name the setting: %v", address, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes the password", address)
		}
	}
}
