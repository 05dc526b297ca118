// Positions of this engine.

package eventlog

import (
	"strconv"

	"imprint/domain"
	"imprint/domain/event"
)

// position writes an ordinal as 16 hexadecimal digits, which compare as strings
// the way the numbers do. The place before the first event is "".
func position(ordinal int64) event.Position {
	if ordinal == 0 {
		return ""
	}
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[i] = digits[ordinal>>(60-4*i)&15]
	}
	return event.Position(b[:])
}

// place is the ordinal of a checkpoint. Position and ordinal say the same here;
// a checkpoint in which they differ comes from another engine or was made up.
func place(c event.Checkpoint) (int64, error) {
	var ordinal int64
	if c.Position != "" {
		n, err := strconv.ParseInt(string(c.Position), 16, 64)
		if err != nil || position(n) != c.Position || n < 1 {
			return 0, domain.Refuse(domain.Invalid, "bad-position", "%.40q is not a position of this log; use one that it has given", c.Position)
		}
		ordinal = n
	}
	if ordinal != c.Ordinal {
		return 0, domain.Refuse(domain.Invalid, "bad-checkpoint", "the checkpoint names position %.40q and ordinal %d, which are not the same place of this log; begin again from the start", c.Position, c.Ordinal)
	}
	return ordinal, nil
}
