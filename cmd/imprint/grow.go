package main

// Here: the sample's story, told to the handlers under a scripted clock, so that
// the demo begins with sixty days behind it: versions, libraries, digests sent.

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"imprint/cmd/imprint/sample"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/reactions"
)

// scriptedClock shows a scripted time until it is released, then the machine's.
type scriptedClock struct {
	at atomic.Pointer[time.Time]
}

// Now is the domain.Clock.
func (c *scriptedClock) Now() time.Time {
	if at := c.at.Load(); at != nil {
		return *at
	}
	return time.Now()
}

func (c *scriptedClock) set(t time.Time) { c.at.Store(&t) }

func (c *scriptedClock) release() { c.at.Store(nil) }

// sampleNamespace gives the sample's documents and series the same ids in every
// demo, so that links into it stay good.
var sampleNamespace = uuid.MustParse("3d1c1f52-7a86-5b5a-9c0b-6c9f1f0f5e21")

// grower carries out the sample's steps.
type grower struct {
	in        *opened
	clock     *scriptedClock
	reactions *reactions.Reactions
	digests   *mailing
	story     sample.Sample
	start     time.Time
	people    map[string]access.Reader // by key
	versions  map[string]int           // newest number by document
	requests  int
}

// grow tells the whole story, up to the start of the demo, and leaves the clock to
// the machine.
func grow(ctx context.Context, in *opened, clock *scriptedClock, digests *mailing, story sample.Sample, start time.Time) (map[string]access.Reader, error) {
	g := &grower{
		in: in, clock: clock, digests: digests, story: story, start: start,
		reactions: in.reactions(0),
		people:    map[string]access.Reader{}, versions: map[string]int{},
	}
	defer clock.release()
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- in.readModels.Run(running) }()
	err := g.tell(ctx)
	stop()
	if stopped := <-done; err == nil {
		err = stopped
	}
	return g.people, err
}

func (g *grower) tell(ctx context.Context) error {
	if err := g.found(ctx); err != nil {
		return err
	}
	at := g.clock.Now()
	untold := false
	for i, step := range g.story.Steps {
		next := g.daysAgo(step.DaysAgo)
		// The days between two steps pass with their digests.
		for at = at.Add(24 * time.Hour); at.Before(next); at = at.Add(24 * time.Hour) {
			if err := g.mail(ctx, at); err != nil {
				return err
			}
		}
		at = next
		g.clock.set(at)
		if err := g.step(ctx, step); err != nil {
			return fmt.Errorf("the sample, %.2f days ago, %s of %s%s: %w", step.DaysAgo, step.Do, step.Document, step.Series, err)
		}
		// Steps close to each other are told of together.
		untold = untold || tellsReaders(step)
		last := i == len(g.story.Steps)-1
		if untold && (last || step.DaysAgo-g.story.Steps[i+1].DaysAgo > together) {
			if err := g.consequences(ctx); err != nil {
				return err
			}
			untold = false
		}
		if err := g.settled(ctx); err != nil { // the next step may ask what is visible
			return err
		}
	}
	return g.mail(ctx, g.start)
}

// together is how close to each other steps are that are told of together, in days.
const together = 0.25

// tellsReaders tells whether anything follows from a step for others.
func tellsReaders(step sample.Step) bool {
	switch step.Do {
	case sample.Save, sample.Remove, sample.Follow, sample.Unfollow, sample.Settings:
		return false
	}
	return true
}

// found makes what is there before the first step.
func (g *grower) found(ctx context.Context) error {
	operator := access.Reader{Person: event.OperatorActor}
	for _, c := range g.story.Categories {
		_, err := g.in.publishing.DefineCategory(ctx, g.request(operator), handlers.DefineCategory{Category: c.ID, Group: c.Group, Name: c.Name, Description: c.Description})
		if err != nil {
			return fmt.Errorf("the sample's category %s: %w", c.ID, err)
		}
	}
	for _, s := range g.story.Series {
		_, err := g.in.publishing.OpenSeries(ctx, g.request(operator), handlers.OpenSeries{Series: seriesOf(s.Key), Name: s.Name, Description: s.Description})
		if err != nil {
			return fmt.Errorf("the sample's series %s: %w", s.Key, err)
		}
	}
	for _, p := range g.story.People {
		joined, err := g.in.people.Join(ctx, g.request(operator), p.Name)
		if err != nil {
			return fmt.Errorf("the sample's person %s: %w", p.Key, err)
		}
		g.people[p.Key] = access.Reader{Person: joined.Person.String(), Role: p.Role}
		if !p.Role.MayChange() {
			continue // an auditor has no settings
		}
		if err := g.settings(ctx, p.Key, p.Settings); err != nil {
			return fmt.Errorf("the settings of %s: %w", p.Key, err)
		}
	}
	return nil
}

// consequences lets reactions, read models and digests follow what was done.
func (g *grower) consequences(ctx context.Context) error {
	if err := g.reactions.CatchUp(ctx); err != nil {
		return err
	}
	if err := g.settled(ctx); err != nil {
		return err
	}
	return g.mail(ctx, g.clock.Now())
}

// mail sends the digests that are due at a time.
func (g *grower) mail(ctx context.Context, at time.Time) error {
	g.clock.set(at)
	_, err := g.digests.RunOnce(ctx)
	return err
}

