package projections

// The order and equality of column values.

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// compare orders two values of one column: the order in which stores sort them
// (text by bytes).
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case bool:
		switch {
		case a == b.(bool):
			return 0
		case a:
			return 1
		}
		return -1
	}
	return 0
}

// equal tells whether two rows hold the same values.
func equal(a, b Values) bool {
	return slices.EqualFunc(a, b, func(x, y any) bool { return compare(x, y) == 0 })
}

// compareAll orders rows value by value.
func compareAll(a, b Values) int { return slices.CompareFunc(a, b, compare) }
