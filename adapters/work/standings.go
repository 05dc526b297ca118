// Where the digests of many persons stand.

package work

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"imprint/domain/digest"
)

// personsAtOnce bounds the arguments of one statement.
const personsAtOnce = 500

// FindAll answers the standings of persons, without frozen mails and in no order; of
// one who has never had settings there is none.
func (d *Digests) FindAll(ctx context.Context, persons []uuid.UUID) ([]digest.Standing, error) {
	var all []digest.Standing
	for some := range slices.Chunk(persons, personsAtOnce) {
		places, args := make([]string, len(some)), make([]any, len(some))
		for i, person := range some {
			places[i], args[i] = fmt.Sprintf("$%d", i+1), person.String()
		}
		found, err := d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE person IN (`+strings.Join(places, ", ")+`)`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}
