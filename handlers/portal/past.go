package portal

// Looking back: what happened to a document, and how things stood at a moment.

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/terms"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

type historyView struct {
	Document    link
	Events      []happened
	First, Next string
	Whole       bool   // with everything that is recorded, for auditors
	Exports     []link // the same as files, for auditors
	AsOf        string
	Reflects    int64
}

type happened struct {
	Ordinal    int64
	What       string
	Type       string
	Version    int
	Time       time.Time
	Actor      string
	ID         string
	Commitment string
	Data       string // indented JSON
}

// public are the events that every reader of a document may know of.
var public = []string{
	document.Published{}.EventType(), document.Versioned{}.EventType(), document.DetailsRevised{}.EventType(),
	document.SummaryCorrected{}.EventType(), document.DatesCorrected{}.EventType(), document.VersionWithdrawn{}.EventType(),
	document.VersionReinstated{}.EventType(), document.Withdrawn{}.EventType(), document.Reinstated{}.EventType(),
}

func (p *portal) history(v *visit) error {
	d, err := v.find() // whoever may not see it now sees nothing of its past
	if err != nil {
		return err
	}
	filter := history.EventFilter{Document: d.ID, Types: public}
	whole := v.reader.Role.MayAudit()
	if whole {
		filter.Types = nil
	}
	page, err := v.page(catalog.MaxPage)
	if err != nil {
		return err
	}
	found, err := p.History.Events(v.ctx(), filter, page)
	if err != nil {
		return err
	}
	view := historyView{
		Document: link{Href: documentPath(d.ID), Name: v.title(d.Title, terms.Query{})}, Whole: whole,
		AsOf: "/as-of?" + url.Values{"document": {d.ID.String()}}.Encode(), Reflects: found.Reflects,
	}
	view.First, view.Next = v.paging(page.After, found.Next)
	if whole {
		view.Exports = v.exports(url.Values{"document": {d.ID.String()}})
	}
	for _, e := range found.Events {
		shown := happened{Ordinal: e.Ordinal, What: v.words.event(e.Type), Type: e.Type, Version: e.Version, Time: v.at(e.Time)}
		if whole {
			shown.Actor, shown.ID, shown.Commitment, shown.Data = e.Actor, e.ID.String(), e.Commitment, indented(e.Data)
		}
		view.Events = append(view.Events, shown)
	}
	return v.show(http.StatusOK, "history", "documents", v.words.text("history.title", view.Document.Name.String()), view)
}

// exports are the addresses of the history as a file, in each form.
func (v *visit) exports(filter url.Values) (all []link) {
	for _, format := range []string{"csv", "jsonl"} {
		filter.Set("format", format)
		all = append(all, link{Href: "/api/v1/history?" + filter.Encode(), Name: said(v.words.text("export." + format))})
	}
	return all
}

// event names a type of event; one without a name of its own keeps the log's.
func (w words) event(name string) string {
	if known, ok := w["event."+name]; ok {
		return known
	}
	return name
}

func indented(data json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return string(data)
	}
	return b.String()
}

type asOfView struct {
	Day, Ordinal, By, Document string // as typed
	Asked                      bool
	Resolved                   int64
	LogTime                    time.Time
	Provisional                bool
	Recorded                   bool // by the order of recording; else by the times claimed
	Catalog                    *catalogView
	Past                       *documentView
	Problem                    string
	Exports                    []link // the whole history as files, for auditors
}

type catalogView struct {
	Items       []item
	Total       catalog.Count
	First, Next string
}

// asOf is a form, and the answer to it: the catalog or one document as it was.
func (p *portal) asOf(v *visit) error {
	q := v.r.URL.Query()
	view := asOfView{
		Day: q.Get("day"), Ordinal: strings.TrimSpace(q.Get("ordinal")), By: q.Get("by"), Document: strings.TrimSpace(q.Get("document")),
	}
	view.Asked = view.Day != "" || view.Ordinal != ""
	page, err := v.page(0)
	if err == nil && !view.Asked {
		return v.showAsOf(http.StatusOK, view)
	}
	if err == nil {
		err = v.answer(&view, page)
	}
	switch domain.KindOf(err) {
	case "":
		return v.showAsOf(http.StatusOK, view)
	case domain.Invalid:
		view.Problem = err.Error()
		return v.showAsOf(http.StatusBadRequest, view)
	}
	return err
}

func (v *visit) showAsOf(status int, view asOfView) error {
	if v.reader.Role.MayAudit() {
		view.Exports = v.exports(url.Values{})
	}
	return v.show(status, "as-of", "as-of", v.words.text("as-of.title"), view)
}

// answer asks for the past. A day means its last moment in the reader's zone.
func (v *visit) answer(view *asOfView, page catalog.Page) error {
	var m history.Moment
	if view.Ordinal != "" {
		n, err := strconv.ParseInt(view.Ordinal, 10, 64)
		if err != nil || n < 1 {
			return domain.Refuse(domain.Invalid, "bad-ordinal", "%s", v.words.text("problem.ordinal")).In("ordinal")
		}
		m.Ordinal = n
	} else {
		end, err := v.day("day", view.Day, 1)
		if err != nil {
			return err
		}
		m.Time = end.Add(-time.Microsecond) // what the log's times are counted in
	}
	if view.Document != "" {
		return v.documentAsOf(view, m)
	}
	var found history.AsOf[catalog.Listing]
	var err error
	if view.By == "published" && view.Ordinal == "" {
		found, err = v.portal.History.CatalogPublishedBy(v.ctx(), v.reader, m.Time, page)
	} else {
		found, err = v.portal.History.CatalogAsOf(v.ctx(), v.reader, m, page)
	}
	if err != nil {
		return err
	}
	view.Resolved, view.LogTime, view.Provisional, view.Recorded = found.Ordinal, v.at(found.LogTime), found.Provisional, found.By == "recorded"
	list := &catalogView{Total: found.Answer.Total}
	for _, it := range found.Answer.Items {
		list.Items = append(list.Items, v.item(it, terms.Query{}))
	}
	list.First, list.Next = v.paging(page.After, found.Answer.Next)
	view.Catalog = list
	return nil
}

func (v *visit) documentAsOf(view *asOfView, m history.Moment) error {
	id, err := uuid.Parse(view.Document)
	if err != nil {
		return v.absent()
	}
	found, err := v.portal.History.DocumentAsOf(v.ctx(), v.reader, id, m)
	if err != nil {
		return err
	}
	past, err := v.documentView(found.Answer)
	if err != nil {
		return err
	}
	view.Resolved, view.LogTime, view.Provisional, view.Recorded = found.Ordinal, v.at(found.LogTime), found.Provisional, true
	view.Past = &past
	return nil
}
