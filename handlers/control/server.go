package control

// Here: the end that has the installation open.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/handlers/web"
)

// Handler serves the operations. It asks nobody who they are: see the package.
func Handler(here Operations) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+tokensPath, func(w http.ResponseWriter, r *http.Request) {
		var ask Issue
		if err := decode(http.MaxBytesReader(w, r.Body, maxAsked), &ask); err != nil {
			answer(w, err, 0, nil)
			return
		}
		t, err := here.Issue(r.Context(), ask)
		answer(w, err, http.StatusCreated, issued{token(t.Token), t.Secret})
	})
	mux.HandleFunc("GET "+tokensPath, func(w http.ResponseWriter, r *http.Request) {
		all, err := here.List(r.Context())
		list := listed{Tokens: make([]token, len(all))}
		for i, t := range all {
			list.Tokens[i] = token(t)
		}
		answer(w, err, http.StatusOK, list)
	})
	mux.HandleFunc("DELETE "+tokensPath+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := uuid.Parse(r.PathValue("id"))
		if err != nil {
			err = domain.Refuse(domain.Invalid, "bad-token-id", "%.60q is not a token's id", r.PathValue("id"))
		} else {
			err = here.Revoke(r.Context(), id)
		}
		answer(w, err, http.StatusNoContent, nil)
	})
	mux.HandleFunc("POST "+retriesPath, func(w http.ResponseWriter, r *http.Request) {
		var ask retry
		if err := decode(http.MaxBytesReader(w, r.Body, maxAsked), &ask); err != nil {
			answer(w, err, 0, nil)
			return
		}
		done, err := here.Retry(r.Context(), ask.Person)
		answer(w, err, http.StatusOK, done)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, domain.Refuse(domain.NotFound, "unknown-operation", "the program that holds the folder does not know %.10s %.100q; it is of another version: stop it, and ask again", r.Method, r.URL.Path), 0, nil)
	})
	return mux
}

// decode reads one JSON object. Its errors do not show what was sent, which may
// hold a name.
func decode(body io.Reader, into any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return domain.Refuse(domain.TooLarge, "body-too-large", "the request has more than %d bytes", large.Limit)
	case err != nil:
		return domain.Refuse(domain.Invalid, "bad-body", "the request is not the JSON object that belongs to this operation")
	}
	return nil
}

// answer sends the refusal if there is one, else the status and the body.
func answer(w http.ResponseWriter, err error, status int, body any) {
	if err != nil {
		r := refuse(err)
		status, body = web.Status(r.Kind), r
	}
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Errorf("encode the answer: %w", err)) // strings, ids and times: cannot happen
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the asker may be gone
}
