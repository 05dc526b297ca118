package portal

// The link that a mail offers to put its address in force.

import (
	"errors"
	"net/http"

	"imprint/domain"
)

// confirmView is the page behind the link.
type confirmView struct {
	Token   string
	Done    bool
	Problem phrase
}

// askConfirm shows the button: a mail scanner that opens links has not read the
// mail.
func (p *portal) askConfirm(v *visit) error {
	view := confirmView{Token: v.r.URL.Query().Get("token")}
	if err := v.speakTo(view.Token); err != nil {
		return err
	}
	return v.showConfirm(http.StatusOK, view)
}

// confirm puts the address in force, signed in or not: whoever has the link reads
// the address's mail.
func (p *portal) confirm(v *visit) error {
	if err := v.parse(); err != nil {
		return err
	}
	view := confirmView{Token: v.r.URL.Query().Get("token")}
	if err := v.speakTo(view.Token); err != nil {
		return err
	}
	err := p.Confirmer.Confirm(v.ctx(), view.Token)
	var refused *domain.Error
	switch {
	case err == nil:
		view.Done = true
		return v.showConfirm(http.StatusOK, view)
	case errors.As(err, &refused) && refused.Kind == domain.NotFound:
		view.Problem = v.refusal(refused)
		return v.showConfirm(http.StatusNotFound, view)
	case errors.As(err, &refused) && refused.Kind == domain.Conflict:
		view.Problem = v.refusal(refused)
		return v.showConfirm(http.StatusConflict, view)
	}
	return err
}

func (v *visit) showConfirm(status int, view confirmView) error {
	return v.show(status, "confirm", "", v.words.text("confirm.title"), view)
}

// askAgain has another link sent to the address that waits.
func (p *portal) askAgain(v *visit) error {
	req, err := v.command()
	if err != nil {
		return err
	}
	written, err := p.People.AskAgain(v.ctx(), req, v.own.Person)
	if err != nil {
		return err
	}
	return v.done(written.Token, "/settings", "asked", nil)
}
