// Package installation holds the events of the log itself: its opening, which
// carries the identity by which a stranger's log is refused, and its settings.
package installation

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// LogOpened is event 1 of every log.
type LogOpened struct {
	Log      uuid.UUID `json:"log"`  // the log's identity
	Name     string    `json:"name"` // the installation's name
	OpenedAt time.Time `json:"openedAt"`
}

// SettingChanged changes a setting of the installation.
type SettingChanged struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
	Reason  string `json:"reason,omitempty"`
}

// The names under which the events stand in the log, for ever.
func (LogOpened) EventType() string      { return "LogOpened" }
func (SettingChanged) EventType() string { return "SettingChanged" }

// Events defines the log's own events.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[LogOpened](false),
		event.Define[SettingChanged](false),
	}
}
