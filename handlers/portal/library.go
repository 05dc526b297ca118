package portal

// My Library: what a person keeps and follows, and the forms that change it.

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/terms"
	"imprint/handlers"
)

type libraryView struct {
	Entries     []entry
	Series      []followed
	First, Next string
	Frequency   string // when digests come
}

// entry is one saved document. Title leads nowhere where it is not available.
type entry struct {
	ID           uuid.UUID
	Href         string
	Title        phrase
	Available    bool
	Withdrawn    bool
	Reason       phrase
	SavedAt      time.Time
	SavedVersion int
	SavedHref    string
	Version      int
	Series       *link
	Updated      bool
	UpdatedAt    time.Time
	Summary      phrase
	MoreUpdates  int
}

type followed struct {
	link
	ID           uuid.UUID
	Explicit     bool
	Discontinued bool
}

func (p *portal) library(v *visit) error {
	page, err := v.page(0)
	if err != nil {
		return err
	}
	found, err := p.Library.Library(v.ctx(), v.reader, v.now(), page)
	if err != nil {
		return err
	}
	view := libraryView{Frequency: v.words.text("frequency." + v.frequency())}
	view.First, view.Next = v.paging(page.After, found.Next)
	for _, e := range found.Entries {
		view.Entries = append(view.Entries, entry{
			ID: e.Document, Href: documentPath(e.Document), Title: v.title(e.Title, terms.Query{}), Available: e.Available,
			Withdrawn: e.Withdrawn, Reason: v.plain(e.Reason), SavedAt: v.at(e.SavedAt), SavedVersion: e.SavedVersion,
			SavedHref: versionPath(e.Document, e.SavedVersion), Version: e.Version, Series: v.seriesLink(e.Series, e.SeriesName),
			Updated: e.Updated, UpdatedAt: v.at(e.UpdatedAt), Summary: v.plain(e.Summary), MoreUpdates: e.MoreUpdates,
		})
	}
	for _, s := range found.Series {
		view.Series = append(view.Series, followed{link: *v.seriesLink(s.Series, s.Name), ID: s.Series, Explicit: s.Explicit, Discontinued: s.Discontinued})
	}
	return v.show(http.StatusOK, "library", "library", v.words.text("library.title"), view)
}

func (p *portal) save(v *visit) error {
	return v.change("document", "saved", func(req handlers.Request, id uuid.UUID) (event.Position, error) {
		done, err := p.Libraries.Save(v.ctx(), req, id)
		return done.Token, err
	})
}

func (p *portal) remove(v *visit) error {
	return v.change("document", "removed", func(req handlers.Request, id uuid.UUID) (event.Position, error) {
		done, err := p.Libraries.Remove(v.ctx(), req, id)
		return done.Token, err
	})
}

func (p *portal) follow(v *visit) error {
	return v.change("series", "followed", func(req handlers.Request, id uuid.UUID) (event.Position, error) {
		done, err := p.Libraries.Follow(v.ctx(), req, id)
		return done.Token, err
	})
}

func (p *portal) unfollow(v *visit) error {
	return v.change("series", "unfollowed", func(req handlers.Request, id uuid.UUID) (event.Position, error) {
		done, err := p.Libraries.Unfollow(v.ctx(), req, id)
		return done.Token, err
	})
}

// change carries out a command on the one thing that the address names.
func (v *visit) change(name, notice string, do func(handlers.Request, uuid.UUID) (event.Position, error)) error {
	req, err := v.command()
	if err != nil {
		return err
	}
	id, err := v.id(name)
	if err != nil {
		return err
	}
	token, err := do(req, id)
	if err != nil {
		return err
	}
	return v.done(token, v.back("/library"), notice, nil)
}

// saveAll saves what was ticked in a list.
func (p *portal) saveAll(v *visit) error {
	req, err := v.command()
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, 0, len(v.r.PostForm["document"]))
	for _, s := range v.r.PostForm["document"] {
		id, err := uuid.Parse(s)
		if err != nil {
			return domain.Refuse(domain.Invalid, "bad-document", "%s", v.words.text("problem.document")).In("document")
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return domain.Refuse(domain.Invalid, "nothing-chosen", "%s", v.words.text("problem.nothing-chosen")).In("document")
	}
	results, written, err := p.Libraries.SaveAll(v.ctx(), req, ids)
	if err != nil {
		return err
	}
	n := map[handlers.SaveOutcome]int{}
	for _, r := range results {
		n[r.Outcome]++
	}
	return v.done(written.Token, v.back("/library"), "bulk", url.Values{
		savedKey: {strconv.Itoa(n[handlers.SavedNow])}, alreadyKey: {strconv.Itoa(n[handlers.AlreadySaved])},
		missingKey: {strconv.Itoa(n[handlers.NotAvailable])},
	})
}
