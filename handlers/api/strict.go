package api

// What encoding/json reads too kindly: half characters, and names given twice.

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"imprint/domain"
)

// unambiguous refuses JSON that the decoder would change or half pass over
// without a word: escapes of lone surrogates (RFC 8259, section 8.2), and names
// that an object holds twice (section 4). What is no JSON is left to the decoder.
func unambiguous(body []byte) error {
	if loneSurrogate(body) {
		return domain.Refuse(domain.Invalid, "bad-utf8", "the body holds half of a character: an escape from \\ud800 to \\udfff without its other half; send whole characters")
	}
	if name, twice := namedTwice(body); twice {
		return domain.Refuse(domain.Invalid, "named-twice", "an object of the body names %.40q twice; name it once", name).In(field(name))
	}
	return nil
}

// loneSurrogate looks at escapes only: a backslash stands nowhere but in strings.
func loneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		first, ok := escaped(body[i:])
		switch {
		case !ok:
			i++ // over the character escaped, which may be a backslash
		case !utf16.IsSurrogate(first):
			i += 5
		default:
			second, _ := escaped(body[i+6:])
			if utf16.DecodeRune(first, second) == utf8.RuneError {
				return true
			}
			i += 11
		}
	}
	return false
}

// escaped reads \uXXXX at the beginning of b.
func escaped(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// namedTwice finds the first name that an object holds twice.
func namedTwice(body []byte) (string, bool) {
	var open []map[string]bool // of the objects and lists around; nil for a list
	d, isName := json.NewDecoder(bytes.NewReader(body)), false
	for {
		token, err := d.Token()
		if err != nil {
			return "", false // the end, or no JSON
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
		case string:
			if isName {
				names := open[len(open)-1]
				if names[t] {
					return t, true
				}
				names[t], isName = true, false
				continue
			}
		}
		// After a value and after a brace comes a name, wherever names are held.
		isName = len(open) > 0 && open[len(open)-1] != nil
	}
}
