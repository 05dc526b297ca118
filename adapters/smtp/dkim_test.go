package smtp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"imprint/domain"
)

// keyFile writes a PEM file.
func keyFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// signing is an encoder with both algorithms, and the DNS as a receiver asks it.
func signing(t *testing.T) (Encoder, *dkim.VerifyOptions) {
	t.Helper()
	public, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old, err := rsa.GenerateKey(rand.Reader, minRSA)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&old.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var e Encoder
	for selector, file := range map[string]string{"ed2027": keyFile(t, "PRIVATE KEY", pkcs8(t, edwards)), "rsa2027": keyFile(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(old))} {
		s, err := ReadSignature("halden.example", selector, file)
		if err != nil {
			t.Fatal(err)
		}
		e.Signatures = append(e.Signatures, s)
	}
	records := map[string]string{
		"ed2027._domainkey.halden.example":  "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
		"rsa2027._domainkey.halden.example": "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(spki),
	}
	return e, &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if record, ok := records[name]; ok {
			return []string{record}, nil
		}
		return nil, errors.New("no such name")
	}}
}

// TestAnotherImplementationFindsTheSignaturesGood, and both of them: over the
// headers that the issue and RFC 8058 ask for.
func TestAnotherImplementationFindsTheSignaturesGood(t *testing.T) {
	e, dns := signing(t)
	d := draft()
	d.Text = strings.Repeat("A longer text — with “quotes”, trailing spaces  \nand a tab\t\n", 200) + ".\n\n\n"
	d.Subject = strings.Repeat("Ein langer Betreff für Prüfer ", 20)
	b, err := e.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(b), dns)
	if err != nil || len(found) != 2 {
		t.Fatalf("%d signatures, %v", len(found), err)
	}
	for _, v := range found {
		if v.Err != nil || v.Domain != "halden.example" || !v.Time.Equal(d.Date) || !v.Expiration.IsZero() {
			t.Errorf("%+v", v)
		}
		for _, name := range []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} {
			if !slices.ContainsFunc(v.HeaderKeys, func(k string) bool { return strings.EqualFold(k, name) }) {
				t.Errorf("%s is not signed: %v", name, v.HeaderKeys)
			}
		}
		if n := strings.Count(strings.Join(v.HeaderKeys, ":")+":", "From:"); n != 2 {
			t.Errorf("From is signed %d times; one more than it occurs keeps others out", n)
		}
	}
	for name, change := range map[string]func([]byte) []byte{
		"the text":               func(b []byte) []byte { return bytes.Replace(b, []byte("longer"), []byte("shorter"), 1) },
		"the one-click address":  func(b []byte) []byte { return bytes.Replace(b, []byte("token="), []byte("tokes="), 1) },
		"the kind of the click":  func(b []byte) []byte { return bytes.Replace(b, []byte("=One-Click"), []byte("=Two-Click"), 1) },
		"the list":               func(b []byte) []byte { return bytes.Replace(b, []byte("<digest."), []byte("<digits."), 1) },
		"a second sender":        func(b []byte) []byte { return append([]byte("From: eve@evil.example\r\n"), b...) },
		"a second subject":       func(b []byte) []byte { return append([]byte("Subject: pay here\r\n"), b...) },
		"text behind the end":    func(b []byte) []byte { return append(b, "one more line\r\n"...) },
		"the Message-ID":         func(b []byte) []byte { return bytes.Replace(b, []byte("<0198@"), []byte("<0199@"), 1) },
		"that it is automatical": func(b []byte) []byte { return bytes.Replace(b, []byte("auto-generated"), []byte("auto-replied"), 1) },
	} {
		changed := change(bytes.Clone(b))
		if bytes.Equal(changed, b) {
			t.Fatalf("%s: nothing was changed", name)
		}
		found, err := dkim.VerifyWithOptions(bytes.NewReader(changed), dns)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range found {
			if v.Err == nil {
				t.Errorf("%s was changed and the signature is still good: %+v", name, v)
			}
		}
	}
}

// TestEqualDraftsHaveEqualSignatures: a second attempt is the same mail to the last
// byte, also where it is written down anew.
func TestEqualDraftsHaveEqualSignatures(t *testing.T) {
	e, _ := signing(t)
	first, err := e.Encode(draft())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan []byte)
	for range 8 { // side by side, as the worker's connections do
		go func() { b, _ := e.Encode(draft()); done <- b }()
	}
	for range 8 {
		if b := <-done; !bytes.Equal(first, b) {
			t.Errorf("two encodings differ:\n%s\n%s", first, b)
		}
	}
}

func TestAWrongKeyFileIsNamedAndNotShown(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := keyFile(t, "PRIVATE KEY", pkcs8(t, edwards))
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(edwards.Public())
	if err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2 is in this file"
	for name, c := range map[string]struct{ domain, selector, file, says string }{
		"no file":            {"halden.example", "a", filepath.Join(t.TempDir(), "none.pem"), "cannot be read"},
		"a folder":           {"halden.example", "a", t.TempDir(), "cannot be read"},
		"a public key":       {"halden.example", "a", keyFile(t, "PUBLIC KEY", public), "PUBLIC KEY"},
		"a pass phrase":      {"halden.example", "a", keyFile(t, "ENCRYPTED PRIVATE KEY", []byte(secret)), "pass phrase"},
		"another curve":      {"halden.example", "a", keyFile(t, "PRIVATE KEY", pkcs8(t, curve)), "Ed25519 and RSA"},
		"an old key's name":  {"halden.example", "a", keyFile(t, "EC PRIVATE KEY", []byte(secret)), "EC PRIVATE KEY"},
		"a short key":        {"halden.example", "a", keyFile(t, "PRIVATE KEY", pkcs8(t, short)), "1024 bits"},
		"garbage":            {"halden.example", "a", keyFile(t, "PRIVATE KEY", []byte(secret)), "Ed25519 and RSA"},
		"no domain":          {"", "a", good, "example.com"},
		"no selector":        {"halden.example", "", good, "mail2027"},
		"a selector too odd": {"halden.example", "a; p=x", good, "mail2027"},
		"a line break":       {"halden.example\r\nx", "a", good, "example.com"},
	} {
		_, err := ReadSignature(c.domain, c.selector, c.file)
		if domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	bad := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(bad, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSignature("halden.example", "a", bad); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("no PEM: %v", err)
	}
	s, err := ReadSignature("halden.example", "a", good)
	if err != nil {
		t.Fatal(err)
	}
	seed := fmt.Sprint([]byte(s.key.(crypto.Signer).(ed25519.PrivateKey)))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(verb, s) + fmt.Sprintf(verb, Encoder{Signatures: []Signature{s}}); strings.Contains(out, seed[1:20]) {
			t.Errorf("%s prints the key: %s", verb, out)
		}
	}
}
