package metrics

// Here: how things stand, asked for at each scrape.

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"imprint/domain/event"
	"imprint/domain/reaction"
	"imprint/projections"
)

// scrapeTime bounds what one scrape may ask of the sources. Prometheus gives up
// after 10 s unless it is told otherwise.
const scrapeTime = 5 * time.Second

// Sources are asked at each scrape. One that fails leaves its own numbers out, and
// imprint_source_up says so.
type Sources struct {
	Log interface {
		Head(context.Context) (event.Checkpoint, error)
		ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error)
	}
	ReadModels interface{ Status() []projections.Status }
	// Stopped tells for each reaction whether it has stopped.
	Stopped func() map[string]bool
	Parked  interface {
		Parked(context.Context) ([]reaction.Parked, error)
	}
	Digests interface {
		// Waits says why no digest goes out; "" while they do.
		Waits(context.Context) (string, error)
		// OldestDue is when the oldest unsent digest was due; zero if none is late.
		OldestDue(context.Context) (time.Time, error)
	}
	// Outcomes counts the digests since the start by what became of them.
	Outcomes func() map[string]int
	// RouteDown tells whether mails cannot leave now.
	RouteDown func() bool
}

// Names of sources.
const (
	sourceLog       = "log"
	sourceReactions = "reactions"
	sourceDigests   = "digests"
)

// Watch adds sources to what Handler answers. It is called once.
func (m *Metrics) Watch(s Sources) { m.registry.MustRegister(&standing{Sources: s, metrics: m}) }

// standing is a prometheus.Collector.
type standing struct {
	Sources
	metrics *Metrics
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// The descriptions never change; they are what Describe tells.
var (
	sourceUp = desc("source_up", "1 if the part answered when this scrape asked it, else 0.", "source")
	logHead  = desc("log_events", "The ordinal of the newest event of the log.")

	lagEvents   = desc("projection_lag_events", "Events of the log that the read model has not passed.", "projection")
	lagSeconds  = desc("projection_lag_seconds", "Age of the oldest event that the read model has not passed; 0 if it has passed all.", "projection")
	parkedKeys  = desc("projection_parked_keys", "Keys hidden until they are replayed; told by the process that holds the lease.", "projection")
	leading     = desc("projection_leading", "1 if this process holds the lease of the read model.", "projection")
	caughtUp    = desc("projection_caught_up", "1 if the read model has reached the end of the log since the start.", "projection")
	stopped     = desc("projection_stopped", "1 if the read model has stopped for good.", "projection")
	retrying    = desc("projection_retrying", "1 if folding failed and is tried again.", "projection")
	unknown     = desc("projection_unknown_events_total", "Events passed over because this program does not know their type.", "projection")
	leaseMoves  = desc("projection_lease_changes_total", "How often this process has taken the lease, and lost it to another or to a switch.", "projection", "change")
	reactionEnd = desc("reaction_stopped", "1 if the reaction waits for a newer program.", "reaction")
	reactionBad = desc("reaction_parked_events", "Events whose consequence failed for good and waits for a replay.")

	digestAge   = desc("digest_oldest_due_age_seconds", "Age of the oldest digest that is due and not sent; 0 if none is.")
	digestsWait = desc("digests_waiting", "1 if no digest goes out because a read model is behind, has stopped or hides parked keys.")
	digestEnds  = desc("digests_total", "What has become of digests: accepted, empty, withheld, put_off, deferred, failed, doubtful, resent, lost, errors.", "outcome")
	routeDown   = desc("mail_route_down", "1 if the mail server could not be reached and is left alone for a while.")
)

// Describe implements prometheus.Collector.
func (s *standing) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		sourceUp, logHead, lagEvents, lagSeconds, parkedKeys, leading, caughtUp, stopped, retrying, unknown, leaseMoves,
		reactionEnd, reactionBad, digestAge, digestsWait, digestEnds, routeDown,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *standing) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	c := collection{out}
	c.up(sourceLog, s.readModels(ctx, c))
	c.up(sourceReactions, s.reactions(ctx, c))
	c.up(sourceDigests, s.digests(ctx, c))
}

func (s *standing) readModels(ctx context.Context, c collection) error {
	status := s.ReadModels.Status()
	for _, st := range status {
		p := st.Projection
		c.gauge(leading, flag(st.Leading), p)
		c.gauge(caughtUp, flag(st.CaughtUp), p)
		c.gauge(stopped, flag(st.Stopped != ""), p)
		c.gauge(retrying, flag(st.Trouble != ""), p)
		if st.Leading { // who does not lead knows no newer number than from when it led
			c.gauge(parkedKeys, float64(st.Parked), p)
		}
		passed := int64(0)
		for _, n := range st.Unknown {
			passed += n
		}
		c.counter(unknown, float64(passed), p)
		c.counter(leaseMoves, float64(st.Taken), p, "taken")
		c.counter(leaseMoves, float64(st.Lost), p, "lost")
	}
	head, err := s.Log.Head(ctx)
	if err != nil {
		return err
	}
	c.gauge(logHead, float64(head.Ordinal))
	for _, st := range status {
		age, err := s.age(ctx, st.Checkpoint, head)
		if err != nil {
			return err
		}
		// An append after Head may have been folded already.
		c.gauge(lagEvents, float64(max(0, head.Ordinal-st.Checkpoint.Ordinal)), st.Projection)
		c.gauge(lagSeconds, age, st.Projection)
	}
	return nil
}

// age is how long ago the first event after a checkpoint was recorded, in seconds.
// The log is asked for it only where something is behind.
func (s *standing) age(ctx context.Context, at, head event.Checkpoint) (float64, error) {
	if at.Ordinal >= head.Ordinal {
		return 0, nil
	}
	next, err := s.Log.ReadAll(ctx, at, 1)
	if err != nil || len(next) == 0 {
		return 0, err
	}
	return s.metrics.since(next[0].LogTime), nil
}

func (s *standing) reactions(ctx context.Context, c collection) error {
	for name, is := range s.Stopped() {
		c.gauge(reactionEnd, flag(is), name)
	}
	parked, err := s.Parked.Parked(ctx)
	if err == nil {
		c.gauge(reactionBad, float64(len(parked)))
	}
	return err
}

func (s *standing) digests(ctx context.Context, c collection) error {
	for outcome, n := range s.Outcomes() {
		c.counter(digestEnds, float64(n), outcome)
	}
	c.gauge(routeDown, flag(s.RouteDown()))
	why, err := s.Digests.Waits(ctx)
	if err != nil {
		return err
	}
	c.gauge(digestsWait, flag(why != ""))
	due, err := s.Digests.OldestDue(ctx)
	if err != nil {
		return err
	}
	age := 0.0
	if !due.IsZero() {
		age = s.metrics.since(due)
	}
	c.gauge(digestAge, age)
	return nil
}

// since is an age by the application's clock, never negative.
func (m *Metrics) since(t time.Time) float64 { return max(0, m.clock().Sub(t).Seconds()) }

// collection is one scrape.
type collection struct{ out chan<- prometheus.Metric }

func (c collection) gauge(d *prometheus.Desc, v float64, labels ...string) {
	c.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (c collection) counter(d *prometheus.Desc, v float64, labels ...string) {
	c.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (c collection) up(source string, err error) { c.gauge(sourceUp, flag(err == nil), source) }

func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
