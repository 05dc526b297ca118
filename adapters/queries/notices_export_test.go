package queries

// What the test of the plans needs to see.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
)

// DueTexts are the statements of a selection with their arguments, about as many
// persons, documents and notices as there are ids.
func (n *Notices) DueTexts(ids []uuid.UUID) map[string][]any {
	texts := map[string][]any{}
	_ = inBatches(ids, func(ids []string) error {
		for _, st := range []*statement{
			n.entriesOf(ids), n.saidBy(ids), n.told(ids),
			n.released("document", ids, 1, 100), n.released("series", ids, 1, 100), n.released("left_series", ids, 1, 100),
		} {
			texts[st.text.String()] = st.args
		}
		return nil
	})
	for _, st := range []*statement{n.keepers(ids[0].String(), "", 10), n.sayers(ids[0].String(), "", 10), n.members(ids[0].String())} {
		texts[st.text.String()] = st.args
	}
	return texts
}

// WithRoom are the same queries with less room for one selection, in bytes.
func (n *Notices) WithRoom(room int) *Notices {
	less := *n
	less.room = room
	return &less
}

// PageText is the statement of a library's page with its arguments.
func (l *Library) PageText(r access.Reader, now time.Time, before int64, size int) (string, []any) {
	st := l.page(r, now, before, size)
	return st.text.String(), st.args
}
