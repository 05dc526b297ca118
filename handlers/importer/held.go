package importer

// Here: what the log holds of a source, counted from the log itself.

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/domain/event"
)

// Held is what the log holds of some sources.
type Held struct {
	Documents, Versions, Withdrawals int
}

const countPage = 2000

// Count reads the log to its end and counts what came from the sources.
func Count(ctx context.Context, log event.Log, registry *event.Registry, sources []string) (Held, error) {
	var held Held
	documents := map[uuid.UUID]bool{}
	from := func(o *document.Origin) bool { return o != nil && slices.Contains(sources, o.Source) }
	var at event.Checkpoint
	for {
		page, err := log.ReadAll(ctx, at, countPage)
		if err != nil {
			return Held{}, err
		}
		if len(page) == 0 {
			held.Documents = len(documents)
			return held, nil
		}
		at = page[len(page)-1].Checkpoint()
		for _, e := range page {
			if e.Stream.Category() != event.DocumentCategory {
				continue
			}
			payload, err := registry.Decode(e)
			if err != nil {
				return Held{}, err
			}
			switch p := payload.(type) {
			case document.Published:
				if from(p.Origin) {
					documents[p.Document] = true
					held.Versions++
				}
			case document.Versioned:
				if from(p.Origin) {
					held.Versions++
				}
			case document.Withdrawn:
				if from(p.Origin) {
					held.Withdrawals++
				}
			}
		}
	}
}
