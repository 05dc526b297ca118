package digest

// Here: how an event names many items in little room.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// ListedItems is how many items stand in the mail and in an event; of the rest
// only a hash is kept.
const ListedItems = 50

// Listing is any number of items, the newest first. Whoever has all of them can
// check that these were meant; the event stays small however many there are.
type Listing struct {
	Count    int    `json:"count"`              // items in all
	Items    []Item `json:"items"`              // the newest 50
	RestHash string `json:"restHash,omitempty"` // SHA-256 of the JSON array of the others, hex; "" if there are none
}

// List makes a listing of all items.
func List(all []Item) (Listing, error) {
	listed := min(len(all), ListedItems)
	l := Listing{Count: len(all), Items: all[:listed:listed]}
	if listed == len(all) {
		return l, nil
	}
	rest, err := json.Marshal(all[listed:])
	if err != nil {
		return l, err
	}
	sum := sha256.Sum256(rest)
	l.RestHash = hex.EncodeToString(sum[:])
	return l, nil
}
