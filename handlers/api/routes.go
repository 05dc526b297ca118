package api

// The table of routes: what there is, and whom it serves.

import (
	"net/http"

	"imprint/domain"
	"imprint/domain/access"
)

// Serves says who may use a route at all.
type Serves string

// Whom routes serve. No route that changes anything serves an auditor. Anything else serves nobody.
const (
	Everyone   Serves = "everyone"   // the answer holds what the reader may see
	SignedIn   Serves = "signed-in"  // every known person
	Publishers Serves = "publishers" // publishers and administrators
	Auditors   Serves = "auditors"   // auditors and administrators
	// Administrators look after accounts and mail domains.
	Administrators Serves = "administrators"
	// Postmasters hand in reports of failed mails, and are served nothing else but
	// what serves everyone.
	Postmasters Serves = "postmasters"
)

// Route is one method of one address, as http.ServeMux writes it.
type Route struct {
	Method  string
	Pattern string
	Serves  Serves
}

const prefix = "/api/v1"

// Routes lists everything that the API's handler serves.
func Routes() []Route {
	const document = prefix + "/documents/{document}"
	const version = document + "/versions/{number}"
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []Route{
		{get, prefix + "/documents", Everyone},
		{get, document, Everyone},
		{get, document + "/versions", Everyone},
		{get, version, Everyone},
		{get, version + "/files/{file}", Everyone}, // and HEAD
		{get, document + "/events", Everyone},
		{get, prefix + "/catalog", Everyone},
		{get, prefix + "/events", Auditors},
		{get, prefix + "/history", Auditors},

		{post, prefix + "/contents", Publishers},
		{post, prefix + "/documents", Publishers},
		{post, document + "/versions", Publishers},
		{put, document + "/details", Publishers},
		{put, document + "/audience", Publishers},
		{post, document + "/withdraw", Publishers},
		{post, document + "/reinstate", Publishers},
		{post, version + "/corrections", Publishers},
		{post, version + "/withdraw", Publishers},
		{post, version + "/reinstate", Publishers},

		{get, prefix + "/series", Everyone},
		{get, prefix + "/series/{series}", Everyone},
		{post, prefix + "/series", Publishers},
		{put, prefix + "/series/{series}", Publishers},
		{post, prefix + "/series/{series}/discontinue", Publishers},

		{get, prefix + "/categories", Everyone},
		{put, prefix + "/categories/{category}", Publishers},
		{post, prefix + "/categories/{category}/move", Publishers},
		{del, prefix + "/categories/{category}", Publishers},

		{get, prefix + "/library", SignedIn},
		{post, prefix + "/library", SignedIn},
		{put, prefix + "/library/{document}", SignedIn},
		{del, prefix + "/library/{document}", SignedIn},
		{put, prefix + "/library/series/{series}", SignedIn},
		{del, prefix + "/library/series/{series}", SignedIn},

		{get, prefix + "/settings", SignedIn},
		{put, prefix + "/settings", SignedIn},
		{post, prefix + "/settings/address/link", SignedIn},

		{post, prefix + "/mail-reports", Postmasters},

		{get, prefix + "/persons/{person}", Administrators},
		{post, prefix + "/persons/{person}/disable", Administrators},
		{post, prefix + "/persons/{person}/enable", Administrators},
		{post, prefix + "/persons/{person}/erase", Administrators},
		{get, prefix + "/mail-domains/{domain}", Administrators},
		{put, prefix + "/mail-domains/{domain}", Administrators},
		{del, prefix + "/mail-domains/{domain}", Administrators},

		{get, "/openapi.json", Everyone},
		{get, "/openapi.yaml", Everyone},
		{get, "/docs", Everyone},
		{get, "/api/style.css", Everyone},
		{get, "/problems/{code}", Everyone},
	}
}

// admit refuses a reader whom a route does not serve.
func (s Serves) admit(r access.Reader) error {
	if s == Everyone {
		return nil
	}
	if r.Role == access.Postmaster {
		if s == Postmasters {
			return nil
		}
		return domain.Refuse(domain.Forbidden, "only-a-postmaster", "a postmaster's token hands in reports of failed mails, and serves for nothing else")
	}
	if !r.SignedIn() {
		return domain.Refuse(domain.Unauthenticated, "sign-in", "sign in to do this: send an access token as \"Authorization: Bearer TOKEN\"")
	}
	switch {
	case s == Postmasters:
		return domain.Refuse(domain.Forbidden, "not-a-postmaster", "only mail servers may do this; issue a token for one: imprint token issue --role postmaster")
	case s == SignedIn, s == Publishers && r.Role.MayPublish(), s == Auditors && r.Role.MayAudit(), s == Administrators && r.Role.MayAdminister():
		return nil
	case s == Publishers:
		return domain.Refuse(domain.Forbidden, "not-a-publisher", "only publishers and administrators may do this; ask an administrator for the role")
	case s == Auditors:
		return domain.Refuse(domain.Forbidden, "not-an-auditor", "only auditors and administrators may do this; ask an administrator for the role")
	case s == Administrators:
		return domain.Refuse(domain.Forbidden, "not-an-administrator", "only administrators may do this")
	}
	return domain.Refuse(domain.Forbidden, "not-served", "nobody may do this")
}
