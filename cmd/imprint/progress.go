package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// plainEvery is how often plain lines tell of progress where there is no
// terminal.
const plainEvery = 5 * time.Second

// progress shows how far a long work has come: a bar on a terminal, else a plain
// line now and then. It is not safe for concurrent use.
type progress struct {
	what string
	out  io.Writer
	bar  *progressbar.ProgressBar // nil: plain lines
	told time.Time
}

func newProgress(out io.Writer, what string) *progress {
	p := &progress{what: what, out: out, told: time.Now()}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(-1,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// set says that done of total are done; a total of 0 is not known.
func (p *progress) set(done, total int) {
	if p.bar != nil {
		if total > 0 && p.bar.GetMax() != total {
			p.bar.ChangeMax(total)
		}
		_ = p.bar.Set(done) // a bar that cannot be drawn must not stop the work
		return
	}
	if time.Since(p.told) < plainEvery {
		return
	}
	p.told = time.Now()
	p.line(done, total)
}

// finish says that the work is done.
func (p *progress) finish(done int) {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	p.line(done, done)
}

func (p *progress) line(done, total int) {
	if total > 0 {
		fmt.Fprintf(p.out, "%s: %d of %d\n", p.what, done, total)
		return
	}
	fmt.Fprintf(p.out, "%s: %d\n", p.what, done)
}
