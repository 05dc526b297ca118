package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dkimKey writes a key as operators make one.
func dkimKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestMailsAreSignedAsTheSettingsSay(t *testing.T) {
	file, bad := dkimKey(t), filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		flags mailFlags
		names []string // where the public keys must stand
		says  string   // of the refusal
	}{
		{"no key", mailFlags{}, nil, ""},
		{"the sender's domain", mailFlags{MailFrom: "Halden <trust@halden.example>", dkimFlags: dkimFlags{DKIMKeyFile: []string{file}, DKIMSelector: []string{"a"}}}, []string{"a._domainkey.halden.example"}, ""},
		{"a bare sender", mailFlags{MailFrom: "trust@halden.example", dkimFlags: dkimFlags{DKIMKeyFile: []string{file}, DKIMSelector: []string{"a"}}}, []string{"a._domainkey.halden.example"}, ""},
		{"two keys and a domain", mailFlags{MailFrom: "trust@mail.halden.example", dkimFlags: dkimFlags{DKIMKeyFile: []string{file, file}, DKIMSelector: []string{"a", "b"}, DKIMDomain: "halden.example"}},
			[]string{"a._domainkey.halden.example", "b._domainkey.halden.example"}, ""},
		{"a selector too few", mailFlags{MailFrom: "trust@halden.example", dkimFlags: dkimFlags{DKIMKeyFile: []string{file}}}, nil, "1 key files and 0 selectors"},
		{"a selector and no key", mailFlags{MailFrom: "trust@halden.example", dkimFlags: dkimFlags{DKIMSelector: []string{"a"}}}, nil, "0 key files and 1 selectors"},
		{"a bad key", mailFlags{MailFrom: "trust@halden.example", dkimFlags: dkimFlags{DKIMKeyFile: []string{bad}, DKIMSelector: []string{"a"}}}, nil, bad + " is no PEM file"},
	} {
		e, err := c.flags.encoder()
		if (c.says == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		for i, s := range e.Signatures {
			if s.String() != c.names[i] {
				t.Errorf("%s: signature %d is %s", c.what, i, s)
			}
		}
		if len(e.Signatures) != len(c.names) {
			t.Errorf("%s: %d signatures", c.what, len(e.Signatures))
		}
	}
}

// TestRatesAreReadAndRefusedByName, as flags and as variables.
func TestRatesAreReadAndRefusedByName(t *testing.T) {
	var said, out bytes.Buffer
	for _, args := range [][]string{{"--mail-rate", "fast"}, {"--mail-domain-rate", "10/d"}, {"--mail-rate=0/s"}} {
		said.Reset()
		args = append([]string{"digest", "due", "--data", t.TempDir()}, args...)
		if code := run(t.Context(), args, nil, &out, &said); code == 0 || !strings.Contains(said.String(), "such as 10/s") || !strings.Contains(said.String(), "rate") {
			t.Errorf("%v: exit %d, %s", args, code, said.String())
		}
	}
}
