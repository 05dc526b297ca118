package main

// Here: what the mail server holds, held against what the oracle says is owed.

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"imprint/adapters/smtp/smtptest"
	"imprint/domain/digest"
)

// judgement is what a proof has found.
type judgement struct {
	kills   int
	due     int // updates that had to be told
	lost    int // of them, those that never were
	extra   int // copies beyond the first of each mail, and updates that another mail told again
	allowed int // of them, copies that nobody could avoid: see unavoidable
	wrong   []string
}

// String is the line by which a proof ends.
func (j judgement) String() string {
	return fmt.Sprintf("kills=%d due=%d lost=%d extra=%d allowed=%d", j.kills, j.due, j.lost, j.extra, j.allowed)
}

// holds tells whether nothing is lost, nothing is wrong, and there are just as many
// extra copies as nobody could avoid.
func (j judgement) holds() bool { return j.lost == 0 && j.extra == j.allowed && len(j.wrong) == 0 }

// and adds what another proof has found.
func (j judgement) and(other judgement) judgement {
	return judgement{j.kills + other.kills, j.due + other.due, j.lost + other.lost, j.extra + other.extra, j.allowed + other.allowed, slices.Concat(j.wrong, other.wrong)}
}

// told is what a reader has been told, by how many mails.
type told map[update]int

// judge holds every reader's mails against the log as it is now.
func (p *proof) judge() judgement {
	p.t.Helper()
	p.ledger.catchUp(p.t, p.flags)
	j := judgement{kills: p.kills}
	sent := map[string]digest.Sent{}
	for _, fact := range p.ledger.sent {
		if _, twice := sent[fact.MessageID]; twice {
			j.wrong = append(j.wrong, "the log says twice that "+fact.MessageID+" was sent")
		}
		sent[fact.MessageID] = fact
	}
	received := map[uuid.UUID]told{}
	for id, copies := range p.copies() {
		reader := p.of(copies[0].To)
		if received[reader] == nil {
			received[reader] = told{}
		}
		for _, n := range p.read(id, copies[0], &j) {
			for version := n.version - n.updates + 1; version <= n.version; version++ {
				received[reader][update{uuid.MustParse(n.document), version}]++
			}
		}
		p.judgeCopies(id, copies, sent, &j)
		delete(sent, id)
	}
	for id := range sent {
		j.wrong = append(j.wrong, id+" never came, and the log says that it was sent")
	}
	for _, id := range p.ledger.unsent {
		if !p.ledger.reader(id).barred {
			j.wrong = append(j.wrong, "a window of "+id.String()+" was closed without a mail")
		}
	}
	for id, owed := range p.ledger.readers {
		p.judgeReader(id, owed, received[id], &j)
	}
	return j
}

// judgeReader holds what a reader was told against what was owed.
func (p *proof) judgeReader(id uuid.UUID, o *owed, got told, j *judgement) {
	j.due += len(o.must)
	for u := range o.must {
		if got[u] == 0 {
			j.lost++
		}
	}
	for u, times := range got {
		if !o.may[u] {
			j.wrong = append(j.wrong, fmt.Sprintf("%s was told of version %d of %s, which was not owed", id, u.version, u.document))
		}
		j.extra += times - 1
	}
}

// judgeCopies holds the copies of one mail against each other, against those that
// could not be avoided, and against the log.
func (p *proof) judgeCopies(id string, copies []smtptest.Mail, sent map[string]digest.Sent, j *judgement) {
	fact, known := sent[id]
	for _, other := range copies {
		if other.To != copies[0].To || other.From != copies[0].From || !bytes.Equal(other.Bytes, copies[0].Bytes) {
			j.wrong = append(j.wrong, "the copies of "+id+" are not one mail")
		}
		if known && other.Hash != fact.ContentHash {
			j.wrong = append(j.wrong, id+" came with other bytes than the log says were sent")
		}
	}
	extra, unavoidable := len(copies)-1, p.unavoidable(id, copies)
	j.extra, j.allowed = j.extra+extra, j.allowed+min(extra, unavoidable)
	// To whoever has left, the next attempt may not have been made any more.
	left := p.ledger.reader(p.of(copies[0].To)).barred
	if extra > unavoidable || extra < unavoidable && !left {
		j.wrong = append(j.wrong, fmt.Sprintf("%s came %d times more than once, not %d times: %s", id, extra, unavoidable, p.history(id, copies)))
	}
	if !known && !left {
		j.wrong = append(j.wrong, "the log does not say that "+id+" was sent")
	}
	if !known {
		return
	}
	if of := digest.ID(fact.Person, fact.Window.From).String() + "@" + proofHost; id != of {
		j.wrong = append(j.wrong, "the Message-ID "+id+" does not follow from person and window")
	}
	if fact.Resent < extra || p.of(copies[0].To) != fact.Person {
		j.wrong = append(j.wrong, fmt.Sprintf("%s is not what the log says: %d attempts more, to %s", id, fact.Resent, fact.Person))
	}
}

// unavoidable is how many copies of a mail must be followed by another one, for
// nobody but the mail server can know of them: those to which it did not answer, and
// those whose answer died with the program, in W6.
func (p *proof) unavoidable(id string, copies []smtptest.Mail) int {
	return len(copies) - answered(copies) + p.caught[id]
}

// answered counts the copies that the mail server said it had taken.
func answered(copies []smtptest.Mail) (n int) {
	for _, c := range copies {
		if c.Fault != smtptest.AcceptThenDrop && c.Fault != smtptest.AcceptThenSlow {
			n++
		}
	}
	return n
}

// history tells what came of one mail, for who has to find out why.
func (p *proof) history(id string, copies []smtptest.Mail) string {
	var b strings.Builder
	for _, c := range copies {
		fmt.Fprintf(&b, "on connection %d, %s; ", c.Connection, c.Fault)
	}
	fmt.Fprintf(&b, "caught by %d kills", p.caught[id])
	return b.String()
}

// copies are all mails by their Message-ID.
func (p *proof) copies() map[string][]smtptest.Mail {
	all := map[string][]smtptest.Mail{}
	for _, sink := range p.sinks {
		for _, m := range sink.Mails() {
			all[m.MessageID] = append(all[m.MessageID], m)
		}
	}
	return all
}

// read answers the news of a mail.
func (p *proof) read(id string, m smtptest.Mail, j *judgement) []news {
	if all, before := p.news[id]; before {
		return all
	}
	all, err := posted{to: m.To, bytes: m.Bytes}.read()
	if err != nil {
		j.wrong = append(j.wrong, err.Error())
		return nil
	}
	p.news[id] = all
	return all
}
