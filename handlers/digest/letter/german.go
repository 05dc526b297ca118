// The German words of a mail.

package letter

var german = words{
	Locale: "de",
	Kinds: map[Kind]string{
		Updated:          "Aktualisiert",
		Published:        "Neu",
		Withdrawn:        "Zurückgezogen",
		VersionWithdrawn: "Version zurückgezogen",
		Reinstated:       "Wieder verfügbar",
		Joined:           "In eine Reihe aufgenommen",
		Left:             "Aus der Reihe genommen",
		Moved:            "In eine andere Reihe verschoben",
		Discontinued:     "Reihe eingestellt",
	},

	Update:      "1 Neuigkeit",
	Updates:     "%d Neuigkeiten",
	AndMore:     "und 1 weitere",
	AndMores:    "und %d weitere",
	SubjectMore: " und 1 weitere Neuigkeit",
	SubjectAll:  " und %d weitere Neuigkeiten",
	Changes:     "%d Aktualisierungen",
	Version:     "Version %d",

	Window:     "%s bis %s (Zeitzone %s)",
	WindowOpen: "Bis %s (Zeitzone %s)",
	Date:       "%d. %s %d, %02d:%02d Uhr",
	Months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni",
		"Juli", "August", "September", "Oktober", "November", "Dezember"},

	Untitled:      "Ohne Titel",
	InLibrary:     "In Ihrer Bibliothek",
	Series:        "Reihe",
	Followed:      "Reihe, der Sie folgen",
	Reason:        "Grund",
	Former:        "Bisherige Reihe",
	Successor:     "Nachfolger",
	MaybeSent:     "Möglicherweise haben wir Ihnen dies schon einmal mitgeteilt.",
	Why:           "Sie erhalten diese E-Mail, weil Benachrichtigungen für Ihre Bibliothek und die Reihen, denen Sie folgen, eingeschaltet sind.",
	OpenPortal:    "Portal öffnen",
	Settings:      "Benachrichtigungen einstellen",
	Unsubscribe:   "Abbestellen",
	OnlyIn:        "nur auf %s",
	OnlyInCode:    "nur in der Sprache „%s“",
	OnlyElsewhere: "nur in einer anderen Sprache",
	Languages: map[string]string{
		"ar": "Arabisch", "cs": "Tschechisch", "da": "Dänisch", "de": "Deutsch", "en": "Englisch", "es": "Spanisch", "fi": "Finnisch",
		"fr": "Französisch", "it": "Italienisch", "ja": "Japanisch", "ko": "Koreanisch", "nl": "Niederländisch",
		"pl": "Polnisch", "pt": "Portugiesisch", "sv": "Schwedisch", "tr": "Türkisch", "zh": "Chinesisch",
	},

	ConfirmSubject: "Bestätigen Sie Ihre Adresse für %s",
	ConfirmLead:    "Diese Adresse wurde für Benachrichtigungen von %s angegeben. Bestätigen Sie, dass es Ihre ist, dann kommen sie hierher.",
	Confirm:        "Diese Adresse bestätigen",
	ConfirmUntil:   "Der Link gilt bis %s (Zeitzone %s).",
	ConfirmNo:      "Wenn Sie das nicht veranlasst haben, brauchen Sie nichts zu tun: Ohne Ihre Bestätigung wird nichts weiter an diese Adresse gesendet.",
}
