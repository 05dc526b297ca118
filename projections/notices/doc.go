// Package notices is the read model from which digests are selected: what may be
// told, and to be told of what.
//
// # Keys and tables
//
//	notice/<cause id>   notices   the cause, and its release
//
// A row begins with its cause (a major version, a withdrawal, a reinstatement, a
// revision of details, a discontinuation), from which it takes time and reason,
// and is complete with the NoticeReleased of that cause. Until then its ordinal
// is 0, which lies in no window. What was imported is never released and has no
// row.
//
// # Selection
//
// A window is a half-open span of the ordinals of NoticeReleased. A notice is due
// to a person if it lies in the window, its cause lies after the last turning on,
// and it concerns the person: the document was saved before the cause, or a
// series was followed before the cause in which the document was at the cause or
// which the cause made it leave. Windows that follow each other without gap or
// overlap therefore hold every due notice exactly once. There is no fan-out: a
// selection reads the rows of a group of persons, reaches by index the notices of
// what they keep and follow, and holds the ones against the others in memory
// (Releases.Concern). What a notice says now is read once for the group. So its cost
// follows from the libraries of those who are due, whatever has been published and
// however many others there are.
//
// # What is told
//
// The notices of one document are one Candidate (Gather): what it says is what
// holds now, not what held when the notice was caused. Updates counts its notices
// in the window. A withdrawn document is named as withdrawn, whatever else
// happened to it. Otherwise the newest version among the notices decides: as new
// where it stands, as withdrawn where it does not, as reinstated where it stands
// again and its publication is not among the notices. A change of series is told
// where nothing else is, from where the newest of them says to where it is now. The end of a series is a candidate of its own.
//
// A document that is parked or absent has no audience, which hides it: the worker
// then records it as withheld instead of losing it.
package notices
