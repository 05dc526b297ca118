package portal

// The way out of digests that a mail offers.

import (
	"errors"
	"net/http"

	"imprint/domain"
)

// OneClick is the request by which a mail program turns mails off (RFC 8058): it may
// come from a page of any site, for the token in it is all that it needs.
const OneClick = "POST /unsubscribe"

// askUnsubscribe shows the button: a mail scanner that opens links must not turn
// anything off.
func (p *portal) askUnsubscribe(v *visit) error {
	view := unsubscribeView{Token: v.r.URL.Query().Get("token")}
	if err := v.speakTo(view.Token); err != nil {
		return err
	}
	return v.show(http.StatusOK, "unsubscribe", "", v.words.text("unsubscribe.title"), view)
}

type unsubscribeView struct {
	Token   string
	Done    bool
	Problem phrase
}

// unsubscribe turns digests off, by the button or by a mail program's one click
// (RFC 8058), signed in or not.
func (p *portal) unsubscribe(v *visit) error {
	if err := v.parse(); err != nil {
		return err
	}
	// Mail programs may send the form in either encoding.
	if err := v.r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return domain.Refuse(domain.Invalid, "bad-form", "%s", v.words.text("problem.one-click")).Because(err)
	}
	if v.r.PostFormValue("List-Unsubscribe") != "One-Click" {
		return domain.Refuse(domain.Invalid, "not-one-click", "%s", v.words.text("problem.one-click")).In("List-Unsubscribe")
	}
	view := unsubscribeView{Token: v.r.URL.Query().Get("token")}
	if err := v.speakTo(view.Token); err != nil {
		return err
	}
	err := p.Unsubscriber.Unsubscribe(v.ctx(), view.Token)
	var refused *domain.Error
	if errors.As(err, &refused) && refused.Kind == domain.NotFound {
		view.Problem = v.refusal(refused)
		return v.show(http.StatusNotFound, "unsubscribe", "", v.words.text("unsubscribe.title"), view)
	}
	if err != nil {
		return err
	}
	view.Done = true
	return v.show(http.StatusOK, "unsubscribe", "", v.words.text("unsubscribe.title"), view)
}
