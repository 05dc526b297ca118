package main

// Here: what /readyz answers.

import (
	"net/http"

	"imprint/handlers/digest"
	"imprint/handlers/reactions"
)

// readiness is the answer of /readyz.
type readiness struct {
	Ready      bool        `json:"ready"`
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

// ready answers 200 while every read model has caught up with the log and is fed
// without trouble, and no reaction has stopped.
func (s *site) ready(digests *digest.Service, consequences *reactions.Reactions) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := s.readiness()
		for _, st := range consequences.Status() {
			if st.Stopped != "" {
				answer.Ready = false
				answer.Stopped = append(answer.Stopped, st.Reaction)
			}
		}
		why, err := digests.Waits(r.Context())
		if err != nil {
			s.logger.ErrorContext(r.Context(), "whether digests wait cannot be told", "error", err)
			why = "unknown: the log says why"
		}
		answer.Digests = why
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
			m.Trouble = "stopped: the log says why; see imprint projections list"
		case st.Trouble != "":
			m.Trouble = "trying again: the log says why"
		}
		answer.Ready = answer.Ready && st.CaughtUp && m.Trouble == ""
		answer.ReadModels = append(answer.ReadModels, m)
	}
	return answer
}
