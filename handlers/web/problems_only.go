package web

// The standard library answers some errors in plain text: 404 and 405 of a mux,
// 416 of a range. Here they become problem documents.

import (
	"net/http"
)

// ProblemsOnly serves by the handler, and answers its errors as problems, unless
// they are problems already.
func ProblemsOnly(w http.ResponseWriter, r *http.Request, h http.Handler) {
	p := &plainCatcher{ResponseWriter: w}
	h.ServeHTTP(p, r)
	if p.status == 0 {
		return
	}
	WriteProblem(w, r, plain(p.status, w.Header()))
}

// plain words the errors that the standard library makes.
func plain(status int, h http.Header) error {
	switch status {
	case http.StatusNotFound:
		return Refuse(status, "no-route", "there is nothing at this address; /docs lists what there is")
	case http.StatusMethodNotAllowed:
		return Refuse(status, "bad-method", "this address does not take this method; it takes %s", h.Get("Allow"))
	case http.StatusRequestedRangeNotSatisfiable:
		r := Refuse(status, "bad-range", "the Range header asks for bytes that the file does not have; ask for fewer, or for all")
		r.In("Range").Header = http.Header{"Content-Range": h.Values("Content-Range")}
		return r
	}
	return Refuse(status, "refused", "the request was refused: %s", http.StatusText(status))
}

// plainCatcher holds back an error that is no problem document.
type plainCatcher struct {
	http.ResponseWriter
	status int // of the error held back, 0 for none
	wrote  bool
}

func (p *plainCatcher) WriteHeader(status int) {
	if p.wrote || p.status != 0 {
		return
	}
	if status >= http.StatusBadRequest && p.Header().Get("Content-Type") != ProblemType {
		p.status = status
		return
	}
	p.wrote = status >= http.StatusOK
	p.ResponseWriter.WriteHeader(status)
}

func (p *plainCatcher) Write(b []byte) (int, error) {
	if p.status != 0 {
		return len(b), nil
	}
	p.wrote = true
	return p.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the connection.
func (p *plainCatcher) Unwrap() http.ResponseWriter { return p.ResponseWriter }
