package web

// What every request passes through, and the server around it.

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

// Times and sizes of a connection. A handler that needs longer for its body or
// answer asks for it (Patient); the server sets the times anew for each request.
const (
	headerTime     = 10 * time.Second
	idleTime       = 2 * time.Minute
	exchangeTime   = time.Minute // to read a request's body, and to write its answer
	patientTime    = time.Hour   // the same, of an upload or download
	maxHeaderBytes = 64 << 10
	// readHeaderBytes is what is read of a header to refuse it in our own words. Where
	// that is not enough, the server breaks off with 431 and a line of plain text.
	readHeaderBytes = 4 * maxHeaderBytes
)

// NewServer makes a server with bounded times and headers; the caller gives it a
// listener and shuts it down.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: exchangeTime, WriteTimeout: exchangeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: readHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Edge is what stands before every handler.
type Edge struct {
	Authenticator Authenticator
	Log           *slog.Logger
	// Stale tells whether the read models that hold audiences are behind the log:
	// Freshness.Stale. nil: they never are.
	Stale func(context.Context) bool
	// Watch is told of every request when it arrives, and by what it answers when it
	// has been dealt with; its context is what everything behind the edge gets. nil:
	// nobody watches.
	Watch func(context.Context, Arrival) (_ context.Context, ended func(Answer))
	// FromAnywhere are the patterns of requests that pages of other sites may send: what
	// they do rests on a token in their address and on nothing that a browser adds.
	FromAnywhere []string
}

// Arrival is a request for those who watch.
type Arrival struct {
	Correlation uuid.UUID
	Foreign     bool // the caller chose the correlation id, and may use it more than once
}

// Answer is what became of a request, for those who watch.
type Answer struct {
	Route  string // the pattern that served it, as http.ServeMux writes it; never the path
	Status int    // 0: no answer was begun
	Took   time.Duration
}

// contentPolicy allows what this origin serves, and no inline script or style.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler puts the edge before a handler.
func (e *Edge) Handler(next http.Handler) http.Handler {
	var protection http.CrossOriginProtection
	for _, pattern := range e.FromAnywhere {
		protection.AddInsecureBypassPattern(pattern)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id, foreign := correlationOf(r)
		v := &visit{correlation: id, log: e.Log.With("correlation", id.String())}
		ctx, ended := context.WithValue(r.Context(), visitKey{}, v), func(Answer) {}
		if e.Watch != nil {
			ctx, ended = e.Watch(ctx, Arrival{Correlation: id, Foreign: foreign})
		}
		r = r.WithContext(ctx)
		rec := &recorder{ResponseWriter: w}
		h := rec.Header()
		h.Set(CorrelationHeader, id.String())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store") // unless the handler says otherwise
		defer func() {
			fault := recover()
			if fault != nil && fault != http.ErrAbortHandler {
				v.log.Error("panic", "route", r.Pattern, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				if rec.status == 0 {
					WriteProblem(rec, r, fmt.Errorf("panic: %v", fault))
					fault = nil
				}
			}
			took := time.Since(start)
			v.log.Info("request", "method", r.Method, "route", r.Pattern, "status", rec.status, "bytes", rec.bytes, "duration", took, "role", string(v.reader.Role))
			ended(Answer{Route: r.Pattern, Status: rec.status, Took: took})
			if fault != nil {
				// Half an answer is out: the connection must not look like a whole one.
				panic(http.ErrAbortHandler)
			}
		}()
		e.serve(rec, r, v, &protection, next)
	})
}

func (e *Edge) serve(w http.ResponseWriter, r *http.Request, v *visit, protection *http.CrossOriginProtection, next http.Handler) {
	if r.Body != nil {
		r.Body = incoming{r.Body}
	}
	if n := headerBytes(r); n > maxHeaderBytes {
		w.Header().Set("Connection", "close")
		WriteProblem(w, r, Refuse(http.StatusRequestHeaderFieldsTooLarge, "header-too-large", "the request's first line and header have %d bytes, and at most %d are allowed; send fewer or shorter ones, cookies included", n, maxHeaderBytes))
		return
	}
	if err := protection.Check(r); err != nil {
		WriteProblem(w, r, Refuse(http.StatusForbidden, "cross-origin", "a page of another site sent this request in your name; it was refused. Open this site itself and try again"))
		return
	}
	reader, err := e.Authenticator.Authenticate(r.Context(), r)
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	v.reader = reader
	if e.Stale != nil && e.Stale(r.Context()) {
		// Here and nowhere else: whoever asks is shown what everyone may see.
		v.stale, v.reader.Unsure = true, true
		w.Header().Set(StaleHeader, "true")
	}
	next.ServeHTTP(w, r)
}

// headerBytes is the length of a request up to its body, but for the Host.
func headerBytes(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Proto)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return n
}

// Patient gives a request that moves files more time. Writers without deadlines
// (tests) are left as they are.
func Patient(w http.ResponseWriter) {
	c, end := http.NewResponseController(w), time.Now().Add(patientTime)
	_ = c.SetReadDeadline(end)
	_ = c.SetWriteDeadline(end)
}

// Limit bounds a request's body: one that declares more is refused before any of
// it is read, one that turns out longer when it passes the limit.
func Limit(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		// The rest is not worth receiving.
		w.Header().Set("Connection", "close")
		return &http.MaxBytesError{Limit: limit}
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	return nil
}

// recorder keeps what the log tells about an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK { // 1xx are not the answer
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the way open for the kernel to send files by itself.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController find the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
