package domain

import (
	"cmp"
	"time"
)

// Date is a day of the calendar (ISO 8601, proleptic Gregorian, years 1 to 9999).
// It has no time zone: a report that covers the year 2025 covers the days from
// 2025-01-01 to 2025-12-31 wherever it is read, which no instant can say. Dates
// compare by ==; the zero Date is none.
type Date struct {
	year  int16
	month time.Month
	day   int8
}

// ParseDate reads exactly a day that exists, written as 2025-12-31.
func ParseDate(s string) (Date, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil && t.Year() >= 1 {
		return DateOf(t), nil
	}
	return Date{}, Refuse(Invalid, "bad-date", "%.40q is not a day of the calendar; write one such as 2025-12-31", s)
}

// DateOf is the day on which an instant falls in the zone of t. An instant
// outside the years 1 to 9999 has none.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return Date{}
	}
	return Date{year: int16(year), month: month, day: int8(day)}
}

// IsZero tells whether it is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Compare answers -1, 0 or 1 as d is before, the same as or after o. None is
// before every day.
func (d Date) Compare(o Date) int {
	return cmp.Or(cmp.Compare(d.year, o.year), cmp.Compare(d.month, o.month), cmp.Compare(d.day, o.day))
}

// Midnight is the beginning of the day in UTC, for those who show or count days.
func (d Date) Midnight() time.Time {
	return time.Date(int(d.year), d.month, int(d.day), 0, 0, 0, 0, time.UTC)
}

// String writes the day as ParseDate reads it; none is "". Written days sort as
// days do, byte by byte.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Midnight().Format(time.DateOnly)
}

// MarshalText implements encoding.TextMarshaler. Where a day may be absent, the
// field is left out (omitzero): "" could not be read back.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it is as strict as ParseDate.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}
