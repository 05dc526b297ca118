package portal

// For publishers: how many would be told of a document's next version, and the mail.

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/terms"
	"imprint/handlers/digest"
	"imprint/handlers/web"
	"imprint/projections/catalog"
	"imprint/projections/notices"
)

type previewView struct {
	Document  link
	Action    string // of the form
	Number    int
	Summaries []summaryInput
	Languages []choice
	Language  string
	Problem   phrase // why there is nothing else

	Readers              []readers // by frequency; none where nobody would be told
	Total                string
	Waiting, Quiet, More string // what else there is to say of the numbers; "": nothing

	Subject string
	Text    []piece
	HTML    string // the address of the HTML part; "" where there is no mail
}

// readers are those who get mails as often as one another.
type readers struct{ Frequency, Count string }

// summaryInput is what has changed, in one language, as typed.
type summaryInput struct{ Name, Label, Value string }

// previewInputs are what the page takes: the summary in each language of mails, and
// the language to show.
var previewInputs = func() []string {
	inputs := []string{"language"}
	for _, l := range mailLanguages {
		inputs = append(inputs, summaryKey(l))
	}
	return inputs
}()

func summaryKey(locale string) string { return "summary." + locale }

func previewPath(id uuid.UUID) string { return documentPath(id) + "/preview" }

func (p *portal) preview(v *visit) error {
	d, err := v.next()
	if err != nil {
		return err
	}
	w, q := v.words, v.r.URL.Query()
	view := previewView{
		Document: link{Href: documentPath(d.ID), Name: v.title(d.Title, terms.Query{})}, Action: previewPath(d.ID), Number: d.NewestRecorded + 1, Language: v.mailLanguage(),
	}
	asked := url.Values{"language": {view.Language}}
	for _, l := range mailLanguages {
		view.Summaries = append(view.Summaries, summaryInput{Name: summaryKey(l), Label: w.text("preview.summary", w.language(l)), Value: q.Get(summaryKey(l))})
		view.Languages = append(view.Languages, choice{l, w.language(l)})
		asked.Set(summaryKey(l), q.Get(summaryKey(l)))
	}
	f, err := v.forecast(d)
	status := http.StatusOK
	var refused *domain.Error
	switch {
	case errors.Is(err, notices.ErrPartial):
		status, view.Problem = http.StatusServiceUnavailable, said(w.text("preview.partial"))
	case errors.As(err, &refused) && (refused.Kind == domain.Invalid || refused.Kind == domain.TooLarge):
		status, view.Problem = web.Explain(v.ctx(), err).Status, v.refusal(refused)
	case err != nil:
		return err
	default:
		view.tell(w, f)
		if f.Mail.Text != "" {
			view.Subject, view.Text, view.HTML = f.Mail.Subject, linked(f.Mail.Text), view.Action+"/mail?"+asked.Encode()
			v.frames()
		}
	}
	return v.show(status, "preview", "documents", w.text("preview.title", view.Document.Name.String()), view)
}

// tell says the numbers.
func (view *previewView) tell(w words, f digest.Forecast) {
	total := 0
	for _, frequency := range []calendar.Frequency{calendar.Immediate, calendar.Daily, calendar.Weekly, calendar.Monthly} {
		if n := f.Told[frequency]; n > 0 {
			total += n
			view.Readers = append(view.Readers, readers{w.text("frequency." + string(frequency)), w.number(n)})
		}
	}
	view.Total = w.number(total)
	if f.Waiting > 0 {
		view.Waiting = w.count("preview.waiting", f.Waiting)
	}
	if f.Quiet > 0 {
		view.Quiet = w.count("preview.quiet", f.Quiet)
	}
	if f.More {
		view.More = w.text("preview.more", w.number(digest.MostForeseen))
	}
}

// previewMail serves the HTML part of the mail, as mailHTML does.
func (p *portal) previewMail(v *visit) error {
	d, err := v.next()
	if err != nil {
		return err
	}
	f, err := v.forecast(d)
	if err != nil {
		return err
	}
	if f.Mail.HTML == "" {
		return v.absent()
	}
	return v.foreign(f.Mail.HTML)
}

// next reads the document of the address, for those who may publish its next version.
func (v *visit) next() (catalog.Document, error) {
	d, err := v.find()
	if err == nil && !v.reader.Role.MayPublish() {
		err = v.absent()
	}
	return d, err
}

// forecast asks what the version typed would lead to.
func (v *visit) forecast(d catalog.Document) (digest.Forecast, error) {
	q, summary := v.r.URL.Query(), domain.Text{}
	for _, l := range mailLanguages {
		if s := strings.ReplaceAll(q.Get(summaryKey(l)), "\r\n", "\n"); s != "" { // as browsers send lines
			summary[l] = s
		}
	}
	if err := summary.Check("summary", document.MaxSummary); err != nil {
		return digest.Forecast{}, err
	}
	return v.portal.Forecasts.Foresee(v.ctx(), digest.NextVersion{
		Document: d.ID, Title: d.Title, Series: d.Series, SeriesName: d.SeriesName, Audience: d.Audience, Number: d.NewestRecorded + 1, Summary: summary,
	}, v.mailLanguage(), v.zone.String())
}

// mailLanguage is the language in which the mail is to be shown.
func (v *visit) mailLanguage() string {
	if l := v.r.URL.Query().Get("language"); l != "" {
		return l
	}
	return v.words["locale"]
}
