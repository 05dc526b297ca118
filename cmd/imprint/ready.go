package main

// Here: what /readyz answers.

import (
	"context"
	"net/http"
	"slices"

	"imprint/handlers/digest"
	"imprint/handlers/reactions"
)

// readiness is the answer of /readyz.
type readiness struct {
	Ready      bool        `json:"ready"`
	Away       []string    `json:"away,omitempty"` // settings whose engines do not answer; the log says why
	Full       []string    `json:"full,omitempty"` // settings whose disks took no more at the last write, and still do not
	ReadModels []readModel `json:"readModels"`
	Stopped    []string    `json:"stoppedReactions,omitempty"` // they need a newer program; the log says why
	Digests    string      `json:"digestsWait,omitempty"`      // why no digest goes out; pages are served nevertheless
}

type readModel struct {
	Name     string `json:"name"`
	Version  int    `json:"version"`
	Ordinal  int64  `json:"ordinal"`
	CaughtUp bool   `json:"caughtUp"`
	Parked   int    `json:"parkedKeys"`
	Trouble  string `json:"trouble,omitempty"`
}

// ready answers 200 while log, database and bucket answer, no disk is full, every read
// model has caught up with the log and is fed without trouble, and no reaction has
// stopped.
func (s *site) ready(digests *digest.Service, consequences *reactions.Reactions) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerTime)
		defer cancel()
		answer := s.readiness()
		for setting, err := range s.unreachable(ctx) {
			answer.Ready = false
			answer.Away = append(answer.Away, setting)
			s.logger.WarnContext(ctx, "an engine does not answer", "setting", setting, "error", err)
		}
		slices.Sort(answer.Away)
		for setting, err := range s.full(ctx) {
			answer.Ready = false
			answer.Full = append(answer.Full, setting)
			s.logger.WarnContext(ctx, "a disk is full", "setting", setting, "error", err)
		}
		slices.Sort(answer.Full)
		for _, st := range consequences.Status() {
			if st.Stopped != "" {
				answer.Ready = false
				answer.Stopped = append(answer.Stopped, st.Reaction)
			}
		}
		answer.Digests = "unknown: the log says why"
		if len(answer.Away) == 0 {
			why, err := digests.Waits(ctx)
			if err == nil {
				answer.Digests = why
			} else {
				s.logger.ErrorContext(ctx, "whether digests wait cannot be told", "error", err)
			}
		}
		status := http.StatusOK
		if !answer.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, answer)
	}
}

func (s *site) readiness() readiness {
	answer := readiness{Ready: true}
	for _, st := range s.readModels.Status() {
		m := readModel{Name: st.Projection, Version: st.Version, Ordinal: st.Checkpoint.Ordinal, CaughtUp: st.CaughtUp, Parked: st.Parked}
		switch {
		case st.Stopped != "":
			m.Trouble = "stopped: the log says why"
		case st.Trouble != "":
			m.Trouble = "trying again: the log says why"
		}
		answer.Ready = answer.Ready && st.CaughtUp && m.Trouble == ""
		answer.ReadModels = append(answer.ReadModels, m)
	}
	return answer
}
