// The part of the check that is about documents: what a publisher may do to one,
// and in which state of it.

package sample

import (
	"errors"
	"fmt"

	"imprint/domain/access"
)

// tryPublishing holds the steps that publishers take on a document.
func (st *story) tryPublishing(step Step) error {
	d := st.documents[step.Document]
	switch {
	case step.Do == Publish && d != nil:
		return errors.New("it is published already; the next one is a version")
	case step.Do == Publish:
		d = &life{gone: map[int]bool{}}
		st.documents[step.Document] = d
	case d == nil:
		return errors.New("it is not published at that time")
	case d.withdrawn != (step.Do == Reinstate):
		return errors.New("a withdrawn document can only be reinstated, and only such a one can")
	}
	switch step.Do {
	case Publish, Version:
		if step.Do == Publish {
			if err := st.tryDetails(d, step.Details); err != nil {
				return err
			}
		}
		return d.add(step)
	case Revise:
		return st.tryDetails(d, step.Details)
	case CorrectSummary:
		if step.Summary == nil || !d.has(step.Number) {
			return errors.New("the summary is missing, or the version's number is wrong")
		}
	case WithdrawVersion:
		if step.Reason == nil || !d.has(step.Number) {
			return errors.New("the reason is missing, or the version's number is wrong")
		}
		d.gone[step.Number] = true
	case Withdraw, Reinstate:
		if step.Reason == nil {
			return errors.New("the reason is missing")
		}
		d.withdrawn = step.Do == Withdraw
	default:
		return errors.New("there is no such action")
	}
	return nil
}

// tryDetails refuses details that are incomplete or refer to nothing, and puts
// the document into its series.
func (st *story) tryDetails(d *life, about Details) error {
	if about.Title["en"] == "" || about.Description["en"] == "" || len(about.Categories) == 0 {
		return errors.New("title, description (both in English) or category is missing")
	}
	for _, c := range about.Categories {
		if !st.categories[c] {
			return fmt.Errorf("the category %q does not exist", c)
		}
	}
	if about.Series != "" && about.Series != d.series && !st.series[about.Series] {
		return fmt.Errorf("the series %q is unknown or no longer open", about.Series)
	}
	if err := (access.Audience{Kind: about.Audience}).Check(); err != nil {
		return err
	}
	d.series = about.Series
	return nil
}

// has tells whether the version exists and is not withdrawn.
func (d *life) has(number int) bool {
	return number >= 1 && number <= len(d.versions) && !d.gone[number]
}

// add appends a version.
func (d *life) add(step Step) error {
	switch {
	case step.Number != len(d.versions)+1:
		return fmt.Errorf("version %d cannot follow version %d", step.Number, len(d.versions))
	case len(step.Files) == 0:
		return fmt.Errorf("it has no file; add files/%s/v%d.en.md or the like", step.Document, step.Number)
	case step.Major && step.Summary["en"] == "":
		return errors.New("a major version needs a summary in English")
	case step.Effective != nil && step.Effective.From <= step.Effective.To:
		return errors.New("the effective period ends before it begins")
	case len(d.versions) > 0 && sameBytes(d.versions[len(d.versions)-1].Files, step.Files):
		return errors.New("its bytes are those of the version before it")
	}
	d.versions = append(d.versions, step)
	return nil
}
