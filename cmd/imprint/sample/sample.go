// Package sample is the world that `imprint demo` plays: what Halden Cloud, a
// company that does not exist, has published in the last 60 days, who reads it,
// and when everybody did what.
//
// Nothing here touches a log or a read model. Load reads the embedded files and
// answers one list of steps, oldest first; the demo carries the steps out as
// ordinary commands under a scripted clock.
//
// # Changing the sample
//
//   - company.json: the tiles (categories), the series, and what happens to series.
//   - people.json: the persons, their notification settings, and what each of
//     them keeps, drops, follows or changes.
//   - documents/*.json: the documents, one file per top group. A document states
//     its details once; its history says what was done to it, oldest first. A
//     history entry is a Step in which everything that can be told from its place
//     is left out.
//   - files/<document>/v<number>.<locale>.<extension>: the bytes of each version,
//     found by that name alone. `v2.de.md` is the German file of version 2.
//     `v1.en.pdf.md` is turned into a PDF on loading, so that no binary file is
//     kept in the repository (see pdf.go for the little markdown it knows).
//
// Times are days before now, so the sample never ages: 12.5 is twelve and a half
// days ago. For the same reason the texts name no calendar dates. Load checks the
// whole story (see check.go) and names the step that does not fit.
package sample

import (
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/category"
)

// Action is what a step does.
type Action string

// The actions. The comment names the fields that count beside DaysAgo and By.
const (
	Publish           Action = "publish"            // Document, Details, Number (1), Files, Summary, Major, Urgent, Effective
	Version           Action = "version"            // Document, Number (the new one), Files, Summary, Major, Urgent, Effective
	Revise            Action = "revise"             // Document, Details (complete, as they are from then on)
	CorrectSummary    Action = "correct-summary"    // Document, Number, Summary
	WithdrawVersion   Action = "withdraw-version"   // Document, Number, Reason
	Withdraw          Action = "withdraw"           // Document, Reason
	Reinstate         Action = "reinstate"          // Document, Reason
	DiscontinueSeries Action = "discontinue-series" // Series, Successor, Reason
	Save              Action = "save"               // Document
	Remove            Action = "remove"             // Document
	Follow            Action = "follow"             // Series
	Unfollow          Action = "unfollow"           // Series
	Settings          Action = "settings"           // Settings
)

// Sample is the whole story. Categories, series and people are there before the
// first step; steps are ordered from the oldest to the newest.
type Sample struct {
	Categories []Category
	Series     []Series
	People     []Person
	Steps      []Step
}

// Category is one tile under a top group.
type Category struct {
	ID                string
	Group             category.Group
	Name, Description domain.Text
}

// Series is a named line of documents.
type Series struct {
	Key               string
	Name, Description domain.Text
}

// Person is somebody the demo can act as. Settings is what the person chose on
// joining; steps may change it later. Library lists, sorted, the documents kept
// once every step is done; it follows from the steps and is there to be shown,
// not to be replayed.
type Person struct {
	Key, Name, Address string
	Organization       string
	Role               access.Role
	Settings           NotificationSettings
	Library            []string `json:"-"`
}

// NotificationSettings is when a person wants a digest, and in which language.
type NotificationSettings struct {
	calendar.Schedule
	Language string // a locale, e.g. "de"
}

// Step is one thing done by one person. DaysAgo is counted back from the moment
// the demo starts. Series serves two purposes: in Details it is the series the
// document stands in, in steps about a series it is that series.
type Step struct {
	DaysAgo  float64
	By       string // key of a Person
	Do       Action
	Document string // key of a document
	Number   int    // version number
	Details
	Successor string // key of the series that takes over, or ""
	Summary   domain.Text
	Reason    domain.Text
	Major     bool
	Urgent    bool    // no grace period
	Effective *Period // the time a report covers or a certificate is valid; nil: not stated
	Files     []File  `json:"-"`
	Settings  *NotificationSettings
}

// Details are what a document says about itself. Series is "" for none.
type Details struct {
	Title, Description                        domain.Text
	Series                                    string
	Categories, Services, Regions, Industries []string
	Audience                                  access.Kind
}

// Period is a span in whole days before now, From being the earlier; a negative
// number lies in the future.
type Period struct{ From, To int }

// File is the bytes of one version in one language.
type File struct {
	Locale, Name, MediaType string
	Content                 []byte
}
