// Here a Letter becomes what both templates show: texts chosen in the reader's
// language, cleaned and bounded, links checked, dates written out. The templates
// decide nothing, so that the two parts cannot differ in what they tell.

package letter

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"imprint/domain"
)

// The most characters shown of each text.
const (
	maxTitle        = 200
	maxSubjectTitle = 70
	maxSummary      = 400
	maxReason       = 300
	maxName         = 100 // of a portal or a series
)

// phrase is one clean text. Lang is set where it is not the mail's own language;
// Label says so to the reader, once per entry and language.
type phrase struct {
	Text  string
	Lang  string
	Label string
}

// fact is a labelled phrase, with a link or without.
type fact struct {
	Name string
	phrase
	URL string
}

type entry struct {
	Kind    string
	Alert   bool   // something is no longer to be relied on
	Details string // version, number of updates, date
	Title   phrase
	URL     string
	Summary phrase
	Facts   []fact
	Notes   []string
}

type view struct {
	W                                *words
	Subject                          string
	Portal, Heading, Window          string
	Fallback                         string // says that the mail is not in the reader's language
	Entries                          []printed
	More                             string
	PortalURL, Settings, Unsubscribe string
}

func (p *Press) view(l Letter) (view, error) {
	at, err := newPortal(l.PortalURL)
	if err != nil {
		return view{}, err
	}
	if l.Zone == nil {
		l.Zone = time.UTC
	}
	w, known := wordsFor(l.Language)
	v := view{
		W:           w,
		Portal:      clean(l.Portal, maxName),
		Window:      w.window(l.From, l.Until, l.Zone),
		PortalURL:   at.text,
		Settings:    at.link(l.SettingsURL),
		Unsubscribe: at.link(l.UnsubscribeURL),
	}
	switch {
	case v.Portal == "":
		return view{}, errors.New("the portal has no name")
	case v.Settings == "" || v.Unsubscribe == "":
		return view{}, errors.New("the settings and unsubscribe links must lie under the portal's address")
	case len(l.Items) == 0 || len(l.Items) > MaxItems:
		return view{}, fmt.Errorf("%d entries; a letter has 1 to %d", len(l.Items), MaxItems)
	case l.More < 0:
		return view{}, fmt.Errorf("%d entries left out; none is the least", l.More)
	}
	if !known {
		v.Fallback = englishOnly
	}
	r := reader{words: w, locale: strings.ToLower(l.Language), portal: at, zone: l.Zone}
	for i, item := range l.Items {
		if _, ok := w.Kinds[item.Kind]; !ok {
			return view{}, fmt.Errorf("entry %d is of the unknown kind %q", i+1, item.Kind)
		}
		e, err := p.entry(r, item)
		if err != nil {
			return view{}, err
		}
		v.Entries = append(v.Entries, e)
	}
	v.Heading = w.count(w.Update, w.Updates, len(l.Items)+l.More)
	if l.More > 0 {
		v.More = w.count(w.AndMore, w.AndMores, l.More)
	}
	v.Subject = v.subject(len(l.Items) + l.More)
	return v, nil
}

// subject names the first entry and the number of the others. The title was
// cleaned to one line, so no header can be smuggled in; the mail client encodes
// what is not ASCII.
func (v view) subject(entries int) string {
	s := v.Entries[0].subject
	if entries > 1 {
		s += v.W.count(v.W.SubjectMore, v.W.SubjectAll, entries-1)
	}
	return s
}

// reader is for whom entries are written.
type reader struct {
	words  *words
	locale string // as chosen; may have no table
	portal portal
	zone   *time.Location
}

func (r reader) entry(i Item) entry {
	labelled := map[string]bool{}
	say := func(t domain.Text, limit int) phrase { return r.phrase(t, limit, labelled) }
	e := entry{
		Kind:    r.words.Kinds[i.Kind],
		Alert:   i.Kind == Withdrawn || i.Kind == VersionWithdrawn || i.Kind == Discontinued,
		Details: r.details(i),
		Title:   say(i.Title, maxTitle),
		URL:     r.portal.link(i.URL),
		Summary: say(i.Summary, maxSummary),
	}
	if e.Title.Text == "" {
		e.Title = phrase{Text: r.words.Untitled}
	}
	add := func(name string, p phrase, address string) {
		if p.Text != "" {
			e.Facts = append(e.Facts, fact{name, p, r.portal.link(address)})
		}
	}
	add(r.words.Reason, say(i.Reason, maxReason), "")
	series := r.words.Series
	if i.Via == ViaSeries && i.Kind != Moved { // of a move it is not said which of both is followed
		series = r.words.Followed
	}
	add(series, say(i.Series, maxName), i.SeriesURL)
	add(r.words.Former, say(i.Former, maxName), i.FormerURL)
	add(r.words.Successor, say(i.Successor, maxTitle), i.SuccessorURL)
	if i.Via == ViaLibrary {
		e.Notes = append(e.Notes, r.words.InLibrary)
	}
	if i.MaybeSent {
		e.Notes = append(e.Notes, r.words.MaybeSent)
	}
	return e
}

func (r reader) details(i Item) string {
	var parts []string
	if i.Version > 0 {
		parts = append(parts, fmt.Sprintf(r.words.Version, i.Version))
	}
	if i.Updates > 1 {
		parts = append(parts, fmt.Sprintf(r.words.Changes, i.Updates))
	}
	if !i.At.IsZero() {
		parts = append(parts, r.words.date(i.At.In(r.zone)))
	}
	return strings.Join(parts, " · ")
}

func (r reader) phrase(t domain.Text, limit int, labelled map[string]bool) phrase {
	text, used := t.In(r.locale)
	p := phrase{Text: clean(text, limit)}
	if p.Text == "" {
		return phrase{}
	}
	if language(used) != r.words.Locale && isTag(used) {
		p.Lang = used
	}
	if language(used) != language(r.locale) && !labelled[used] {
		labelled[used] = true
		p.Label = r.words.only(used)
	}
	return p
}
