package acceptance_test

// The mails that persons got.

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"time"

	"imprint/domain/digest"
)

// letter is a mail taken apart.
type letter struct {
	header     mail.Header
	subject    string
	text, html string
}

func (l letter) says(all ...string) bool {
	for _, s := range all {
		if !strings.Contains(l.text, s) || !strings.Contains(l.html, s) {
			return false
		}
	}
	return true
}

// mails are those that somebody got, in no order that can be relied on: time
// stands still.
func (w *world) mails(who string) []letter {
	w.t.Helper()
	kept, err := w.digests.Mails(context.Background(), 1000)
	w.check(err)
	var all []letter
	for _, m := range kept {
		if m.Person != w.person(who) {
			continue
		}
		b, err := w.digests.ReadMail(context.Background(), m.ID)
		w.check(err)
		all = append(all, w.parse(b))
	}
	return all
}

// kept are the mails of any kind to an address.
func (w *world) kept(address string) []letter {
	w.t.Helper()
	kept, err := w.sentMails.List(context.Background(), 1000)
	w.check(err)
	var all []letter
	for _, m := range kept {
		if m.To != address {
			continue
		}
		b, err := w.sentMails.Read(context.Background(), m.ID)
		w.check(err)
		all = append(all, w.parse(b))
	}
	return all
}

// news lets everything follow and answers the mails that came of it, one or none.
func (w *world) news(who string) (letter, bool) {
	w.t.Helper()
	before := map[string]bool{}
	for _, l := range w.mails(who) {
		before[l.header.Get("Message-ID")] = true
	}
	w.react()
	fresh := slices.DeleteFunc(w.mails(who), func(l letter) bool { return before[l.header.Get("Message-ID")] })
	switch len(fresh) {
	case 0:
		return letter{}, false
	case 1:
		return fresh[0], true
	}
	w.t.Fatalf("%d mails at once", len(fresh))
	return letter{}, false
}

// silent fails if anything is mailed to somebody now.
func (w *world) silent(who, when string) {
	w.t.Helper()
	if l, is := w.news(who); is {
		w.t.Errorf("%s there is a mail:\n%s", when, l.text)
	}
}

// told fails unless there is one mail to somebody now.
func (w *world) told(who, when string) letter {
	w.t.Helper()
	l, is := w.news(who)
	if !is {
		w.t.Fatalf("%s there is no mail", when)
	}
	return l
}

func (w *world) parse(b []byte) letter {
	w.t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(b))
	w.check(err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	w.check(err)
	l := letter{header: m.Header, subject: subject}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	w.check(err)
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return l
		}
		w.check(err)
		var body io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		w.check(err)
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.html = string(text)
		} else {
			l.text = string(text)
		}
	}
}

// facts are what the log says of somebody's digests.
func (w *world) sent(who string) (all []digest.Sent, withheld []digest.Withheld) {
	w.t.Helper()
	recorded, err := w.log.ReadStream(context.Background(), digest.Stream(w.person(who)), 0, 1000)
	w.check(err)
	for _, e := range recorded {
		p, err := w.codec.Registry().Decode(e)
		w.check(err)
		switch p := p.(type) {
		case digest.Sent:
			all = append(all, p)
		case digest.Withheld:
			withheld = append(withheld, p)
		}
	}
	return all, withheld
}

const day = 24 * time.Hour
