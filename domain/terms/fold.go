package terms

import "unicode"

// Here: which characters count as the same one when case and diacritics do not.

// fold is a decomposed letter or digit as it is compared: one character, or two
// (second is 0 where there is none). Going up before going down makes one of all
// the forms of a letter: both small sigmas, the dotless i, the long s.
func fold(r rune) (first, second rune) {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r, 0
	}
	r = unicode.ToLower(unicode.ToUpper(r))
	// Letters with a stroke and ligatures: Unicode does not decompose them, but
	// people without the key write them so.
	switch r {
	case 'ß':
		return 's', 's'
	case 'æ':
		return 'a', 'e'
	case 'œ':
		return 'o', 'e'
	case 'þ':
		return 't', 'h'
	case 'ø':
		return 'o', 0
	case 'ł':
		return 'l', 0
	case 'đ', 'ð':
		return 'd', 0
	case 'ħ':
		return 'h', 0
	case 'ŧ':
		return 't', 0
	}
	return r, 0
}
