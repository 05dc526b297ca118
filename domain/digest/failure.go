package digest

// Here: why a digest failed, in classes and codes: a server's own words may hold
// an address.

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Class says what ended an attempt, or a digest.
type Class string

// The classes. The first three are the mail server's doing.
const (
	ForNow      Class = "for-now"      // refused for now; tried again
	ForGood     Class = "for-good"     // refused for good
	NoAnswer    Class = "no-answer"    // it is not known whether the mail was taken
	RouteDown   Class = "route-down"   // the mail server was not reached
	TooOften    Class = "too-often"    // refused for now too often, or for too long
	TurnedOff   Class = "turned-off"   // by the reader, or no mail may go to the address any more
	AccessEnded Class = "access-ended" // an item may not be told any more
	ErasedClass Class = "erased"       // the reader
	Unknown     Class = "unknown"      // written before there were classes
)

// Failure is a class with what the mail server answered.
type Failure struct {
	Class  Class  `json:"class,omitempty"`
	Code   int    `json:"code,omitempty"`   // RFC 5321, such as 550
	Status string `json:"status,omitempty"` // RFC 3463, such as 5.1.1
}

// words say a class to operators.
var words = map[Class]string{
	ForNow: "refused for now", ForGood: "refused for good", NoAnswer: "no answer to the last byte", RouteDown: "the mail server was not reached",
	TooOften: "refused for now too often", TurnedOff: "turned off or changed by the reader", AccessEnded: "access to an item has ended", ErasedClass: "erased",
	Unknown: "failed",
}

// String words a failure; "" for none.
func (f Failure) String() string {
	said, reply := words[f.Class], f.Status // without a code it is our own
	if f.Code != 0 {
		reply = strings.TrimSpace(fmt.Sprintf("%d %s", f.Code, f.Status))
	}
	if reply != "" {
		said += " (" + reply + ")"
	}
	return said
}

// classed leads DigestFailed from schema 1, which had a free text, to 2.
func classed(data json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	delete(fields, "reason")
	fields["class"] = json.RawMessage(`"` + Unknown + `"`)
	return json.Marshal(fields)
}
