package main

// Here: who publishes through several programs at once, and goes to the other one
// when one does not answer, as a client behind a load balancer does.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	// pace is how often each of them publishes while all is well.
	pace = 500 * time.Millisecond
	// versionsOn is how many versions of each document show that publishing goes on.
	versionsOn = 2
	// answerWithin is when a client gives an answer up and asks again.
	answerWithin = 10 * time.Second
)

// programs are the addresses under which the installation is served now.
type programs struct {
	client *http.Client

	mu   sync.Mutex // guards urls
	urls []string
}

func newPrograms(urls ...string) *programs {
	return &programs{client: &http.Client{Timeout: answerWithin}, urls: urls}
}

// replace puts another program in the place of one.
func (p *programs) replace(old, by string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, url := range p.urls {
		if url == old {
			p.urls[i] = by
		}
	}
}

// put makes the address of one of them known, by its place.
func (p *programs) put(place int, url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.urls) <= place {
		p.urls = append(p.urls, url)
	}
	p.urls[place] = url
}

// at is the address of one of them, by turns.
func (p *programs) at(turn int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.urls[turn%len(p.urls)]
}

// call is a request that may be sent several times.
type call struct {
	method, path, token string
	header              map[string]string
	body                []byte
}

// send sends it to one of the programs. An error is the lack of an answer.
func (p *programs) send(ctx context.Context, turn int, c call) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, c.method, p.at(turn)+c.path, bytes.NewReader(c.body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// receipt is what a client reads of the answer to a write.
type receipt struct {
	Document  uuid.UUID
	Version   int
	WaitToken string
	Repeated  bool
}

// persist sends a request to the programs by turns until one carries it out. Only
// the lack of an answer, and 503, are a reason to ask again.
func (p *programs) persist(ctx context.Context, turn int, c call) (receipt, error) {
	again := time.NewTicker(pace / 10)
	defer again.Stop()
	for ; ; turn++ {
		status, answer, err := p.send(ctx, turn, c)
		switch {
		case err != nil || status == http.StatusServiceUnavailable:
		case status == http.StatusOK || status == http.StatusCreated:
			var r receipt
			err := json.Unmarshal(answer, &r)
			return r, err
		default:
			return receipt{}, fmt.Errorf("%s %s: %d %s", c.method, c.path, status, answer)
		}
		select {
		case <-ctx.Done():
			return receipt{}, ctx.Err()
		case <-again.C:
		}
	}
}

// publisher publishes one version of a document after the other until it is told to
// stop, and knows which were acknowledged.
type publisher struct {
	document uuid.UUID
	urgent   bool // without the grace period

	mu           sync.Mutex // guards what follows
	acknowledged int        // versions: all up to this one
	newest       receipt
}

// content is the bytes of a version, unlike those of any other.
func (p *publisher) content(version int) string {
	return fmt.Sprintf("Document %s, version %d\n", p.document, version)
}

// begin publishes the first version.
func (p *publisher) begin(ctx context.Context, to *programs, token, title string) error {
	english := func(text string) map[string]string { return map[string]string{"en": text} }
	body, contentType, err := form(map[string]any{"id": p.document, "title": english(title), "audience": "signed-in",
		"categories": []string{"reports"}, "summary": english("It begins.")}, p.content(1))
	if err != nil {
		return err
	}
	p.newest, err = to.persist(ctx, 0, call{method: http.MethodPost, path: "/api/v1/documents", token: token, body: body,
		header: map[string]string{"Content-Type": contentType, "Idempotency-Key": uuid.NewString()}})
	p.acknowledged = p.newest.Version
	return err
}

// next publishes the next version. Now and then the client loses the answer and
// sends the same request to the other program.
func (p *publisher) next(ctx context.Context, to *programs, token string) error {
	version := p.done() + 1
	body, contentType, err := form(map[string]any{"major": true, "urgent": p.urgent, "summary": map[string]string{"en": fmt.Sprintf("This is version %d.", version)}}, p.content(version))
	if err != nil {
		return err
	}
	c := call{method: http.MethodPost, path: "/api/v1/documents/" + p.document.String() + "/versions", token: token, body: body,
		header: map[string]string{"Content-Type": contentType, "If-Match": fmt.Sprintf(`"%d"`, version-1), "Idempotency-Key": uuid.NewString()}}
	r, err := to.persist(ctx, version, c)
	if err == nil && version%3 == 0 {
		if r, err = to.persist(ctx, version+1, c); err == nil && !r.Repeated {
			return fmt.Errorf("version %d of %s was published by a request that had been acknowledged", r.Version, p.document)
		}
	}
	if err == nil && r.Version != version {
		err = fmt.Errorf("version %d of %s was acknowledged as %d", version, p.document, r.Version)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acknowledged, p.newest = version, r
	return nil
}

// done is the newest version that was acknowledged.
func (p *publisher) done() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.acknowledged
}

// publishing is publishers at work, each with a document of its own.
type publishing struct {
	all   []*publisher
	stop  func()        // returns when each of them has ended
	wrong chan struct{} // closed when one has failed
}

// publish lets them work until stop. Whatever is not an acknowledgement or a reason
// to ask again fails the test.
func publish(t *testing.T, to *programs, token string, all []*publisher) *publishing {
	ctx, cancel := context.WithCancel(t.Context())
	stopping, wrong := make(chan struct{}), make(chan struct{})
	once := sync.Once{}
	var working sync.WaitGroup
	for _, p := range all {
		working.Go(func() {
			beat := time.NewTicker(pace)
			defer beat.Stop()
			for {
				if err := p.next(ctx, to, token); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
						once.Do(func() { close(wrong) })
					}
					return
				}
				select {
				case <-stopping:
					return
				case <-beat.C:
				}
			}
		})
	}
	stop := sync.OnceFunc(func() { close(stopping); working.Wait() })
	t.Cleanup(func() { cancel(); stop() })
	return &publishing{all: all, stop: stop, wrong: wrong}
}

// goOn waits until each of them has had some more versions acknowledged.
func (p *publishing) goOn(s *system) {
	s.t.Helper()
	want := make([]int, len(p.all))
	for i, one := range p.all {
		want[i] = one.done() + versionsOn
	}
	s.until("every publisher has gone on", func() string {
		select {
		case <-p.wrong:
			s.t.FailNow() // it has said why
		default:
		}
		missing := 0
		for i, one := range p.all {
			missing += max(0, want[i]-one.done())
		}
		return left(missing, "versions are not acknowledged")
	})
}

// left words how many are missing, "" if none is.
func left(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}
