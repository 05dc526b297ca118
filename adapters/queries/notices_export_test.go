package queries

// What the test of the plans needs to see.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/digest"
)

// DueText is the statement of a selection with its arguments.
func (n *Notices) DueText(person uuid.UUID, w digest.Window, since int64) (string, []any) {
	st := n.due(person, w, since)
	return st.text.String(), st.args
}

// PageText is the statement of a library's page with its arguments.
func (l *Library) PageText(r access.Reader, now time.Time, before int64, size int) (string, []any) {
	st := l.page(r, now, before, size)
	return st.text.String(), st.args
}
