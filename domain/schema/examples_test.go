// An example of every event type, every field of it set, by type and schema
// version. A new version gets an example of its own; that of an older one is
// what its golden file is decoded as today.

package schema_test

import (
	"encoding/json"
	"strings"
	"time"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/category"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/installation"
	"imprint/domain/library"
	"imprint/domain/maildomain"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
)

var (
	at = time.Date(2026, 2, 3, 4, 5, 6, 7_000, time.UTC)
	// Signs that JSON encoders like to escape stand in the texts on purpose.
	text   = domain.Text{"de": "Prüfbericht", "en": "R&D <audit> \u2028 report"}
	origin = &document.Origin{Source: "github.com/acme/reports", Key: "soc/2.pdf", Label: "v2", Release: "abc123"}
	period = &document.Period{From: domain.DateOf(at.AddDate(-1, 0, 0)), To: domain.DateOf(at)}

	version = document.Version{
		Number: 2, Major: true, Urgent: true,
		Files:   []document.File{{Locale: "en", Name: "soc 2.pdf", SHA256: strings.Repeat("0a", 32), Bytes: 123, MediaType: "application/pdf"}},
		Summary: text, PublishedAt: at, Effective: period,
	}
	details = document.Details{
		Title: text, Description: text, Series: id(2), Categories: []string{"soc"},
		Services: []string{"storage"}, Regions: []string{"eu"}, Industries: []string{"health"},
	}
	item    = digest.Item{Notice: id(5), Kind: notice.NewVersion, Document: id(1), Series: id(2), Version: 2, Updates: 3}
	listing = digest.Listing{Count: 51, Items: []digest.Item{item}, RestHash: strings.Repeat("0c", 32)}
)

// sealed is a Secret as it is read from the log.
func sealed(key event.KeyID) event.Secret {
	var s event.Secret
	text, err := json.Marshal(event.Sealed{Key: key, Box: []byte("nonce ‖ ciphertext ‖ tag")})
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		panic(err) // constant input
	}
	return s
}

