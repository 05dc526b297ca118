package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/kurrent"
	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
)

// A read model that has caught up once and is not fed any more shows the past:
// /readyz is red until it is fed again.
func TestReadyIsRedWhileAReadModelHasTrouble(t *testing.T) {
	h := newHouse(t)
	answers := httptest.NewServer((&site{opened: h.in}).ready(h.digests.Service, h.reactions))
	defer answers.Close()
	probe := &server{t: t, url: answers.URL}
	want := func(status int, says string) {
		t.Helper()
		probe.eventually("/readyz", func(got int, body string) bool {
			return got == status && strings.Contains(body, says) && !strings.Contains(body, `"caughtUp":false`)
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.in.readModels.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	want(http.StatusOK, `"ready":true`)

	rename := func(from, to string) {
		t.Helper()
		db, err := sql.Open("sqlite", h.in.folder.Views()+"?_pragma=busy_timeout(10000)")
		h.must(err)
		_, err = db.Exec("ALTER TABLE " + from + " RENAME TO " + to)
		h.must(errors.Join(err, db.Close()))
	}
	rename("generations", "gone") // nothing can be written now
	h.join("Ada")
	want(http.StatusServiceUnavailable, "trying again: the log says why")
	rename("gone", "generations")
	want(http.StatusOK, `"ready":true`)

	id := uuid.New()
	_, err := h.in.log.Append(ctx, document.Stream(id), event.NoStream, []event.Event{{
		ID: uuid.New(), Type: document.Published{}.EventType(), Data: []byte(`{}`),
		Meta: event.Metadata{Schema: 99, Time: domain.Moment(time.Now()), Actor: event.OperatorActor, Correlation: id},
	}})
	h.must(err)
	want(http.StatusServiceUnavailable, "stopped: the log says why")
}

// What /readyz says that the log says, it says: why a read model is not fed, that it
// is again, and why it has stopped.
func TestTheLogSaysWhatTroubleAReadModelHas(t *testing.T) {
	log := kurrenttest.Start(t)
	flags := engineFlags{Data: filepath.Join(t.TempDir(), "data"), Log: log.ConnectionString()}
	s := start(t, "serve", "--data", flags.Data, "--log", flags.Log, "--listen", "127.0.0.1:0")
	says := func(status int, texts ...string) {
		t.Helper()
		s.eventually("/readyz", func(got int, _ string) bool {
			said := s.output()
			for _, text := range texts {
				if !strings.Contains(said, text) {
					return false
				}
			}
			return got == status
		})
	}
	log.Stop()
	says(http.StatusServiceUnavailable, `msg="a read model is not fed; it is tried again" readModel=catalog ordinal=1 error="the log at `+log.Address())
	must(t, log.Restart())
	says(http.StatusOK, `msg="a read model is fed again" readModel=catalog`)

	writer, err := kurrent.Open(t.Context(), kurrent.Options{Address: flags.Log, Installation: "imprint"})
	must(t, err)
	defer func() { must(t, writer.Close()) }()
	id := uuid.New()
	_, err = writer.Append(t.Context(), document.Stream(id), event.NoStream, []event.Event{{
		ID: uuid.New(), Type: document.Published{}.EventType(), Data: []byte(`{}`),
		Meta: event.Metadata{Schema: 99, Time: domain.Moment(time.Now()), Actor: event.OperatorActor, Correlation: id},
	}})
	must(t, err)
	says(http.StatusServiceUnavailable, `msg="a read model has stopped" readModel=catalog ordinal=1 error=`)
}
