package api

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"imprint/domain/access"
)

// Explained lists the codes that have an explanation.
func Explained() []string { return slices.Sorted(maps.Keys(explanations())) }

// Unlisted registers a page that is not in the table, and tells what comes of it.
func Unlisted(path string) error {
	a := &api{mux: http.NewServeMux()}
	a.page(path, func(http.ResponseWriter, *http.Request) {})
	return errors.Join(a.faults...)
}

// Admit is whom a route serves, decided.
func (s Serves) Admit(r access.Reader) error { return s.admit(r) }
