package main

// Peak memory of the worker, measured in processes of their own: one that serves a
// few people, one that serves part of a million.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"imprint/adapters/smtp"
	"imprint/domain/calendar"
)

const memoryGoal = 1.2

// childEnv tells a process that it is to be measured, and at what.
const childEnv = "IMPRINT_BENCHMARKS_CHILD"

// child serves some slices of a population.
type child struct {
	Dir      string
	Port     int // of the mail server
	From, To int // slices
}

// asChild is what main does first: it does a child's work and tells its peak, if
// this is one.
func asChild(ctx context.Context) (is bool, err error) {
	text, is := os.LookupEnv(childEnv)
	if !is {
		return false, nil
	}
	var c child
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return true, err
	}
	mails := 0
	err = withInstallation(ctx, c.Dir, func(in *installation) error {
		for slice := c.From; slice < c.To; slice++ {
			s, _, err := workerRound(ctx, in, &sink{port: c.Port}, smtp.Encoder{}, slice)
			if err != nil {
				return err
			}
			mails += s.Accepted
		}
		return nil
	})
	if err != nil {
		return true, err
	}
	peak, err := mostResident()
	if err != nil {
		return true, err
	}
	return true, json.NewEncoder(os.Stdout).Encode(measured{mails, peak})
}

// measured is what a child tells.
type measured struct {
	Mails int
	Peak  int // KiB
}

// serve runs a child, with a mail server in this process.
func (c child) serve(ctx context.Context) (m measured, err error) {
	to, err := openSink(0)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	c.Port = to.port
	text, err := json.Marshal(c)
	if err != nil {
		return m, err
	}
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("%w: %s", err, said.String())
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, err
	}
	if int64(m.Mails) != to.accepted.Load() {
		return m, fmt.Errorf("%d digests recorded as accepted, %d mails came", m.Mails, to.accepted.Load())
	}
	return m, nil
}

// measureMemory lets one process serve all of a few people, and one the slices of
// many that are left.
func measureMemory(ctx context.Context, r *report, dir, many string, a audience, used int) error {
	few := population{people: a.few, due: 1, slices: 1, frequency: calendar.Daily, documents: 2500, updated: 40}
	if a.people < 1000 {
		few.documents = 50
	}
	place := filepath.Join(dir, "few")
	if err := few.populate(ctx, place); err != nil {
		return err
	}
	base, err := child{Dir: place, From: 0, To: 1}.serve(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	peak, err := child{Dir: many, From: used, To: a.slices}.serve(ctx)
	if err != nil {
		return err
	}
	r.note("peak memory\t%d people, %d mails: %d KiB\t%d people, %d mails: %d KiB, in %s", a.few, base.Mails, base.Peak, a.people, peak.Mails, peak.Peak, time.Since(began).Round(time.Second))
	r.atMost(fmt.Sprintf("peak memory of the worker, %d people", a.people), mebibytes(peak.Peak), mebibytes(base.Peak), float64(peak.Peak)/float64(base.Peak), memoryGoal)
	return nil
}

func mebibytes(kib int) string { return fmt.Sprintf("%.1f MiB", float64(kib)/1024) }
