package api

// The reader's own notification settings.

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/handlers"
	"imprint/handlers/web"
)

// NotificationSettings are when, where and in which language digests come.
type NotificationSettings struct {
	Frequency string `json:"frequency" enum:"off,immediate,daily,weekly,monthly"`
	Hour      int    `json:"hour,omitempty" minimum:"0" maximum:"23" doc:"Local time."`
	Minute    int    `json:"minute,omitempty" minimum:"0" maximum:"59"`
	Weekday   int    `json:"weekday,omitempty" minimum:"0" maximum:"6" doc:"For weekly digests; 0 is Sunday."`
	MonthDay  int    `json:"monthDay,omitempty" minimum:"0" maximum:"31" doc:"For monthly digests; 31 is the last day of every month."`
	Zone      string `json:"zone" example:"Europe/Berlin" doc:"An IANA time zone."`
	Language  string `json:"language" example:"en"`
	Address   string `json:"address,omitempty" doc:"Where digests go once it is confirmed by the link that is sent to it; absent: nowhere."`
}

// CurrentSettings are the settings as they stand.
type CurrentSettings struct {
	NotificationSettings
	Confirmed bool   `json:"confirmed" doc:"Whether digests go to the address."`
	InForce   string `json:"inForce,omitempty" doc:"While the address waits for its confirmation: where digests go still."`
	Expires   string `json:"expires,omitempty" format:"date-time" doc:"While the address waits: until when the link can be used."`
	Suspended string `json:"suspended,omitempty" enum:"bad-address,refusing,complained" doc:"Why no mail goes to the address in force."`
	Bounced   string `json:"bounced,omitempty" example:"5.1.1" doc:"The status (RFC 3463) of the newest mail to the address that came back."`
}

type settingsInput struct{ Waiting }

type changeSettingsInput struct {
	Keyed
	Body NotificationSettings
}

func (a *api) settings() {
	register(a, operation{method: http.MethodGet, path: "/settings", id: "get-settings", tag: "Settings",
		summary: "The reader's notification settings"}, a.getSettings)
	command(a, operation{method: http.MethodPost, path: "/settings/address/link", id: "ask-again", tag: "Settings",
		summary: "Have another link sent to the address that waits for its confirmation, or is suspended"}, a.askAgain)
	command(a, operation{method: http.MethodPut, path: "/settings", id: "change-settings", tag: "Settings",
		summary: "Replace the reader's notification settings", text: "All of them are given; an address left out is removed."}, a.changeSettings)
}

func (a *api) getSettings(ctx context.Context, _ *settingsInput) (*answer[CurrentSettings], error) {
	person, err := personOf(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.Settings.Settings(ctx, person)
	if err != nil {
		return nil, err
	}
	head, err := a.Head(ctx) // settings are read from the log, as it is now
	if err != nil {
		return nil, err
	}
	if s.Schedule.Frequency == "" {
		s.Schedule.Frequency, s.Schedule.Zone, s.Language = calendar.Off, "UTC", domain.DefaultLocale
	}
	body := CurrentSettings{Confirmed: s.Confirmed, InForce: s.InForce, Suspended: string(s.Suspended), Bounced: s.Bounced.Status, NotificationSettings: NotificationSettings{
		Frequency: string(s.Schedule.Frequency), Hour: s.Schedule.Hour, Minute: s.Schedule.Minute, Weekday: int(s.Schedule.Weekday),
		MonthDay: s.Schedule.MonthDay, Zone: s.Schedule.Zone, Language: s.Language, Address: s.Address,
	}}
	if !s.Expires.IsZero() {
		body.Expires = s.Expires.Format(time.RFC3339)
	}
	return &answer[CurrentSettings]{Reflects: head.Ordinal, Body: body}, nil
}

type askAgainInput struct{ Keyed }

func (a *api) askAgain(ctx context.Context, r handlers.Request, _ *askAgainInput) (*written[Receipt], error) {
	person, err := personOf(ctx)
	if err != nil {
		return nil, err
	}
	return a.wrote(a.People.AskAgain(ctx, r, person))
}

func (a *api) changeSettings(ctx context.Context, r handlers.Request, in *changeSettingsInput) (*written[Receipt], error) {
	person, err := personOf(ctx)
	if err != nil {
		return nil, err
	}
	s := in.Body
	return a.wrote(a.People.ChangeSettings(ctx, r, handlers.Settings{
		Person: person, Language: s.Language, Address: s.Address,
		Schedule: calendar.Schedule{
			Frequency: calendar.Frequency(s.Frequency), Hour: s.Hour, Minute: s.Minute,
			Weekday: time.Weekday(s.Weekday), MonthDay: s.MonthDay, Zone: s.Zone,
		},
	}))
}

// personOf is the person who asks.
func personOf(ctx context.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(web.Reader(ctx).Person)
	if err != nil {
		return uuid.Nil, domain.Refuse(domain.Forbidden, "not-a-person", "only a person has settings; sign in as one")
	}
	return id, nil
}
