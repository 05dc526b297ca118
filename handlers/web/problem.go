package web

// Errors as people and programs see them over HTTP: RFC 9457 problem documents.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
)

// ProblemType is the media type of a problem document.
const ProblemType = "application/problem+json"

// ProblemPath is where the pages that explain problems are served; a problem's
// type is this followed by its code.
const ProblemPath = "/problems/"

// Problem is an RFC 9457 problem document. It is an error with a status, so that
// frameworks can pass it on.
type Problem struct {
	Type     string `json:"type" doc:"The address of a page that explains the problem." example:"/problems/stale-version"`
	Title    string `json:"title" doc:"What kind of problem it is." example:"Precondition failed"`
	Status   int    `json:"status" doc:"The HTTP status." example:"412"`
	Detail   string `json:"detail" doc:"What is wrong here, and what to do." example:"the newest version is 3, not 2; look at version 3, then publish on top of it"`
	Instance string `json:"instance" doc:"The correlation id of the request, as a URN; quote it when you ask for help." example:"urn:uuid:0198c0de-0000-7000-8000-000000000000"`
	Code     string `json:"code" doc:"The stable name of the rule." example:"stale-version"`
	Field    string `json:"field,omitempty" doc:"The input at fault, where there is one." example:"If-Match"`

	header http.Header
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that belong to the answer besides the type.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is ProblemType, whatever was negotiated.
func (p *Problem) ContentType(string) string { return ProblemType }

// Refusal is an error that only HTTP knows, and that no kind of domain.Error
// stands for.
type Refusal struct {
	Status  int
	Code    string
	Message string
	Field   string
	Header  http.Header
}

func (r *Refusal) Error() string { return r.Message }

// Refuse makes a Refusal.
func Refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// In names the header or field at fault.
func (r *Refusal) In(field string) *Refusal {
	r.Field = field
	return r
}

// Status is the HTTP status of a kind of error: the one table.
func Status(kind domain.Kind) int {
	switch kind {
	case domain.Invalid:
		return http.StatusBadRequest
	case domain.Unauthenticated:
		return http.StatusUnauthorized
	case domain.Forbidden:
		return http.StatusForbidden
	case domain.NotFound:
		return http.StatusNotFound
	case domain.Conflict:
		return http.StatusConflict
	case domain.Stale:
		return http.StatusPreconditionFailed
	case domain.Reused:
		return http.StatusUnprocessableEntity
	case domain.Gone:
		return http.StatusGone
	case domain.TooMany:
		return http.StatusTooManyRequests
	case domain.TooLarge:
		return http.StatusRequestEntityTooLarge
	case domain.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// retrySeconds is when to come back after a 503.
const retrySeconds = "1"

// Explain turns an error into a problem. The cause of a fault of ours goes to
// the log and nowhere else, and so does what is wrong with an engine. The correlation id is that of the context.
func Explain(ctx context.Context, err error) *Problem {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	p := &Problem{Instance: (uuid.UUID)(Correlation(ctx)).URN(), header: http.Header{}}
	var refusal *Refusal
	var refused *domain.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &refusal):
		p.Status, p.Code, p.Detail, p.Field = refusal.Status, refusal.Code, refusal.Message, refusal.Field
		for name, values := range refusal.Header {
			p.header[name] = values
		}
	case errors.As(err, &refused):
		p.Status, p.Code, p.Detail, p.Field = Status(refused.Kind), refused.Code, refused.Message, refused.Field
		if refused.Kind == domain.Unavailable && strings.HasPrefix(p.Field, "IMPRINT_") {
			// What it says names hosts and settings: it is for the operator, in the log.
			p.Detail, p.Field = "a part of this service does not answer or is full; nothing that was acknowledged is lost, send the request again in a moment, and tell us the instance if it goes on", ""
		}
	case errors.As(err, &large):
		p.Status, p.Code = http.StatusRequestEntityTooLarge, "body-too-large"
		p.Detail = fmt.Sprintf("the request has more than the %d bytes allowed here; send less", large.Limit)
	case left(ctx, err):
		p.Status, p.Code, p.Detail = http.StatusBadRequest, "broken-request", "the request broke off before its end; send it again"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Status, p.Code, p.Detail = http.StatusServiceUnavailable, "gave-up", "the request took too long and was given up; send it again"
	default:
		p.Status, p.Code = http.StatusInternalServerError, "internal"
		p.Detail = "something failed on our side; send the request again, and if it keeps failing, tell us the instance"
	}
	if p.Status >= http.StatusInternalServerError || left(ctx, err) {
		tell(ctx, "request failed", err, "code", p.Code)
	}
	switch p.Status {
	case http.StatusUnauthorized:
		p.header.Set("WWW-Authenticate", `Bearer realm="imprint"`)
	case http.StatusServiceUnavailable:
		p.header.Set("Retry-After", retrySeconds)
	}
	p.Type, p.Title = ProblemPath+p.Code, http.StatusText(p.Status)
	return p
}

// WriteProblem answers a request with an error.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := Explain(r.Context(), err)
	h := w.Header()
	// What was meant for the answer that did not come about.
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified", "Repr-Digest"} {
		h.Del(name)
	}
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", ProblemType)
	h.Set("Cache-Control", "no-store")
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number
	}
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n')) // the client may be gone
	}
}

// BreakOff ends an answer that has begun and cannot be finished: the connection
// must not look like a whole one. It does not return.
func BreakOff(ctx context.Context, err error) {
	tell(ctx, "answer broken off", err)
	panic(http.ErrAbortHandler)
}

// tell writes the cause of a failure down: as an error where it is ours, and as
// information where the client went away.
func tell(ctx context.Context, message string, err error, more ...any) {
	level := slog.LevelError
	if left(ctx, err) {
		level, message = slog.LevelInfo, "the client went away"
	}
	logger(ctx).Log(ctx, level, message, append(more, "cause", err)...)
}

// Absent is the one answer for what is not there and for what is hidden.
func Absent(ctx context.Context, what, name string) error {
	if !Reader(ctx).SignedIn() {
		return domain.Refuse(domain.Unauthenticated, "sign-in", "the %s %.80q is not public, or does not exist; sign in and ask again", what, name)
	}
	return domain.Refuse(domain.NotFound, "no-"+what, "there is no %s %.80q that you may see; check the address", what, name)
}
