package smtptest

// Here: the server's side of AUTH, for each mechanism that the program can name.

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	protocol "github.com/emersion/go-smtp"
)

// The mechanisms.
const (
	PLAIN       = "PLAIN"
	LOGIN       = "LOGIN"
	CRAMMD5     = "CRAM-MD5"
	SCRAMSHA256 = "SCRAM-SHA-256"
)

func (s *session) AuthMechanisms() []string {
	switch {
	case s.server.config.Users == nil:
		return nil
	case s.server.config.Mechanisms == nil:
		return []string{PLAIN, LOGIN, CRAMMD5, SCRAMSHA256}
	}
	return s.server.config.Mechanisms
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if s.peer.fault.At == Proving {
		s.server.struck(s.peer.fault)
		return nil, refusal(s.peer.fault)
	}
	if !slices.Contains(s.AuthMechanisms(), mechanism) {
		return nil, protocol.ErrAuthUnknownMechanism
	}
	switch mechanism {
	case LOGIN:
		return &login{session: s}, nil
	case CRAMMD5:
		return &cramMD5{session: s}, nil
	case SCRAMSHA256:
		return &scram{session: s}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return s.prove(user, password) }), nil
}

// prove takes a name and the password that was said for it.
func (s *session) prove(user, password string) error {
	if known, ok := s.server.config.Users[user]; !ok || known != password {
		return protocol.ErrAuthFailed
	}
	s.user = user
	return nil
}

// login asks for the one and then the other.
type login struct {
	session *session
	user    *string
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.session.prove(*l.user, string(response))
}

// cramMD5 is RFC 2195.
type cramMD5 struct {
	session   *session
	challenge []byte
}

func (c *cramMD5) Next(response []byte) (challenge []byte, done bool, err error) {
	if c.challenge == nil {
		c.challenge = []byte("<" + rand.Text() + "@sink.example>")
		return c.challenge, false, nil
	}
	user, digest, _ := strings.Cut(string(response), " ")
	password := c.session.server.config.Users[user]
	mac := hmac.New(md5.New, []byte(password))
	mac.Write(c.challenge)
	if hex.EncodeToString(mac.Sum(nil)) != digest {
		return nil, false, protocol.ErrAuthFailed
	}
	return nil, true, c.session.prove(user, password)
}

// scram is RFC 5802 with SHA-256 (RFC 7677), without channel binding.
type scram struct {
	session *session
	user    string
	opening string // the first messages of both sides, without the binding's header
	proved  bool
	salt    []byte
}

const scramRounds = 4096

func (c *scram) Next(response []byte) (challenge []byte, done bool, err error) {
	fields := scramFields(string(response))
	switch {
	case response == nil:
		return nil, false, nil // the client has the first word
	case c.opening == "":
		_, bare, ok := strings.Cut(string(response), "n,,")
		if !ok {
			return nil, false, protocol.ErrAuthFailed
		}
		c.user, c.salt = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(fields["n"]), []byte(rand.Text())
		answer := fmt.Sprintf("r=%s%s,s=%s,i=%d", fields["r"], rand.Text(), base64.StdEncoding.EncodeToString(c.salt), scramRounds)
		c.opening = bare + "," + answer
		return []byte(answer), false, nil
	case c.proved: // the client is content with our signature too
		return nil, true, nil
	}
	password := c.session.server.config.Users[c.user]
	salted, err := pbkdf2.Key(sha256.New, password, c.salt, scramRounds, sha256.Size)
	if err != nil {
		return nil, false, err
	}
	closing, proof, _ := strings.Cut(string(response), ",p=")
	said := []byte(c.opening + "," + closing)
	clientKey := scramMAC(salted, []byte("Client Key"))
	stored := sha256.Sum256(clientKey)
	given, err := base64.StdEncoding.DecodeString(proof)
	if signature := scramMAC(stored[:], said); err != nil || len(given) != len(signature) || !bytes.Equal(xor(given, signature), clientKey) {
		return nil, false, protocol.ErrAuthFailed
	}
	if err := c.session.prove(c.user, password); err != nil {
		return nil, false, err
	}
	c.proved = true
	ours := scramMAC(scramMAC(salted, []byte("Server Key")), said)
	return []byte("v=" + base64.StdEncoding.EncodeToString(ours)), false, nil
}

func scramMAC(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

func xor(a, b []byte) []byte {
	c := make([]byte, len(a))
	for i := range a {
		c[i] = a[i] ^ b[i]
	}
	return c
}

func scramFields(s string) map[string]string {
	fields := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		if name, value, ok := strings.Cut(part, "="); ok {
			fields[name] = value
		}
	}
	return fields
}
