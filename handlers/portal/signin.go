package portal

// Signing in. In the demo one chooses whom to be; elsewhere the page says how
// this installation recognises people.

import (
	"net/http"
	"slices"

	"imprint/domain"
	"imprint/handlers/web"
)

type signInView struct{ Return string }

func (p *portal) signIn(v *visit) error {
	to := v.r.URL.Query().Get(returnKey)
	if !local(to) {
		to = "/"
	}
	return v.show(http.StatusOK, "sign-in", "", v.words.text("sign-in.title"), signInView{Return: to})
}

// becomePerson makes the visitor of a demo somebody, or nobody again. There is no
// such address anywhere else.
func (p *portal) becomePerson(v *visit) error {
	if p.Persons == nil {
		return v.absent()
	}
	if err := v.parse(); err != nil {
		return err
	}
	key := v.r.PostForm.Get("person")
	cookie := &http.Cookie{Name: web.PersonCookie, Value: key, Path: "/", HttpOnly: true, Secure: v.r.TLS != nil, SameSite: http.SameSiteLaxMode}
	switch {
	case key == "":
		cookie.MaxAge = -1 // forget
	case !slices.ContainsFunc(p.Persons, func(p Person) bool { return p.Key == key }):
		return domain.Refuse(domain.Invalid, "unknown-person", "%s", v.words.text("problem.person")).In("person")
	}
	http.SetCookie(v.w, cookie)
	http.Redirect(v.w, v.r, v.back("/"), http.StatusSeeOther)
	return nil
}
