package digest_test

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	worker "imprint/handlers/digest"
)

func TestUnsubscribeTokens(t *testing.T) {
	links, err := worker.NewLinks("https://trust.halden.example/", master)
	if err != nil {
		t.Fatal(err)
	}
	person := uuid.New()
	u, err := url.Parse(links.Unsubscribe(person))
	if err != nil || u.Path != "/unsubscribe" || u.Host != "trust.halden.example" {
		t.Fatalf("%s, %v", u, err)
	}
	token := u.Query().Get("token")
	if got, err := links.Verify(token); err != nil || got != person {
		t.Errorf("%s, %v", got, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // not one bit may differ
		forged := bytes.Clone(raw)
		forged[i] ^= 1
		if _, err := links.Verify(base64.RawURLEncoding.EncodeToString(forged)); domain.KindOf(err) != domain.NotFound {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for _, bad := range []string{"", "x", token + "A", token[:len(token)-2], token + "=="} {
		if _, err := links.Verify(bad); domain.KindOf(err) != domain.NotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
	other, err := worker.NewLinks("https://trust.halden.example", bytes.Repeat([]byte{6}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Verify(token); err == nil {
		t.Error("another installation's token was taken")
	}
}

func TestLinksRefuseWhatIsNoPortal(t *testing.T) {
	for _, portal := range []string{"", "trust.example", "ftp://trust.example", "https://", "https://u:p@h", "https://h?x=1"} {
		if _, err := worker.NewLinks(portal, master); err == nil {
			t.Errorf("%q was taken", portal)
		}
	}
}
