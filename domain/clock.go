package domain

import "time"

// Clock tells the time. The domain is given times as values; handlers and
// workers are given a Clock, so that tests and the demo can script it.
type Clock func() time.Time

// Moment brings a time to the form in which Imprint keeps it: UTC, whole
// microseconds (the precision every engine can hold).
func Moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
