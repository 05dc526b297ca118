package acceptance_test

// What persons do through the API, in few words.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/api"
	"imprint/handlers/web"
)

type object = map[string]any

func english(s string) object { return object{"en": s} }

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) send(who, method, path string, body any, headers ...string) (answer, error) {
	var sent io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string: // bytes of a file
		sent, kind = strings.NewReader(b), "application/pdf"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, w.server.URL+path, sent)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", kind)
	if who != "" {
		r.Header.Set(web.PersonHeader, who)
	}
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", uuid.NewString())
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := w.server.Client().Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, text}, err
}

// asks sends a request that must be answered with a status; the read models
// follow what it wrote.
func (w *world) asks(status int, who, method, path string, body any, headers ...string) answer {
	w.t.Helper()
	a, err := w.send(who, method, path, body, headers...)
	w.check(err)
	if a.status != status {
		w.t.Fatalf("%s %s by %q: status %d, want %d: %.400s", method, path, who, a.status, status, a.body)
	}
	if method != http.MethodGet && path != contents { // bytes alone are no event
		w.follow()
	}
	return a
}

func read[T any](w *world, who, path string) T {
	w.t.Helper()
	return into[T](w, w.asks(200, who, "GET", path, nil))
}

func into[T any](w *world, a answer) T {
	w.t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		w.t.Fatalf("%v: %.300s", err, a.body)
	}
	return v
}

const (
	documents = "/api/v1/documents"
	contents  = "/api/v1/contents"
)

func at(id uuid.UUID, more ...any) string {
	path := documents + "/" + id.String()
	for _, m := range more {
		path += fmt.Sprint("/", m)
	}
	return path
}

// upload stores bytes and answers their SHA-256.
func (w *world) upload(content string) string {
	w.t.Helper()
	return into[api.Stored](w, w.asks(201, "paula", "POST", contents, "%PDF-1.7\n"+content)).SHA256
}

func (w *world) files(content string) []object {
	return []object{{"name": "report.pdf", "sha256": w.upload(content)}}
}

// publish publishes a document for everyone; more overrides and adds fields.
func (w *world) publish(title string, more object) uuid.UUID {
	w.t.Helper()
	body := object{"title": english(title), "audience": "everyone", "summary": english("First issue"), "files": w.files(uuid.NewString())}
	for k, v := range more {
		body[k] = v
	}
	return into[api.DocumentReceipt](w, w.asks(201, "paula", "POST", documents, body)).Document
}

// version publishes a major version on top of one.
func (w *world) version(id uuid.UUID, based int, summary string, more object) {
	w.t.Helper()
	body := object{"major": true, "summary": english(summary), "files": w.files(uuid.NewString())}
	for k, v := range more {
		body[k] = v
	}
	w.asks(201, "paula", "POST", at(id, "versions"), body, "If-Match", fmt.Sprintf("%q", fmt.Sprint(based)))
}

func (w *world) minor(id uuid.UUID, based int) {
	w.t.Helper()
	w.version(id, based, "Typing error", object{"major": false})
}

func (w *world) details(id uuid.UUID, title string, more object) {
	w.t.Helper()
	body := object{"title": english(title)}
	for k, v := range more {
		body[k] = v
	}
	w.asks(200, "paula", "PUT", at(id, "details"), body)
}

func (w *world) correct(id uuid.UUID, number int, summary string) {
	w.t.Helper()
	w.asks(200, "paula", "POST", at(id, "versions", number, "corrections"), object{"summary": english(summary)})
}

func (w *world) withdraw(id uuid.UUID, reason string) {
	w.t.Helper()
	w.asks(200, "paula", "POST", at(id, "withdraw"), object{"reason": english(reason)})
}

func (w *world) withdrawVersion(id uuid.UUID, number int, reason string) {
	w.t.Helper()
	w.asks(200, "paula", "POST", at(id, "versions", number, "withdraw"), object{"reason": english(reason)})
}

func (w *world) series(name string) uuid.UUID {
	w.t.Helper()
	return into[api.SeriesReceipt](w, w.asks(201, "paula", "POST", "/api/v1/series", object{"name": english(name)})).Series
}

func (w *world) category(id, group, name string) {
	w.t.Helper()
	w.asks(200, "paula", "PUT", "/api/v1/categories/"+id, object{"group": group, "name": english(name)})
}

func (w *world) document(who string, id uuid.UUID) api.Document {
	w.t.Helper()
	return read[api.Document](w, who, at(id))
}

// list asks for a list by its query string.
func (w *world) list(who, query string) api.Listing {
	w.t.Helper()
	return read[api.Listing](w, who, documents+"?"+query)
}

func titles(l api.Listing) []string {
	all := []string{}
	for _, it := range l.Items {
		all = append(all, it.Title["en"])
	}
	return all
}

func (w *world) save(who string, id uuid.UUID) {
	w.t.Helper()
	w.asks(200, who, "PUT", "/api/v1/library/"+id.String(), nil)
}

func (w *world) remove(who string, id uuid.UUID) {
	w.t.Helper()
	w.asks(200, who, "DELETE", "/api/v1/library/"+id.String(), nil)
}

func (w *world) shelf(who string) api.Library {
	w.t.Helper()
	return read[api.Library](w, who, "/api/v1/library")
}

// entry is the one entry of a library about a document.
func (w *world) entry(who string, id uuid.UUID) api.LibraryEntry {
	w.t.Helper()
	all := w.shelf(who).Entries
	i := slices.IndexFunc(all, func(e api.LibraryEntry) bool { return e.Document == id })
	if i < 0 {
		w.t.Fatalf("%s is not in the library of %s", id, who)
	}
	return all[i]
}

// follows are the series that somebody follows.
func (w *world) follows(who string) []uuid.UUID {
	w.t.Helper()
	all := []uuid.UUID{}
	for _, f := range w.shelf(who).Series {
		all = append(all, f.Series)
	}
	return all
}

// choose sets somebody's digests: at 08:00 UTC, on Mondays, on the 1st.
func (w *world) choose(who, frequency string) {
	w.t.Helper()
	w.settings(who, object{"frequency": frequency})
}

// vouch confirms a person's address without the mail that asks for it.
func (w *world) vouch(who string) {
	w.t.Helper()
	_, err := w.people.Vouch(w.t.Context(), handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: event.OperatorActor}}, w.person(who))
	w.check(err)
}

func (w *world) settings(who string, more object) {
	w.t.Helper()
	body := object{"hour": 8, "weekday": 1, "monthDay": 1, "zone": "UTC", "language": "en", "address": who + "@reader.example"}
	for k, v := range more {
		body[k] = v
	}
	w.asks(200, who, "PUT", "/api/v1/settings", body)
	w.vouch(who)
	w.react()
}

// same fails unless two lists are equal.
func same[T comparable](w *world, what string, got, want []T) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equal[T comparable](w *world, what string, got, want T) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func sameTime(w *world, what string, got, want time.Time) {
	w.t.Helper()
	if !got.Equal(want) {
		w.t.Errorf("%s: got %s, want %s", what, got, want)
	}
}
