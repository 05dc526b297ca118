// Package letter writes one person's digest mail: a subject, a plain text and an
// HTML part that tell the same facts in the same order. It is a pure function of
// its Letter: no clock, no input or output, no mail protocol. Equal letters give
// equal bytes, because a digest in doubt is sent again byte for byte. A Press prints
// many letters and keeps entries that are equal in several; that changes no byte.
//
// What a mail holds: whose portal it is from, the number of updates, the window
// in the reader's own zone, the entries (at most MaxItems, then "and N more"),
// why the reader gets it, and links to the portal, the settings and
// unsubscribing. The words are English or German; a reader of another language
// gets the English ones and a line that says so. A title or summary that is not
// in the reader's language is shown in the language it has, and labelled.
//
// Nothing that a publisher wrote is trusted. Every text is cleaned (clean.go):
// one line, valid UTF-8, without control, bidi or invisible characters, cut to a
// stated length. Right-to-left text is isolated, by <bdi> in HTML and by
// FSI … PDI (Unicode UAX 9) elsewhere. A link that does not lie under the
// portal's address is left out and its title stays as text; the letter's own
// three links must lie there, or Render refuses.
//
// Bounds: a subject has at most 160 characters, a title 200, a summary 400, a
// reason 300, an address 900; so a mail of 50 entries stays within some hundred
// kilobytes whatever it is given, and near 30 in practice.
package letter

import (
	"fmt"
	"time"

	"imprint/domain"
	"imprint/domain/digest"
)

// MaxItems is the greatest number of entries that a mail names (BEHAVIOUR §8).
const MaxItems = digest.ListedItems

// Kind says what happened to the document or series of an entry.
type Kind string

// The kinds of entry.
const (
	Updated          Kind = "updated"           // a new major version
	Published        Kind = "published"         // a new document in a followed series
	Withdrawn        Kind = "withdrawn"         // the whole document
	VersionWithdrawn Kind = "version-withdrawn" // one version of it
	Reinstated       Kind = "reinstated"        // withdrawn before, available again
	Joined           Kind = "joined"            // the document joined a series
	Left             Kind = "left"              // the document left its series
	Moved            Kind = "moved"             // from one series into another
	Discontinued     Kind = "discontinued"      // the series ends; Title and URL are the series'
)

// Via says through what the reader follows the document.
type Via string

// A document reached both ways is one entry, told as ViaLibrary.
const (
	ViaLibrary Via = "library"
	ViaSeries  Via = "series"
)

// Letter is everything a digest mail tells. Its addresses are absolute and lie
// under PortalURL.
type Letter struct {
	Language       string // the reader's locale, e.g. "de" or "pt-br"
	Portal         string // name of the portal, e.g. "Halden Cloud Trust Center"
	PortalURL      string
	SettingsURL    string
	UnsubscribeURL string
	From, Until    time.Time      // the window, half-open; a zero or later From is not shown
	Zone           *time.Location // the reader's, as calendar.Zone answers it; nil is UTC
	Items          []Item         // 1 to MaxItems, in the order to be told
	More           int            // entries left out of Items
}

// Item is one entry: one document, or one discontinued series. Zero values are
// left out of the mail, but for Kind; an empty Title gets a placeholder.
type Item struct {
	Kind         Kind
	Title        domain.Text
	URL          string
	Version      int
	Updates      int // told from 2 on: "3 updates"
	At           time.Time
	Summary      domain.Text
	Reason       domain.Text
	Via          Via
	Series       domain.Text
	SeriesURL    string
	Former       domain.Text // the series that the document was in before
	FormerURL    string
	Successor    domain.Text
	SuccessorURL string
	MaybeSent    bool // was in a digest of which it is not known whether it arrived
}

// Mail is a rendered letter. The subject is one line, not yet encoded; the texts
// are UTF-8 with "\n" line ends.
type Mail struct {
	Subject string
	Text    string
	HTML    string
}

// Render writes the mail. It refuses a letter that must not go out: without
// entries, with too many, of an unknown kind, without the portal's name, or with
// a portal, settings or unsubscribe link that is missing or elsewhere. Whatever
// the publishers' texts hold never makes it fail.
func (p *Press) Render(l Letter) (Mail, error) {
	v, err := p.view(l)
	if err != nil {
		return Mail{}, fmt.Errorf("compose a digest letter: %w", err)
	}
	f, err := p.frame(v)
	if err != nil {
		return Mail{}, err
	}
	return v.render(f)
}

// Render writes one mail.
func Render(l Letter) (Mail, error) { return new(Press).Render(l) }
