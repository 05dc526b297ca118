package digest

// Here: no more mails leave than the rates allow, over all and to each mail domain,
// by all programs at one database together.

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"imprint/domain/digest"
	"imprint/domain/mail"
)

const (
	// everyMail is the name of the rate over all; that of a domain is longer.
	everyMail = "all"
	// maxBlock bounds how many turns of one rate are taken ahead.
	maxBlock = 64
	// blockValid is how long after it a turn is good that was taken ahead: so much of
	// a rate may be made up for.
	blockValid = time.Second
)

// pace gives out turns. They are taken in blocks of a second's worth, for several
// rates and mails in one commit, and a block is used up from memory. If we crash,
// what is left of it is lost: fewer mails leave than might.
type pace struct {
	rates         Rates
	total, domain mail.Rate
	secret        []byte
	asks          chan ask               // of the round
	taken         map[string][]time.Time // turns not given out yet, by this machine's clock; of whoever runs
}

type ask struct {
	digest.Ask
	back   *time.Time // a turn that was given out and not used
	answer chan turn
}

// turn is when a mail may leave. None is given where it would come too late.
type turn struct {
	at    time.Time
	given bool
	err   error
}

// open begins a round.
func (p *pace) open() { p.asks = make(chan ask) }

// run answers until close. It takes no context that ends: whoever waits for an
// answer gets one. What will not be good any more is dropped then, so that memory
// does not keep every domain.
func (p *pace) run(ctx context.Context) {
	for first := range p.asks {
		p.serve(ctx, gather(first, p.asks, maxGroup))
	}
	for name, turns := range p.taken {
		if len(turns) == 0 || time.Since(turns[len(turns)-1]) > blockValid {
			delete(p.taken, name)
		}
	}
}

// serve answers from memory where it can, and takes what is missing together.
func (p *pace) serve(ctx context.Context, group []ask) {
	var waiting []ask
	for _, a := range group {
		if a.back != nil {
			p.taken[a.Name] = append([]time.Time{*a.back}, p.taken[a.Name]...)
		} else if t := p.next(a.Name); t.given {
			a.answer <- t
		} else {
			waiting = append(waiting, a)
		}
	}
	if len(waiting) == 0 {
		return
	}
	var missing []digest.Ask
	places := map[string]int{}
	for _, a := range waiting {
		i, known := places[a.Name]
		if !known {
			i = len(missing)
			places[a.Name], missing = i, append(missing, a.Ask)
		}
		missing[i].Count++
	}
	for i, m := range missing {
		missing[i].Count = max(m.Count, min(m.Rate.Burst(), maxBlock))
	}
	waits, err := p.rates.Take(ctx, missing)
	now := time.Now() // later than the database's: nobody leaves too early
	for i := range waits {
		for _, wait := range waits[i] {
			p.taken[missing[i].Name] = append(p.taken[missing[i].Name], now.Add(wait))
		}
	}
	for _, a := range waiting {
		t := p.next(a.Name)
		t.err = err
		a.answer <- t
	}
}

// next takes the next good turn out of memory.
func (p *pace) next(name string) turn {
	turns := p.taken[name]
	for len(turns) > 0 && time.Since(turns[0]) > blockValid {
		turns = turns[1:]
	}
	if len(turns) == 0 {
		delete(p.taken, name)
		return turn{}
	}
	p.taken[name] = turns[1:]
	return turn{at: turns[0], given: true}
}

// close ends run; nobody may ask any more.
func (p *pace) close() { close(p.asks) }

// take asks for a turn.
func (p *pace) take(name string, r mail.Rate, ahead time.Duration) turn {
	a := ask{Ask: digest.Ask{Name: name, Rate: r, Ahead: ahead}, answer: make(chan turn, 1)}
	p.asks <- a
	return <-a.answer
}

// giveBack returns a turn that was not used, for the next who asks.
func (p *pace) giveBack(name string, at time.Time) {
	p.asks <- ask{Ask: digest.Ask{Name: name}, back: &at}
}

// nameOf is what the rate of an address's domain is kept under: a hash that tells
// the domain to nobody who has not the key.
func (p *pace) nameOf(address string) string {
	mac := hmac.New(sha256.New, p.secret)
	mac.Write([]byte(strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
