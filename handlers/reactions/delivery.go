package reactions

// Here: what the messages of the router carry.

import (
	"encoding/json"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"imprint/domain/event"
	"imprint/domain/notice"
)

// delivery is the content of a message: an event, and from where it is read; or,
// with Due, the end of a grace period. Then of the event only id, type, ordinal
// and correlation are set.
type delivery struct {
	Event  event.Recorded
	Before event.Checkpoint
	Due    *notice.Pending `json:",omitempty"`
}

// received is the content of a message.
func received(m *message.Message) (delivery, error) {
	var d delivery
	if err := json.Unmarshal(m.Payload, &d); err != nil {
		return d, fmt.Errorf("message %s: %w", m.UUID, err)
	}
	return d, nil
}
