package portal

// Forms: from a POST to a command, and from the command back to a page.

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/web"
)

// The inputs that every form has, and what a redirect tells the page it leads to.
const (
	idempotencyKey = "key"    // random for each form rendered
	returnKey      = "return" // where to go afterwards
	noticeKey      = "done"
	savedKey       = "saved"
	alreadyKey     = "already"
	missingKey     = "missing"
)

const maxForm = 64 << 10 // bytes; 200 documents to save are 10 KB

// parse reads a form. Only a body counts: a link must not fill in a form.
func (v *visit) parse() error {
	if err := web.Limit(v.w, v.r, maxForm); err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return domain.Refuse(domain.Invalid, "bad-form", "the form could not be read; open the page again and send it from there").Because(err)
	}
	return nil
}

// command reads a form and makes the request of a signed-in person of it.
func (v *visit) command() (handlers.Request, error) {
	if err := v.parse(); err != nil {
		return handlers.Request{}, err
	}
	if !v.reader.SignedIn() {
		return handlers.Request{}, domain.Refuse(domain.Unauthenticated, "sign-in", "sign in to do this")
	}
	if !v.reader.MayKeep() {
		return handlers.Request{}, handlers.AuditorChangesNothing()
	}
	asked := url.Values{}
	for name, values := range v.r.PostForm {
		if name != idempotencyKey && name != returnKey {
			asked[name] = values
		}
	}
	return handlers.Request{
		ID: v.r.PostForm.Get(idempotencyKey), Actor: v.reader, Correlation: web.Correlation(v.ctx()),
		Fingerprint: v.portal.Keys.Fingerprint(v.r.Method, v.r.URL.EscapedPath(), []byte(asked.Encode())),
	}, nil
}

// back is the page that a form came from, or one of ours if it does not say.
func (v *visit) back(otherwise string) string {
	to := v.r.PostForm.Get(returnKey)
	if !local(to) {
		return otherwise
	}
	return to
}

// local tells whether an address leads nowhere but to this origin. Browsers read
// a backslash as a slash, and two of them begin another host.
func local(to string) bool {
	if len(to) > 4096 || !strings.HasPrefix(to, "/") || strings.ContainsAny(to, "\\\r\n\t") {
		return false
	}
	u, err := url.Parse(to)
	return err == nil && u.Host == "" && u.Scheme == ""
}

// done waits until the read models show what was written, and leads back. If they
// are behind for too long the write stands, and the notice says so.
func (v *visit) done(written event.Position, to, notice string, more url.Values) error {
	if err := v.portal.waiter.Until(v.ctx(), written); err != nil {
		if domain.KindOf(err) != domain.Unavailable {
			return err
		}
		notice = "behind"
	}
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	q := u.Query()
	for name, values := range more {
		q[name] = values
	}
	q.Set(noticeKey, notice)
	u.RawQuery = q.Encode()
	http.Redirect(v.w, v.r, u.RequestURI(), http.StatusSeeOther)
	return nil
}

// notice is what a redirect had to tell. Only names and numbers come with it, so
// that a link cannot put words into our mouth.
func (v *visit) notice() string {
	q, w := v.r.URL.Query(), v.words
	number := func(key string) int {
		n, _ := strconv.Atoi(q.Get(key)) // what is no number counts nothing
		return max(n, 0)
	}
	switch name := q.Get(noticeKey); name {
	case "asked", "saved", "removed", "followed", "unfollowed", "settings", "behind":
		return w.text("notice." + name)
	case "bulk":
		told := []string{w.count("notice.bulk.saved", number(savedKey))}
		if n := number(alreadyKey); n > 0 {
			told = append(told, w.count("notice.bulk.already", n))
		}
		if n := number(missingKey); n > 0 {
			told = append(told, w.count("notice.bulk.missing", n))
		}
		return strings.Join(told, " ")
	}
	return ""
}
