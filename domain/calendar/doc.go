// Package calendar says when the next digest is due.
//
// A schedule is data: a frequency, a local time of day, a day, and the name of a
// time zone. The instants it names follow from the schedule alone, never from
// the instant before ("previous + 24 h" drifts over daylight saving, "+ 1 month"
// drifts from the 31st to the 28th and stays there). So NextDue needs no memory:
// whatever moment one asks from, the answers are members of one sequence, and
// nothing is lost or doubled after an outage, a clock set back or a restart.
//
// The rules are those of RFC 5545 section 3.3.5:
//
//   - a local time that does not exist (clocks went forward over it) is read
//     with the offset that held before the gap: 02:30 in New York becomes 03:30;
//   - a local time that exists twice means its first occurrence, once;
//   - every date of the schedule fires once. Where the gap reaches midnight the
//     firing lands on the next date (23:30 in Nuuk in spring: 00:30), and the
//     next date still has its own;
//   - "the 31st" is the last day of a shorter month, and the 31st again after it;
//   - a date that the zone skipped altogether (Apia, 30 December 2011) falls on
//     the same instant as the date after it: one firing, not two.
//
// Package time resolves such local times differently from zone to zone (its
// documentation leaves the choice open), so Resolve is the only place where a
// local time becomes an instant.
//
// Zones come from the machine's database where it has one, else from the copy
// that this package embeds, so every IANA name is known everywhere. The package
// reads no clock and keeps no state.
package calendar
