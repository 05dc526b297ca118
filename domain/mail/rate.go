package mail

// Here: how many mails may leave in a time.

import (
	"strconv"
	"strings"
	"time"

	"imprint/domain"
)

// Rate is so many mails in so much time, evenly. The zero Rate is no limit.
type Rate struct {
	Mails int
	Per   time.Duration
}

// spans are the times that a rate may be written for.
var spans = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

const maxMails = 1_000_000 // in one span

// MaxAhead bounds how far ahead of now turns may be taken.
const MaxAhead = time.Hour

// UnmarshalText reads such as 10/s, 300/m or 5000/h, and off.
func (r *Rate) UnmarshalText(text []byte) error {
	*r = Rate{}
	if string(text) == "off" {
		return nil
	}
	count, span, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxMails || spans[span] == 0 {
		return domain.Refuse(domain.Invalid, "bad-rate", "%.20q is no rate of mails; write such as 10/s, 300/m or 5000/h, with a whole number up to %d, or off", text, maxMails)
	}
	*r = Rate{Mails: n, Per: spans[span]}
	return nil
}

// String writes it as it is read.
func (r Rate) String() string {
	for name, span := range spans {
		if r.Per == span {
			return strconv.Itoa(r.Mails) + "/" + name
		}
	}
	return "off"
}

// Limits tells whether there is a limit.
func (r Rate) Limits() bool { return r.Mails > 0 }

// interval lies between two mails.
func (r Rate) interval() time.Duration { return r.Per / time.Duration(r.Mails) }

// Burst is how many may leave at once after a pause: those of one second.
func (r Rate) Burst() int { return max(1, int(time.Second/r.interval())) }

// Take takes up to n turns, none further ahead of now than that, which is MaxAhead at
// most, and answers when each comes. taken is the one number by which all who take turns of a rate know of
// each other: when the last turn taken would end if they were even (the generic cell
// rate algorithm, in its form with a virtual schedule). The zero time is for a rate
// of which nothing was taken yet.
func (r Rate) Take(taken, now time.Time, n int, ahead time.Duration) (turns []time.Time, after time.Time) {
	interval := r.interval()
	early := time.Duration(r.Burst()-1) * interval
	// A number so far ahead was written by a clock that has been set back since, or
	// for another rate: nobody shall wait for it.
	if taken.Sub(now) > 2*MaxAhead+early {
		taken = now
	}
	for len(turns) < n {
		turn := taken.Add(-early)
		if turn.Before(now) {
			turn = now
		}
		if turn.Sub(now) > ahead {
			break
		}
		if taken.Before(turn) {
			taken = turn
		}
		taken = taken.Add(interval)
		turns = append(turns, turn)
	}
	return turns, taken
}
