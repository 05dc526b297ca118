package main

// Here: a real mail server that notes every mail before it answers, and that can
// keep its answer back: so a program can be caught in the one moment in which a
// mail is accepted and nobody but the server knows.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	smtpserver "github.com/emersion/go-smtp"
)

// postOffice is one mail server for several programs; each has a door of its own.
type postOffice struct {
	t *testing.T

	mu     sync.Mutex // guards what follows
	copies map[string][]posted
	order  []string // Message-IDs as they first came
}

// posted is one copy of a mail.
type posted struct {
	door, to string
	bytes    []byte
}

// door is an address of the post office.
type door struct {
	office *postOffice
	name   string
	listen net.Listener

	mu      sync.Mutex // guards keeping
	keeping *kept      // the answer to the next mail is kept back; nil: it is not
}

// kept is an answer that is kept back.
type kept struct {
	taken  chan string   // the Message-ID of the mail, once it is accepted
	goes   chan struct{} // closed when the answer may go
	answer func()        // lets it go
}

func newPostOffice(t *testing.T) *postOffice { return &postOffice{t: t, copies: map[string][]posted{}} }

// open opens a door for a program that has one connection.
func (o *postOffice) open(name string) *door {
	o.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(o.t, err)
	d := &door{office: o, name: name, listen: l}
	srv := smtpserver.NewServer(smtpserver.BackendFunc(func(*smtpserver.Conn) (smtpserver.Session, error) {
		return &delivery{door: d}, nil
	}))
	srv.Domain, srv.ErrorLog = "mail.example", silent{}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	o.t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return d
}

func (d *door) url() string { return "smtp://" + d.listen.Addr().String() + "?tls=none&connections=1" }

// keepBack keeps the answer to the next mail back. The mail is accepted all the same.
func (d *door) keepBack() *kept {
	k := &kept{taken: make(chan string, 1), goes: make(chan struct{})}
	k.answer = sync.OnceFunc(func() { close(k.goes) })
	d.office.t.Cleanup(k.answer)
	d.keep(k)
	return k
}

func (d *door) keep(k *kept) (before *kept) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, d.keeping = d.keeping, k
	return before
}

// mail waits until a mail is accepted whose answer is kept back.
func (k *kept) mail(t *testing.T) (id string) {
	t.Helper()
	select {
	case id = <-k.taken:
	case <-time.After(patience):
		t.Fatal("no mail came whose answer could be kept back")
	}
	return id
}

// delivery is one conversation by SMTP.
type delivery struct {
	door *door
	to   string
}

func (*delivery) Mail(string, *smtpserver.MailOptions) error { return nil }

func (s *delivery) Rcpt(to string, _ *smtpserver.RcptOptions) error {
	s.to = to
	return nil
}

func (s *delivery) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err // cut off in the middle: no mail
	}
	id := s.door.office.note(posted{door: s.door.name, to: s.to, bytes: b})
	if k := s.door.keep(nil); k != nil {
		k.taken <- id
		<-k.goes
	}
	return nil
}

func (*delivery) Reset()        {}
func (*delivery) Logout() error { return nil }

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (o *postOffice) note(p posted) (id string) {
	m, err := mail.ReadMessage(bytes.NewReader(p.bytes))
	if err != nil {
		o.t.Errorf("what came for %s is no mail: %v\n%.1000s", p.to, err, p.bytes)
		return ""
	}
	id = strings.Trim(m.Header.Get("Message-ID"), "<>")
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.copies[id]) == 0 {
		o.order = append(o.order, id)
	}
	o.copies[id] = append(o.copies[id], p)
	return id
}

// mails are all mails in the order in which they first came, each with its copies.
func (o *postOffice) mails() (order []string, copies map[string][]posted) {
	o.mu.Lock()
	defer o.mu.Unlock()
	copies = map[string][]posted{}
	for id, all := range o.copies {
		copies[id] = all[:len(all):len(all)]
	}
	return o.order[:len(o.order):len(o.order)], copies
}

func (p posted) String() string { return "by " + p.door + " to " + p.to }

// hash is the SHA-256 of the bytes, as facts about digests name it.
func (p posted) hash() string {
	sum := sha256.Sum256(p.bytes)
	return hex.EncodeToString(sum[:])
}

// news is what a mail says of one document: its newest version, and how many new
// ones the mail tells of.
type news struct {
	document         string
	version, updates int
}

var entry = regexp.MustCompile(`(?m)^     Updated · version (\d+)(?: · (\d+) updates)? · .*\n(?:     .*\n)*?     \S+/documents/([0-9a-f-]{36})$`)

// read reads the news out of the text part.
func (p posted) read() ([]news, error) {
	m, err := mail.ReadMessage(bytes.NewReader(p.bytes))
	if err != nil {
		return nil, err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextPart() // the text comes first; its encoding is undone
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(part)
	if err != nil {
		return nil, err
	}
	var all []news
	for _, found := range entry.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"), -1) {
		n := news{document: found[3], updates: 1}
		if n.version, err = strconv.Atoi(found[1]); err != nil {
			return nil, err
		}
		if found[2] != "" {
			if n.updates, err = strconv.Atoi(found[2]); err != nil {
				return nil, err
			}
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("a digest tells nothing:\n%s", text)
	}
	return all, nil
}