// settled waits until the read models show everything.
func (g *grower) settled(ctx context.Context) error {
	head, err := g.in.log.Head(ctx)
	if err != nil {
		return err
	}
	return g.in.readModels.Wait(ctx, head.Position)
}

func (g *grower) step(ctx context.Context, s sample.Step) error {
	who := g.people[s.By]
	req := g.request(who)
	doc := documentOf(s.Document)
	p := g.in.publishing
	var err error
	switch s.Do {
	case sample.Publish, sample.Version:
		return g.publish(ctx, req, s)
	case sample.Revise:
		_, err = p.Revise(ctx, req, handlers.ReviseDetails{Document: doc, Details: detailsOf(s.Details)})
	case sample.CorrectSummary:
		_, err = p.CorrectSummary(ctx, req, handlers.CorrectSummary{Document: doc, Number: s.Number, Summary: s.Summary})
	case sample.WithdrawVersion:
		_, err = p.WithdrawVersion(ctx, req, handlers.WithdrawVersion{Document: doc, Number: s.Number, Reason: s.Reason})
	case sample.Withdraw:
		_, err = p.Withdraw(ctx, req, handlers.WithdrawDocument{Document: doc, Reason: s.Reason})
	case sample.Reinstate:
		_, err = p.Reinstate(ctx, req, handlers.ReinstateDocument{Document: doc, Reason: s.Reason})
	case sample.DiscontinueSeries:
		_, err = p.DiscontinueSeries(ctx, req, handlers.DiscontinueSeries{Series: seriesOf(s.Series), Reason: s.Reason, Successor: seriesOf(s.Successor)})
	case sample.Save:
		_, err = g.in.libraries.Save(ctx, req, doc)
	case sample.Remove:
		_, err = g.in.libraries.Remove(ctx, req, doc)
	case sample.Follow:
		_, err = g.in.libraries.Follow(ctx, req, seriesOf(s.Series))
	case sample.Unfollow:
		_, err = g.in.libraries.Unfollow(ctx, req, seriesOf(s.Series))
	case sample.Settings:
		return g.settings(ctx, s.By, *s.Settings)
	default:
		err = fmt.Errorf("the demo does not know this action")
	}
	return err
}

func (g *grower) publish(ctx context.Context, req handlers.Request, s sample.Step) error {
	files := make([]document.File, len(s.Files))
	for i, f := range s.Files {
		stored, err := g.in.content.Put(ctx, bytes.NewReader(f.Content))
		if err != nil {
			return err
		}
		files[i] = document.File{Locale: f.Locale, Name: f.Name, SHA256: stored.SHA256, Bytes: stored.Bytes, MediaType: f.MediaType}
	}
	var effective *document.Period
	if s.Effective != nil {
		effective = &document.Period{From: g.day(s.Effective.From), To: g.day(s.Effective.To)}
	}
	id := documentOf(s.Document)
	var err error
	if s.Do == sample.Publish {
		_, err = g.in.publishing.Publish(ctx, req, handlers.PublishDocument{
			Document: id, Details: detailsOf(s.Details), Audience: access.Audience{Kind: s.Details.Audience},
			Urgent: s.Urgent, Files: files, Summary: s.Summary, Effective: effective,
		})
	} else {
		_, err = g.in.publishing.Version(ctx, req, handlers.AddVersion{
			Document: id, BasedOn: g.versions[s.Document], Major: s.Major, Urgent: s.Urgent,
			Files: files, Summary: s.Summary, Effective: effective,
		})
	}
	g.versions[s.Document] = s.Number
	return err
}

func (g *grower) settings(ctx context.Context, key string, s sample.NotificationSettings) error {
	who := g.people[key]
	id, err := uuid.Parse(who.Person)
	if err != nil {
		return err
	}
	address := ""
	for _, p := range g.story.People {
		if p.Key == key {
			address = p.Address
		}
	}
	_, err = g.in.people.ChangeSettings(ctx, g.request(who), handlers.Settings{Person: id, Schedule: s.Schedule, Language: s.Language, Address: address})
	if err != nil {
		return err
	}
	_, err = g.in.people.Vouch(ctx, g.request(access.Reader{Person: event.OperatorActor}), id)
	return err
}

// request names the next request of the story.
func (g *grower) request(who access.Reader) handlers.Request {
	g.requests++
	return handlers.Request{ID: fmt.Sprintf("sample-%d", g.requests), Actor: who}
}

func (g *grower) daysAgo(ago float64) time.Time {
	return domain.Moment(g.start.Add(-days(ago)))
}

// days is a span of so many days of 24 hours.
func days(n float64) time.Duration { return time.Duration(n * float64(24*time.Hour)) }

// day is the day so many days before the start.
func (g *grower) day(days int) domain.Date {
	return domain.DateOf(g.start.UTC().AddDate(0, 0, -days))
}

func documentOf(key string) uuid.UUID { return sampleID("document", key) }

func seriesOf(key string) uuid.UUID { return sampleID("series", key) }

// sampleID is the id of something by its key; the zero id for no key.
func sampleID(kind, key string) uuid.UUID {
	if key == "" {
		return uuid.Nil
	}
	return domain.Derive(sampleNamespace, kind, key)
}

func detailsOf(d sample.Details) document.Details {
	return document.Details{
		Title: d.Title, Description: d.Description, Series: seriesOf(d.Series),
		Categories: d.Categories, Services: d.Services, Regions: d.Regions, Industries: d.Industries,
	}
}
