package web

// What stands behind the question mark of an address.

import (
	"net/http"
	"net/url"

	"imprint/domain"
)

// Query reads the parameters of an address strictly. url.URL.Query passes over
// what it cannot read, and a filter that is passed over shows everything;
// domain.Invalid instead. A handler that has asked here may use either later.
func Query(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, domain.Refuse(domain.Invalid, "bad-query", "the parameters of the address cannot be read: %v; write %% as %%25, ; as %%3B and put & between parameters", err)
	}
	return query, nil
}
