package main

// Here: who holds which lease, as the database has it.

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// goesOnWithin bounds how long the read models and the reactions stand still
	// after a program was killed; docs/operations.md says it.
	goesOnWithin = 30 * time.Second
	// digestLease is how long a digest that a killed program was sending waits.
	digestLease = 15 * time.Minute
)

// held is a lease as it stands.
type held struct {
	Kind   string // of what: model, turn, digest
	Name   string
	Holder string
	Epoch  int64 // counts the holders
	Until  int64 // microseconds, by the database's clock
}

// by tells whether a program is the holder; its process id stands in the name.
func (h held) by(s *server) bool { return strings.Contains(h.Holder, "/"+s.pid()+"/") }

func (h held) String() string {
	return fmt.Sprintf("%s %s: %s, epoch %d", h.Kind, h.Name, h.Holder, h.Epoch)
}

// leases lists all leases, also those that have run out, and the database's time,
// which is not before the moment of the list.
func (s *system) leases() (all map[string]held, now int64) {
	s.t.Helper()
	rows, err := s.database.Query(s.t.Context(), `
		SELECT kind, name, holder, epoch, until, imprint_views.clock() FROM (
			SELECT 'model', projection, holder, epoch, expires FROM imprint_views.generations WHERE live
			UNION ALL SELECT 'turn', name, holder, epoch, expires FROM imprint_work.leases
			UNION ALL SELECT 'digest', person, holder, epoch, lease_until FROM imprint_work.digest_standings
		) AS leases (kind, name, holder, epoch, until)`)
	must(s.t, err)
	defer rows.Close()
	all = map[string]held{}
	for rows.Next() {
		var h held
		must(s.t, rows.Scan(&h.Kind, &h.Name, &h.Holder, &h.Epoch, &h.Until, &now))
		all[h.Kind+" "+h.Name] = h
	}
	must(s.t, rows.Err())
	return all, now
}

// heldBy are the running leases of a program, of some kinds.
func (s *system) heldBy(p *server, kinds ...string) map[string]held {
	s.t.Helper()
	all, now := s.leases()
	for key, h := range all {
		if !h.by(p) || h.Until <= now || !slices.Contains(kinds, h.Kind) {
			delete(all, key)
		}
	}
	return all
}

// leads waits until a program holds the leases of every read model and of the
// reactions.
func (s *system) leads(p *server) {
	s.t.Helper()
	all := len(readModels()) + 1
	s.until("the program leads", func() string {
		return left(all-len(s.heldBy(p, "model", "turn")), "leases are not its")
	})
}

// runOut fails unless every lease runs out within a bound from now.
func (s *system) runOut(leases map[string]held, within time.Duration) {
	s.t.Helper()
	_, now := s.leases()
	for _, h := range leases {
		if left := time.Duration(h.Until-now) * time.Microsecond; left > within {
			s.t.Errorf("%s runs for %s more, and not for %s at most", h, left, within)
		}
	}
}

// stillHeld fails unless nobody has taken leases that run on.
func (s *system) stillHeld(leases map[string]held) {
	s.t.Helper()
	all, _ := s.leases()
	for key, h := range leases {
		if all[key].Epoch != h.Epoch {
			s.t.Errorf("%s is now %s", h, all[key])
		}
	}
}

// takenOver waits until leases have passed to a program, and fails if one has
// before it had run out: nobody takes from the living.
func (s *system) takenOver(from map[string]held, by *server) {
	s.t.Helper()
	s.until("the leases have passed on", func() string {
		all, now := s.leases()
		var waiting []string
		for key, before := range from {
			after := all[key]
			switch {
			case after.Epoch == before.Epoch:
				waiting = append(waiting, before.String())
			case now < before.Until:
				s.t.Fatalf("%s is now %s, %s before it had run out", before, after, time.Duration(before.Until-now)*time.Microsecond)
			case after.Epoch < before.Epoch || !after.by(by):
				s.t.Fatalf("%s is now %s", before, after)
			}
		}
		slices.Sort(waiting)
		return strings.Join(waiting, "; ")
	})
}

// forward sets the database's clock, by which all leases go, forward.
func (s *system) forward(d time.Duration) {
	s.t.Helper()
	_, err := s.database.Exec(s.t.Context(), fmt.Sprintf(`CREATE OR REPLACE FUNCTION imprint_views.clock() RETURNS bigint LANGUAGE sql VOLATILE AS
		'SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) + %d'`, d.Microseconds()))
	must(s.t, err)
}
