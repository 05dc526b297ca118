package main

// Peak memory of the worker, measured in processes of their own: one among few
// people and one among a million, which serve as many of them.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"imprint/adapters/smtp"
	"imprint/domain/calendar"
	"imprint/projections/notices"
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
		head, err := in.log.Head(ctx)
		if err != nil {
			return err
		}
		// For everyone who is due it is at least found out what they are to be told.
		if err := in.eachDue(ctx, in.store, head.Ordinal+1, func(notices.Ask, notices.Found) error { return nil }); err != nil {
			return err
		}
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
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	err = withSink(0, func(to *sink) error {
		c.Port = to.port
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), childEnv+"="+string(text))
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%w: %s", err, said.String())
		}
		if err := json.Unmarshal(out, &m); err != nil {
			return err
		}
		if int64(m.Mails) != to.accepted.Load() {
			return fmt.Errorf("%d digests recorded as accepted, %d mails came", m.Mails, to.accepted.Load())
		}
		return nil
	})
	return m, err
}

// measuredSlices are served by each of the processes.
const measuredSlices = 2

// measureMemory compares a process that serves all of a few people with one that
// serves as many of many, and selects for all of those who are due.
func measureMemory(ctx context.Context, r *report, dir, many string, a audience) error {
	few := population{people: a.few, due: 1, slices: measuredSlices, frequency: calendar.Daily, documents: a.documents, updated: updated}
	place := filepath.Join(dir, "few")
	if err := few.populate(ctx, place); err != nil {
		return err
	}
	base, err := child{Dir: place, To: measuredSlices}.serve(ctx)
	if err != nil {
		return err
	}
	peak, err := child{Dir: many, To: measuredSlices}.serve(ctx)
	if err != nil {
		return err
	}
	r.note("peak memory\t%d people, %d mails: %d KiB\t%d people, %d mails: %d KiB", a.few, base.Mails, base.Peak, a.people, peak.Mails, peak.Peak)
	r.atMost(fmt.Sprintf("peak memory of the worker, %d people", a.people), mebibytes(peak.Peak), mebibytes(base.Peak), float64(peak.Peak)/float64(base.Peak), memoryGoal)
	return nil
}

func mebibytes(kib int) string { return fmt.Sprintf("%.1f MiB", float64(kib)/1024) }
