package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/digest"
	"imprint/domain/notice"
	"imprint/handlers"
)

// running does in the background what serve does, until stop is called.
func (h *publishingHouse) running() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all errgroup.Group
	beats := make(chan struct{})
	all.Go(func() error { return h.in.readModels.Run(ctx) })
	all.Go(func() error { return h.in.listen(ctx) })
	all.Go(func() error { return h.in.react(ctx, h.reactions) })
	all.Go(func() error { return h.in.forget(ctx) })
	all.Go(func() error { return h.digests.Run(ctx, beats) })
	all.Go(func() error {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			select {
			case <-ctx.Done():
				return nil
			case beats <- struct{}{}:
			}
		}
	})
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			h.must(all.Wait())
		}
	}
	h.t.Cleanup(stop)
	return stop
}

// A command beside a serving program waits for the read models that the other keeps
// up to date.
func TestACommandBesideAServingProgramIsNotRefused(t *testing.T) {
	flags := external(t)
	h := newHouseOn(t, flags)
	h.running()
	h.publish()
	head, err := h.in.log.Head(t.Context())
	h.must(err)
	h.must(h.in.readModels.Wait(t.Context(), head.Position)) // the other holds the leases
	due := &digestDue{digestFlags{engineFlags: flags, portalFlags: portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags: mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"}}}
	h.must(due.Run(t.Context(), quietly(t)))
}

// beside opens the same installation once more.
func (h *publishingHouse) beside() *publishingHouse {
	h.t.Helper()
	return h.again(h.flags)
}

// leaders are the holders of the read models' leases among two programs.
func leaders(all ...*publishingHouse) (n int, by map[string]int) {
	by = map[string]int{}
	for _, h := range all {
		for _, s := range h.in.readModels.Status() {
			if s.Leading {
				n++
				by[s.Projection]++
			}
		}
	}
	return n, by
}

// Two programs on the same engines: both publish and both show it, and whatever
// follows from an event follows once.
func TestTwoProgramsOnTheSameEngines(t *testing.T) {
	a := newHouseOn(t, external(t))
	b := a.beside()
	if a.in.holder == b.in.holder {
		t.Fatalf("both are called %s", a.in.holder)
	}
	stopA := a.running()
	b.running()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	const versions = 6
	for i := range versions {
		writer, other := a, b
		if i%2 == 1 {
			writer, other = b, a
		}
		if i == versions-2 {
			stopA() // from here on the other does all the work
			writer, other = b, b
		}
		if i == versions-1 {
			writer, other = b, b
		}
		done, err := writer.in.publishing.Version(ctx, operator(), handlers.AddVersion{Document: a.doc, BasedOn: i + 1, Major: true, Urgent: true,
			Files: writer.files(), Summary: domain.English("Version.")})
		a.must(err)
		a.must(other.in.readModels.Wait(ctx, done.Token)) // whoever leads, the other hears of it
		if _, by := leaders(a, b); by["catalog"] > 1 {
			t.Errorf("the catalog is led by %d", by["catalog"])
		}
		held, err := work.Leases(ctx, a.in.work)
		a.must(err)
		if len(held) > 1 {
			t.Errorf("leases: %+v", held)
		}
	}

	// Each cause is released once, and told once.
	for {
		released, told := map[uuid.UUID]int{}, 0
		for _, e := range b.events() {
			p, err := b.in.codec.Registry().Decode(e)
			a.must(err)
			switch p := p.(type) {
			case notice.Released:
				released[p.Cause]++
			case digest.Sent:
				for _, item := range p.Items {
					told += item.Updates
				}
			}
		}
		if len(released) == versions+1 && told >= versions { // the first version came before anybody kept the document
			for id, n := range released {
				if n != 1 {
					t.Errorf("the notice of %s was released %d times", id, n)
				}
			}
			if told != versions {
				t.Errorf("%d updates were told, want %d", told, versions)
			}
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d released, %d told, want %d", len(released), told, versions)
		case <-time.After(100 * time.Millisecond):
		}
	}
	a.must((&projectionsVerify{engineFlags: a.flags}).Run(t.Context(), quietly(t)))
}

// A request's id is good for one request, whichever program gets it.
func TestARequestIsOneForAllPrograms(t *testing.T) {
	a := newHouseOn(t, external(t))
	b := a.beside()
	req := operator()
	first := handlers.DefineCategory{Category: "first", Group: "reports", Name: domain.English("First")}
	_, err := a.in.publishing.DefineCategory(t.Context(), req, first)
	a.must(err)
	again, err := b.in.publishing.DefineCategory(t.Context(), req, first)
	a.must(err)
	if !again.Repeated {
		t.Errorf("the same request was carried out twice: %+v", again)
	}
	_, err = b.in.people.Join(t.Context(), req, "Ada")
	if domain.KindOf(err) != domain.Reused {
		t.Errorf("another request under the same id: %v", err)
	}
}

// Readiness goes red while an engine is away, says which setting names it, and is
// green again by itself.
func TestReadyIsRedWhileAnEngineIsAway(t *testing.T) {
	log := kurrenttest.Start(t)
	database := postgrestest.Start(t, postgrestest.Options{})
	bucket := newStorage(t)
	flags := external(t)
	flags.Log, flags.Database, flags.Content = log.ConnectionString(), database.URL("postgres"), bucket.url
	if code := codeOf(func() error { _, err := open(t.Context(), flags, options{create: true}); return err }()); code != "older-schema" {
		t.Fatalf("without tables: %s", code)
	}
	if err := (&migrateUp{engineFlags: flags}).Run(t.Context(), quietly(t)); err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, flags)
	h.running()
	answers := httptest.NewServer((&site{opened: h.in}).ready(h.digests.Service, h.reactions))
	defer answers.Close()
	probe := &server{t: t, url: answers.URL}
	want := func(status int, says string) {
		t.Helper()
		probe.eventually("/readyz", func(got int, body string) bool { return got == status && strings.Contains(body, says) })
	}
	want(http.StatusOK, `"ready":true`)
	log.Stop()
	want(http.StatusServiceUnavailable, `"away":["IMPRINT_LOG"]`)
	h.must(log.Restart())
	want(http.StatusOK, `"ready":true`)
	database.Stop(t)
	want(http.StatusServiceUnavailable, `"away":["IMPRINT_DATABASE"]`)
	database.Restart(t)
	want(http.StatusOK, `"ready":true`)
	bucket.away.Store(true)
	want(http.StatusServiceUnavailable, `"away":["IMPRINT_CONTENT"]`)
	bucket.away.Store(false)
	want(http.StatusOK, `"ready":true`)
	// A server that comes back with another log is away, too, and is given nothing.
	log.Stop()
	stranger := kurrenttest.Start(t, kurrenttest.At(log.Address()))
	want(http.StatusServiceUnavailable, `"away":["IMPRINT_LOG"]`)
	stranger.Stop()
	h.must(log.Restart())
	want(http.StatusOK, `"ready":true`)
	h.publish()
	head, err := h.in.log.Head(t.Context())
	h.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	h.must(h.in.readModels.Wait(ctx, head.Position))
}
