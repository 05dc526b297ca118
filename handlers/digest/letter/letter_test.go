package letter

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"imprint/domain"
	"imprint/domain/calendar"
)

var update = flag.Bool("update", false, "write the golden files anew")

const portalURL = "https://trust.halden.example"

func moment(day, hour, minute int) time.Time {
	return time.Date(2027, time.March, day, hour, minute, 0, 0, time.UTC)
}

// weekly is a letter with one entry of each kind; its window crosses the night
// in which Berlin's clocks go forward (28 March 2027).
func weekly(language string) Letter {
	url := func(path string) string { return portalURL + path }
	return Letter{
		Language: language, Portal: "Halden Cloud Trust Center",
		PortalURL: portalURL, SettingsURL: url("/settings/notifications"), UnsubscribeURL: url("/unsubscribe?token=q83vEjRWeJA&id=7"),
		From: moment(22, 7, 0), Until: moment(29, 6, 0), Zone: zone("Europe/Berlin"),
		Items: []Item{
			{Kind: Updated, Version: 4, Updates: 3, At: moment(28, 9, 15), Via: ViaLibrary, URL: url("/documents/soc-2"),
				Title:   domain.Text{"en": "SOC 2 Type 2 Report", "de": "SOC-2-Bericht Typ 2"},
				Summary: domain.Text{"en": "Adds the bridge letter for the first quarter and corrects the list of subservice organisations in section 3.", "de": "Ergänzt den Überbrückungsbrief für das erste Quartal und berichtigt die Liste der Unterauftragnehmer in Abschnitt 3."},
				Series:  domain.Text{"en": "SOC 2", "de": "SOC 2"}, SeriesURL: url("/series/soc-2")},
			{Kind: Published, Version: 1, At: moment(27, 11, 2), Via: ViaSeries, URL: url("/documents/pen-test-2027"),
				Title: domain.English("Penetration Test Summary 2027"), Summary: domain.English("Results of the external test of February 2027; two findings, both closed."),
				Series: domain.Text{"en": "Penetration tests", "de": "Penetrationstests"}, SeriesURL: url("/series/pen-tests")},
			{Kind: Withdrawn, At: moment(26, 15, 40), Via: ViaLibrary, URL: url("/documents/iso-27001"),
				Title:  domain.Text{"en": "ISO/IEC 27001 Certificate", "de": "ISO/IEC-27001-Zertifikat"},
				Reason: domain.Text{"en": "The certificate names a site that was closed. A corrected one is expected in April.", "de": "Das Zertifikat nennt einen geschlossenen Standort. Ein berichtigtes folgt im April."}},
			{Kind: VersionWithdrawn, Version: 2, At: moment(25, 8, 0), Via: ViaLibrary, URL: url("/documents/dpa"),
				Title: domain.Text{"en": "Data Processing Addendum", "de": "Auftragsverarbeitungsvertrag"}, Reason: domain.English("Wrong annex attached.")},
			{Kind: Reinstated, Version: 5, At: moment(25, 7, 0), Via: ViaLibrary, URL: url("/documents/bcp"), MaybeSent: true,
				Title: domain.Text{"en": "Business Continuity Plan", "de": "Notfallplan"}},
			{Kind: Joined, At: moment(24, 9, 0), Via: ViaLibrary, URL: url("/documents/pci"), Title: domain.Text{"fr": "Attestation PCI DSS"},
				Series: domain.Text{"en": "PCI", "de": "PCI"}, SeriesURL: url("/series/pci")},
			{Kind: Left, At: moment(24, 8, 0), Via: ViaLibrary, URL: url("/documents/faq"), Title: domain.Text{"en": "Security FAQ", "de": "Häufige Fragen zur Sicherheit"},
				Former: domain.Text{"en": "Answers", "de": "Antworten"}, FormerURL: url("/series/answers")},
			{Kind: Moved, At: moment(23, 8, 0), Via: ViaSeries, URL: url("/documents/gdpr"), Title: domain.Text{"en": "GDPR Guide", "de": "DSGVO-Leitfaden"},
				Series: domain.Text{"en": "Privacy", "de": "Datenschutz"}, SeriesURL: url("/series/privacy"),
				Former: domain.Text{"en": "Guides", "de": "Leitfäden"}, FormerURL: url("/series/guides")},
			{Kind: Discontinued, At: moment(22, 10, 0), Via: ViaSeries, URL: url("/series/soc-3"), Title: domain.Text{"en": "SOC 3", "de": "SOC 3"},
				Reason: domain.English("SOC 2 covers it."), Successor: domain.Text{"en": "SOC 2", "de": "SOC 2"}, SuccessorURL: url("/series/soc-2")},
		},
	}
}

