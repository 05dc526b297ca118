// Package schema is the one list of all event types that Imprint writes. The
// golden files beside it hold an example of every schema version ever written;
// they are decoded in the tests and never edited.
package schema

import (
	"imprint/domain/category"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/installation"
	"imprint/domain/library"
	"imprint/domain/maildomain"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
)

// Registry knows all event types. An error is a mistake in the program.
func Registry() (*event.Registry, error) {
	return event.NewRegistry(
		installation.Events(),
		category.Events(),
		document.Events(),
		series.Events(),
		library.Events(),
		person.Events(),
		maildomain.Events(),
		notice.Events(),
		digest.Events(),
	)
}