var examples = map[string]event.Payload{
	"LogOpened.v1":      installation.LogOpened{Log: id(9), Name: "acme", OpenedAt: at},
	"SettingChanged.v1": installation.SettingChanged{Setting: "grace", Value: "1h", Reason: "asked for"},

	"CategoryDefined.v1": category.Defined{Category: "iso-iec", Group: category.Certifications, Name: text, Description: text},
	"CategoryMoved.v1":   category.Moved{Category: "iso-iec", Group: category.Reports},
	"CategoryRemoved.v1": category.Removed{Category: "iso-iec"},

	"DocumentPublished.v1":  document.Published{Document: id(1), Details: details, Audience: access.Audience{Kind: access.SignedIn}, Version: version, Origin: origin},
	"DocumentVersioned.v1":  document.Versioned{Document: id(1), Version: version, Origin: origin},
	"DetailsRevised.v1":     document.DetailsRevised{Document: id(1), Details: details, Origin: origin},
	"AudienceChanged.v1":    document.AudienceChanged{Document: id(1), Audience: access.Audience{Kind: access.Everyone}, Reason: "public now"},
	"SummaryCorrected.v1":   document.SummaryCorrected{Document: id(1), Number: 2, Summary: text, Reason: "a typo"},
	"DatesCorrected.v1":     document.DatesCorrected{Document: id(1), Number: 2, PublishedAt: at, Effective: period, Reason: "a typo"},
	"VersionWithdrawn.v1":   document.VersionWithdrawn{Document: id(1), Number: 2, Reason: text},
	"VersionReinstated.v1":  document.VersionReinstated{Document: id(1), Number: 2, Reason: text},
	"DocumentWithdrawn.v1":  document.Withdrawn{Document: id(1), Reason: text, WithdrawnAt: at, Origin: origin},
	"DocumentReinstated.v1": document.Reinstated{Document: id(1), Reason: text, ReinstatedAt: at, Origin: origin},

	"SeriesOpened.v1":       series.Opened{Series: id(2), Name: text, Description: text},
	"SeriesRevised.v1":      series.Revised{Series: id(2), Name: text, Description: text},
	"SeriesUpdated.v1":      series.Updated{Series: id(2), Change: series.Versioned, Document: id(1), Version: 2, Cause: id(5), CauseOrdinal: 41},
	"SeriesDiscontinued.v1": series.Discontinued{Series: id(2), Reason: text, Successor: id(3), DiscontinuedAt: at},

	"LibrarySaved.v1":     library.Saved{Person: id(4), Document: id(1), Version: 2, Title: text, Series: id(2)},
	"LibraryRemoved.v1":   library.Removed{Person: id(4), Document: id(1)},
	"SeriesFollowed.v1":   library.SeriesFollowed{Person: id(4), Series: id(2)},
	"SeriesUnfollowed.v1": library.SeriesUnfollowed{Person: id(4), Series: id(2)},

	"PersonJoined.v1": person.Joined{Person: id(4), Name: sealed("person-4")},
	"NotificationSettingsChanged.v1": person.NotificationSettingsChanged{
		Person: id(4), Language: "de", Address: sealed("person-4"),
		Schedule: calendar.Schedule{Frequency: calendar.Monthly, Hour: 8, Minute: 30, Weekday: time.Friday, MonthDay: 31, Zone: "Europe/Berlin"},
	},
	"NotificationSettingsChanged.v2": person.NotificationSettingsChanged{
		Person: id(4), Language: "de", AddressID: id(7), AddressAt: at, Address: sealed("person-4"),
		Schedule: calendar.Schedule{Frequency: calendar.Monthly, Hour: 8, Minute: 30, Weekday: time.Friday, MonthDay: 31, Zone: "Europe/Berlin"},
	},
	"AddressConfirmed.v1": person.AddressConfirmed{Person: id(4), AddressID: id(7)},
	"MailBounced.v1":      person.MailBounced{Person: id(4), AddressID: id(7), Digest: id(8), NoSuch: true, Status: "5.1.1", At: at},
	"MailSuspended.v1":    person.MailSuspended{Person: id(4), AddressID: id(7), Cause: person.BadAddress, Status: "5.1.1"},
	"PersonDisabled.v1":   person.Disabled{Person: id(4)},
	"PersonEnabled.v1":    person.Enabled{Person: id(4)},
	"PersonErased.v1":     person.Erased{Person: id(4)},

	"DomainVerified.v1": maildomain.Verified{Domain: "acme.example", Organization: id(10), How: maildomain.Stated},
	"DomainReleased.v1": maildomain.Released{Domain: "acme.example", Organization: id(10)},

	"TokenIssued.v1":  person.TokenIssued{Person: id(4), Token: id(6), Role: access.Publisher, Expires: at},
	"TokenRevoked.v1": person.TokenRevoked{Person: id(4), Token: id(6)},

	"NoticeReleased.v1": notice.Released{Cause: id(5), CauseOrdinal: 41, Kind: notice.NewVersion, Document: id(1), Version: 2, Series: id(2), LeftSeries: id(3)},

	"DigestSent.v1": digest.Sent{
		Person: id(4), Window: digest.Window{From: 10, Until: 42}, MessageID: "1@example.org", ContentHash: strings.Repeat("0b", 32),
		Listing: listing, Withheld: listing, Resent: 1, SentAt: at,
	},
	"DigestSent.v2": digest.Sent{
		Person: id(4), AddressID: id(7), Window: digest.Window{From: 10, Until: 42}, MessageID: "1@example.org", ContentHash: strings.Repeat("0b", 32),
		Listing: listing, Withheld: listing, Resent: 1, SentAt: at,
	},
	"DigestWithheld.v1": digest.Withheld{Person: id(4), Window: digest.Window{From: 10, Until: 42}, Listing: listing},
	"DigestFailed.v1":   digest.Failed{Person: id(4), Window: digest.Window{From: 10, Until: 42}, Failure: digest.Failure{Class: digest.Unknown}, InDoubt: true},
	"DigestFailed.v2": digest.Failed{Person: id(4), Window: digest.Window{From: 10, Until: 42},
		Failure: digest.Failure{Class: digest.ForGood, Code: 550, Status: "5.1.1"}, InDoubt: true},
}
