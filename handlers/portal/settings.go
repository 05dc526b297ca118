package portal

// Notification settings: how often, when, in which language and to whom.

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/web"
)

// settingsView is the form. Its values are texts: what a person typed wrongly
// comes back as it was.
type settingsView struct {
	Frequency, Time, Weekday, MonthDay, Zone, Language, Address string

	Frequencies, Weekdays, Languages []choice
	MonthDays                        []int
	Zones                            []string
	Next                             time.Time // when the next digest is due; zero: no set time
	Mail                             addressView
	Field                            string
	Problem                          phrase
}

// addressView is what there is to say about the address as it stands.
type addressView struct {
	Address, InForce string
	Expires          bool      // it waits for its confirmation …
	Until            time.Time // … until then
	Bounced          string    // the status of the mail that asked for it, if that came back
	Suspended        string    // why no mail goes to it
}

func (v *visit) address() addressView {
	own := v.own
	a := addressView{Address: own.Address, InForce: own.InForce, Bounced: own.Bounced.Status}
	if a.Expires = own.Address != "" && !own.Confirmed; a.Expires {
		a.Until = v.at(own.Expires)
	}
	if own.Suspended != person.NotSuspended {
		a.Suspended = v.words.text("suspended." + string(own.Suspended))
	}
	return a
}

// mailLanguages are those that mails are written in.
var mailLanguages = []string{"en", "de"}

type choice struct{ Value, Label string }

func (v *visit) frequency() string {
	if f := v.own.Schedule.Frequency; f != "" {
		return string(f)
	}
	return string(calendar.Off)
}

func (p *portal) settings(v *visit) error {
	if v.own.Person == uuid.Nil {
		return domain.Refuse(domain.Unauthenticated, "sign-in", "settings belong to a person; sign in and ask again")
	}
	if !v.reader.MayKeep() {
		return handlers.AuditorChangesNothing()
	}
	s := v.own.Schedule
	if s.Frequency == "" { // nothing was ever chosen
		s = calendar.Schedule{Frequency: calendar.Off, Hour: 8, Weekday: time.Monday, MonthDay: 1, Zone: v.zone.String()}
	}
	view := settingsView{
		Frequency: string(s.Frequency), Time: time.Date(1, 1, 1, s.Hour, s.Minute, 0, 0, time.UTC).Format("15:04"),
		Weekday: strconv.Itoa(int(s.Weekday)), MonthDay: strconv.Itoa(max(s.MonthDay, 1)), Zone: s.Zone, Language: v.locale, Address: v.own.Address,
	}
	if due, ok := s.NextDue(v.now()); ok && s.Frequency != calendar.Immediate {
		view.Next = v.at(due)
	}
	return v.showSettings(http.StatusOK, view)
}

func (v *visit) showSettings(status int, view settingsView) error {
	w := v.words
	for _, f := range []calendar.Frequency{calendar.Off, calendar.Immediate, calendar.Daily, calendar.Weekly, calendar.Monthly} {
		view.Frequencies = append(view.Frequencies, choice{string(f), w.text("frequency." + string(f))})
	}
	for day := range 7 {
		n := strconv.Itoa((day + 1) % 7) // from Monday on
		view.Weekdays = append(view.Weekdays, choice{n, w.text("weekday." + n)})
	}
	for day := 1; day <= 31; day++ {
		view.MonthDays = append(view.MonthDays, day)
	}
	known := false
	for _, l := range mailLanguages {
		view.Languages = append(view.Languages, choice{l, w.language(l)})
		known = known || l == view.Language
	}
	if !known && view.Language != "" {
		view.Languages = append(view.Languages, choice{view.Language, w.language(view.Language)})
	}
	view.Zones, view.Mail = zones, v.address()
	return v.show(status, "settings", "settings", w.text("settings.title"), view)
}

func (p *portal) changeSettings(v *visit) error {
	req, err := v.command()
	if err != nil {
		return err
	}
	form := v.r.PostForm
	view := settingsView{
		Frequency: form.Get("frequency"), Time: form.Get("time"), Weekday: form.Get("weekday"), MonthDay: form.Get("monthDay"),
		Zone: form.Get("zone"), Language: form.Get("language"), Address: strings.TrimSpace(form.Get("address")),
	}
	wanted, err := v.read(view)
	var written handlers.Written
	if err == nil {
		written, err = p.People.ChangeSettings(v.ctx(), req, wanted)
	}
	var refused *domain.Error
	if errors.As(err, &refused) {
		switch {
		case refused.Kind == domain.Invalid, refused.Kind == domain.TooLarge, refused.Field == "address":
			view.Field, view.Problem = refused.Field, v.refusal(refused)
			return v.showSettings(web.Explain(v.ctx(), err).Status, view)
		case refused.Kind == domain.Reused:
			// Sent, changed after going back, and sent again: the form gets a new key.
			view.Problem = said(v.words.text("settings.again"))
			return v.showSettings(http.StatusUnprocessableEntity, view)
		}
	}
	if err != nil {
		return err
	}
	return v.done(written.Token, "/settings", "settings", nil)
}

// read makes settings of what was typed. What is no number is left to be refused
// with the rest, as a number that is none of theirs.
func (v *visit) read(view settingsView) (handlers.Settings, error) {
	at, err := time.Parse("15:04", view.Time)
	if err != nil {
		return handlers.Settings{}, domain.Refuse(domain.Invalid, "bad-time", "The time of day must be like 08:30.").In("hour")
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return -1
		}
		return n
	}
	return handlers.Settings{
		Person: v.own.Person, Language: view.Language, Address: view.Address,
		Schedule: calendar.Schedule{
			Frequency: calendar.Frequency(view.Frequency), Hour: at.Hour(), Minute: at.Minute(),
			Weekday: time.Weekday(number(view.Weekday)), MonthDay: number(view.MonthDay), Zone: view.Zone,
		},
	}, nil
}

// zones are proposed; every other IANA name is taken too.
var zones = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Argentina/Buenos_Aires",
	"America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
	"America/Phoenix", "America/Sao_Paulo", "America/Toronto", "America/Vancouver", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta",
	"Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo",
	"Australia/Brisbane", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Copenhagen",
	"Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris",
	"Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu",
}
