package domain

// maxSlug bounds a slug in bytes.
const maxSlug = 64

// CheckSlug refuses what is not a slug: 1 to 64 of a-z, 0-9 and '-', neither
// beginning nor ending with '-'. Slugs are ids that people read, in categories
// and filters, and that stand in addresses.
func CheckSlug(field, s string) error {
	ok := s != "" && len(s) <= maxSlug && s[0] != '-' && s[len(s)-1] != '-'
	for _, c := range []byte(s) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return Refuse(Invalid, "bad-slug", "%s: %.70q is not a short name; use up to %d of a-z, 0-9 and '-', such as \"iso-27001\"", field, s, maxSlug).In(field)
	}
	return nil
}
