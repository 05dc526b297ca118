// Signing mails with DKIM (RFC 6376), by go-mail's signer.

package smtp

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"imprint/domain"
)

// signed are the headers under a signature: all that the encoder writes and a
// reader sees or a program acts on. RFC 8058 asks for both List-Unsubscribe ones.
var signed = []string{
	"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
}

// oversigned are signed once more than they occur, so that none can be added.
var oversigned = []string{"From", "To", "Subject", "Date"}

const minRSA = 2048 // bits; RFC 8301 asks for 1024 at least, receivers for more

// Signature is one way of signing mails: a key, and where its public half stands
// in the DNS: <selector>._domainkey.<domain>.
type Signature struct {
	domain, selector string
	key              crypto.Signer
}

// ReadSignature reads a private key, Ed25519 or RSA of 2,048 bits or more, from a
// PEM file. Its errors never quote the file's content.
func ReadSignature(domainName, selector, file string) (Signature, error) {
	if !names.MatchString(domainName) || !names.MatchString(selector) {
		return Signature{}, badDKIM("the selector %.60q and the domain %.60q must be names as in the DNS, such as mail2027 and example.com", selector, domainName)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Signature{}, badDKIM("the key file %s cannot be read; name a file that this program's user may read", file).Because(err)
	}
	key, err := privateKey(text)
	if err != nil {
		return Signature{}, badDKIM("the key file %s %s; make one with: (umask 077; openssl genpkey -algorithm ed25519 -out dkim.pem)", file, err)
	}
	return Signature{domain: domainName, selector: selector, key: key}, nil
}

var names = regexp.MustCompile(`^(?i:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.(?i:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?))*$`)

// privateKey says in words what is wrong with a key, and nothing of it.
func privateKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("is no PEM file")
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("is protected by a pass phrase, which nobody could enter here")
	case block.Type != "PRIVATE KEY" && block.Type != "RSA PRIVATE KEY":
		return nil, fmt.Errorf("holds a %.40s and no private key", block.Type)
	}
	key, err := gomail.PrivKeyFromPEM(text)
	if err != nil {
		return nil, errors.New("holds no key that DKIM knows, which are Ed25519 and RSA")
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSA {
			return nil, fmt.Errorf("holds an RSA key of %d bits, where receivers ask for %d", bits, minRSA)
		}
		return key, nil
	}
	return nil, errors.New("holds no key that DKIM knows, which are Ed25519 and RSA")
}

func badDKIM(what string, args ...any) *domain.Error {
	return domain.Refuse(domain.Invalid, "bad-dkim", "mails cannot be signed: "+what, args...).In("IMPRINT_DKIM_KEY_FILE")
}

// header is the DKIM-Signature line of a mail. Equal mails have equal ones: the
// time of signing is the mail's own date, and both algorithms draw nothing.
func (s Signature) header(mail []byte, date time.Time) (string, error) {
	head, body, ok := bytes.Cut(mail, []byte("\r\n\r\n"))
	if !ok {
		return "", errors.New("a mail without a body")
	}
	signer := gomail.NewDKIMSigner(s.domain, s.selector, s.key) // one each: signing writes into it
	signer.SignHeaders(signed...)
	signer.OversignHeaders(oversigned...)
	signer.NowFunc = func() time.Time { return date }
	line, err := signer.Sign(head, body)
	if err != nil {
		return "", err
	}
	// go-mail 0.8.1 folds a list of headers as long as ours in the middle of a name,
	// but signs the line unfolded: no receiver finds that good. Folded between tags,
	// where a space was signed, it is what was signed.
	line = strings.ReplaceAll(strings.TrimSuffix(line, "\r\n"), "\r\n ", "")
	return strings.ReplaceAll(line, "; ", ";\r\n ") + "\r\n", nil
}

// String names where the public key stands, and nothing secret.
func (s Signature) String() string { return s.selector + "._domainkey." + s.domain }

// GoString keeps the key out of %#v too.
func (s Signature) GoString() string { return s.String() }
