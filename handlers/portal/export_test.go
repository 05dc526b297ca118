package portal

// Patterns lists the addresses of all pages.
func Patterns() (all []string) {
	for _, r := range (&portal{}).table() {
		all = append(all, r.pattern)
	}
	return all
}
