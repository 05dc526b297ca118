package smtptest

// Here: what can go wrong, and what goes wrong next.

import (
	"fmt"
	"math/rand/v2"
)

// Stage is the moment at which a fault strikes.
type Stage string

// The stages of a connection, then those of a mail.
const (
	Connecting Stage = "greeting"
	Securing   Stage = "STARTTLS"
	Proving    Stage = "AUTH"

	AtMail Stage = "MAIL"
	AtRcpt Stage = "RCPT"
	AtData Stage = "DATA"
	InText Stage = "text"      // its beginning has been read
	AtDot  Stage = "dot"       // all of it has been read, and nothing is kept
	Kept   Stage = "kept"      // it has been recorded, and the reply is due
	After  Stage = "after 250" // the reply to the dot has been written
)

// Fault is one thing that the server does instead of its duty. Faults are
// comparable; the zero Fault is none.
type Fault struct {
	At       Stage
	Act      string // what is done instead of a reply, "" where Code is the reply
	Code     int
	Enhanced [3]int
}

// Acts beside replying with a code.
const (
	drop   = "drop"            // the connection ends without a word
	silent = "silence"         // no reply for as long as the client waits
	forged = "bad certificate" // one that nobody has signed, of another host
)

// None lets a connection or a mail of a script pass.
var None Fault

// The faults of connections.
var (
	Greeting421    = Refuse(Connecting, 421, 4, 3, 2)
	GreetingDrop   = Fault{At: Connecting, Act: drop}
	GreetingSilent = Fault{At: Connecting, Act: silent}
	StartTLS454    = Refuse(Securing, 454, 4, 7, 0)
	BadCertificate = Fault{At: Securing, Act: forged} // also with implicit TLS
	HandshakeStall = Fault{At: Securing, Act: silent} // also with implicit TLS
	Auth454        = Refuse(Proving, 454, 4, 7, 0)
	Outage         = Fault{At: Connecting, Act: "outage"} // counted while the server is down
)

// The faults of mails.
var (
	MailDrop       = Fault{At: AtMail, Act: drop}
	Mail421        = Refuse(AtMail, 421, 4, 3, 2)
	Mail550        = Refuse(AtMail, 550, 5, 7, 1)
	Rcpt450        = Refuse(AtRcpt, 450, 4, 2, 1)
	Rcpt550        = Refuse(AtRcpt, 550, 5, 1, 1)
	Rcpt421        = Refuse(AtRcpt, 421, 4, 3, 2)
	RcptDrop       = Fault{At: AtRcpt, Act: drop}
	Data451        = Refuse(AtData, 451, 4, 3, 0)
	DataDrop       = Fault{At: AtData, Act: drop}
	TextDrop       = Fault{At: InText, Act: drop}
	SlowReader     = Fault{At: InText, Act: silent} // reads the beginning of the text, and no further
	Dot451         = Refuse(AtDot, 451, 4, 3, 0)
	Dot554         = Refuse(AtDot, 554, 5, 7, 1)
	DotDrop        = Fault{At: AtDot, Act: drop} // nothing is kept, and the client cannot know
	AcceptThenDrop = Fault{At: Kept, Act: drop}
	AcceptThenSlow = Fault{At: Kept, Act: silent}
	DropAfter250   = Fault{At: After, Act: drop}

	Greylisted = Refuse(AtRcpt, 450, 4, 7, 1) // Config.Greylist
	WornOut    = Refuse(AtMail, 421, 4, 4, 2) // Config.MailsPerConnection
	Nested     = Refuse(AtMail, 503, 5, 5, 1) // MAIL before the mail under way has ended
)

// Refuse is a refusal with a code and an enhanced status (RFC 3463); a status of
// zeros is left out of the reply.
func Refuse(at Stage, code, class, subject, detail int) Fault {
	return Fault{At: at, Code: code, Enhanced: [3]int{class, subject, detail}}
}

// String is such as "RCPT 550 5.1.1" or "kept: drop".
func (f Fault) String() string {
	switch {
	case f == None:
		return "none"
	case f.Act != "":
		return string(f.At) + ": " + f.Act
	}
	return fmt.Sprintf("%s %d %d.%d.%d", f.At, f.Code, f.Enhanced[0], f.Enhanced[1], f.Enhanced[2])
}

// ofConnection tells the faults of connections from those of mails.
func (f Fault) ofConnection() bool {
	return f.At == Connecting || f.At == Securing || f.At == Proving
}

// Rate is how often a fault strikes, as a part of all connections or mails.
type Rate struct {
	Fault Fault
	Part  float64 // 0 … 1; those of one kind together at most 1
}

// deck gives the next fault: those of the script first, then by the rates.
type deck struct {
	script []Fault
	rates  []Rate
	random *rand.Rand
}

func (d *deck) next() Fault {
	if len(d.script) > 0 {
		f := d.script[0]
		d.script = d.script[1:]
		return f
	}
	at := d.random.Float64()
	for _, r := range d.rates {
		if at -= r.Part; at < 0 {
			return r.Fault
		}
	}
	return None
}
