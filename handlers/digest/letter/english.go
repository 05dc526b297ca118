// The English words of a mail.

package letter

var english = words{
	Locale: "en",
	Kinds: map[Kind]string{
		Updated:          "Updated",
		Published:        "New",
		Withdrawn:        "Withdrawn",
		VersionWithdrawn: "Version withdrawn",
		Reinstated:       "Available again",
		Joined:           "Added to a series",
		Left:             "Removed from its series",
		Moved:            "Moved to another series",
		Discontinued:     "Series discontinued",
	},

	Update:      "1 update",
	Updates:     "%d updates",
	AndMore:     "and 1 more",
	AndMores:    "and %d more",
	SubjectMore: " and 1 more update",
	SubjectAll:  " and %d more updates",
	Changes:     "%d updates",
	Version:     "version %d",

	Window:     "%s to %s (time zone %s)",
	WindowOpen: "Until %s (time zone %s)",
	Date:       "%d %s %d, %02d:%02d",
	Months: [12]string{"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December"},

	Untitled:      "Untitled",
	InLibrary:     "In your library",
	Series:        "Series",
	Followed:      "Series you follow",
	Reason:        "Reason",
	Former:        "Former series",
	Successor:     "Successor",
	MaybeSent:     "An earlier mail may already have told you this.",
	Why:           "You get this mail because notifications are turned on for your library and the series you follow.",
	OpenPortal:    "Open the portal",
	Settings:      "Change notification settings",
	Unsubscribe:   "Unsubscribe",
	OnlyIn:        "in %s only",
	OnlyInCode:    "in the language “%s” only",
	OnlyElsewhere: "in another language only",
	Languages: map[string]string{
		"ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish",
		"fr": "French", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish",
		"pt": "Portuguese", "sv": "Swedish", "tr": "Turkish", "zh": "Chinese",
	},

	ConfirmSubject: "Confirm your address for %s",
	ConfirmLead:    "This address was given for notifications from %s. Confirm that it is yours, and they will come here.",
	Confirm:        "Confirm this address",
	ConfirmUntil:   "The link can be used until %s (time zone %s).",
	ConfirmNo:      "If you did not ask for this, do nothing: without your confirmation, nothing more is sent to this address.",
}
