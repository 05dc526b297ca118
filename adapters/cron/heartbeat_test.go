package cron

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBeatsSteadilyAndNeverQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := Start(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for i := 1; i <= 3; i++ {
			<-h.Beats()
			if got, want := time.Since(start).Round(time.Second), time.Duration(i)*5*time.Second; got != want {
				t.Errorf("beat %d came after %s, not %s", i, got, want)
			}
		}
		time.Sleep(time.Minute) // virtual: a worker that is busy for a minute
		synctest.Wait()
		h.Stop()
		<-h.Beats()
		select {
		case <-h.Beats():
			t.Error("beats have queued up behind a busy worker")
		default:
		}
	})
}

func TestRefusesWhatTheSchedulerWouldRound(t *testing.T) {
	for _, every := range []time.Duration{0, -time.Second, 500 * time.Millisecond, 1500 * time.Millisecond} {
		if _, err := Start(every); err == nil {
			t.Errorf("%s was taken", every)
		}
	}
}