func zone(name string) *time.Location {
	at, known := calendar.Zone(name)
	if !known {
		panic("no zone " + name)
	}
	return at
}

func with(l Letter, more int, items ...Item) Letter {
	l.Items, l.More = items, more
	return l
}

func fifty() []Item {
	items := make([]Item, MaxItems)
	for i := range items {
		n := strconv.Itoa(i + 1)
		items[i] = Item{Kind: Updated, Version: i + 2, At: moment(27, 8, i), Via: ViaLibrary,
			Title: domain.English("Policy " + n), URL: portalURL + "/documents/policy-" + n, Summary: domain.English("Yearly review of policy " + n + ".")}
	}
	return items
}

// letters are the golden letters by the name of their files.
func letters() map[string]Letter {
	en := weekly("en")
	return map[string]Letter{
		"english":       en,
		"german":        weekly("de-AT"),
		"french-reader": with(weekly("fr"), 0, en.Items[5], en.Items[1]),
		"single":        with(en, 0, en.Items[0]),
		"fifty-more":    with(en, 12, fifty()...),
		"withdrawn":     with(en, 0, en.Items[2]),
		"hostile":       hostile(),
	}
}

func render(t *testing.T, l Letter) Mail {
	t.Helper()
	m, err := Render(l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGolden holds every byte of a mail: they are frozen and sent again.
func TestGolden(t *testing.T) {
	for name, l := range letters() {
		t.Run(name, func(t *testing.T) {
			m := render(t, l)
			for ext, got := range map[string]string{".txt": "Subject: " + m.Subject + "\n\n" + m.Text, ".html": m.HTML} {
				file := filepath.Join("testdata", name+ext)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("%s differs; see what changed with -update and git diff. Got:\n%s", file, got)
				}
			}
		})
	}
}

func TestEqualLettersGiveEqualBytes(t *testing.T) {
	for name, l := range letters() {
		first := render(t, l)
		for range 20 { // maps (Text, the tables) are walked in random order
			if render(t, letters()[name]) != first {
				t.Fatalf("%s: two renderings differ", name)
			}
		}
	}
}

func TestRefusesWhatMustNotGoOut(t *testing.T) {
	for name, spoil := range map[string]func(*Letter){
		"no entries":               func(l *Letter) { l.Items = nil },
		"too many entries":         func(l *Letter) { l.Items = append(fifty(), fifty()...) },
		"negative rest":            func(l *Letter) { l.More = -1 },
		"unknown kind":             func(l *Letter) { l.Items[0].Kind = "renamed" },
		"no name":                  func(l *Letter) { l.Portal = "\u200b \r\n" },
		"relative portal":          func(l *Letter) { l.PortalURL = "/portal" },
		"script portal":            func(l *Letter) { l.PortalURL = "javascript:alert(1)" },
		"no unsubscribe link":      func(l *Letter) { l.UnsubscribeURL = "" },
		"unsubscribing elsewhere":  func(l *Letter) { l.UnsubscribeURL = "https://evil.example/u" },
		"settings with a password": func(l *Letter) { l.SettingsURL = "https://me:pw@trust.halden.example/s" },
	} {
		t.Run(name, func(t *testing.T) {
			l := weekly("en")
			spoil(&l)
			if m, err := Render(l); err == nil {
				t.Errorf("rendered %q, want a refusal", m.Subject)
			}
		})
	}
}

func TestWindowIsToldInTheReadersZone(t *testing.T) {
	for name, c := range map[string]struct {
		from, until time.Time
		zone, want  string
	}{
		"across the change of clocks": {moment(22, 7, 0), moment(29, 6, 0), "Europe/Berlin", "22 March 2027, 08:00 to 29 March 2027, 08:00 (time zone Europe/Berlin)"},
		"odd offset":                  {moment(1, 2, 15), moment(2, 2, 15), "Asia/Kathmandu", "1 March 2027, 08:00 to 2 March 2027, 08:00 (time zone Asia/Kathmandu)"},
		"clock set back":              {moment(2, 0, 0), moment(1, 0, 0), "UTC", "Until 1 March 2027, 00:00 (time zone UTC)"},
		"no beginning":                {time.Time{}, moment(1, 0, 0), "UTC", "Until 1 March 2027, 00:00 (time zone UTC)"},
	} {
		if got := english.window(c.from, c.until, zone(c.zone)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
