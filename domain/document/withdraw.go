package document

import (
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

// Here: withdrawing, for a public reason, and taking that back.

// Withdraw withdraws the document; its page stays and shows the reason.
func (s State) Withdraw(reason domain.Text, at time.Time) ([]event.Payload, error) {
	return s.withdraw(reason, at, nil)
}

func (s State) withdraw(reason domain.Text, at time.Time, origin *Origin) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := reason.Require("reason", MaxReason); err != nil {
		return nil, err
	}
	at, err := moment("withdrawnAt", at)
	if err != nil {
		return nil, err
	}
	if s.withdrawn {
		return nil, domain.Refuse(domain.Conflict, "withdrawn", "the document is withdrawn already")
	}
	return []event.Payload{Withdrawn{Document: s.id, Reason: reason, WithdrawnAt: at, Origin: origin}}, nil
}

// Reinstate takes the withdrawal of the document back. A version withdrawn alone
// stays withdrawn.
func (s State) Reinstate(reason domain.Text, at time.Time) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := reason.Check("reason", MaxReason); err != nil {
		return nil, err
	}
	at, err := moment("reinstatedAt", at)
	if err != nil {
		return nil, err
	}
	if !s.withdrawn {
		return nil, domain.Refuse(domain.Conflict, "not-withdrawn", "the document is not withdrawn")
	}
	return []event.Payload{Reinstated{Document: s.id, Reason: reason, ReinstatedAt: at}}, nil
}

// WithdrawVersion withdraws one version. domain.Conflict for the last one that
// readers have left: then the document is meant.
func (s State) WithdrawVersion(number int, reason domain.Text) ([]event.Payload, error) {
	v, err := s.numbered(number)
	if err != nil {
		return nil, err
	}
	if err := reason.Require("reason", MaxReason); err != nil {
		return nil, err
	}
	if err := s.inForce("the withdrawal of a version"); err != nil {
		return nil, err
	}
	if v.withdrawn {
		return nil, domain.Refuse(domain.Conflict, "version-withdrawn", "version %d is withdrawn already", number)
	}
	left := 0
	for _, v := range s.versions {
		if !v.withdrawn {
			left++
		}
	}
	if left == 1 {
		return nil, domain.Refuse(domain.Conflict, "last-version", "version %d is the only one that is not withdrawn; withdraw the document instead", number)
	}
	return []event.Payload{VersionWithdrawn{Document: s.id, Number: number, Reason: reason}}, nil
}

// ReinstateVersion takes the withdrawal of one version back.
func (s State) ReinstateVersion(number int, reason domain.Text) ([]event.Payload, error) {
	v, err := s.numbered(number)
	if err != nil {
		return nil, err
	}
	if err := reason.Check("reason", MaxReason); err != nil {
		return nil, err
	}
	if err := s.inForce("the return of a version"); err != nil {
		return nil, err
	}
	if !v.withdrawn {
		return nil, domain.Refuse(domain.Conflict, "not-withdrawn", "version %d is not withdrawn", number)
	}
	return []event.Payload{VersionReinstated{Document: s.id, Number: number, Reason: reason}}, nil
}
