package document

// Here: what others ask of a state before they tell readers about it.

// Standing tells whether a version can be told of: it exists and neither it nor
// the document is withdrawn.
func (s State) Standing(number int) bool {
	v := s.version(number)
	return v != nil && !v.withdrawn && !s.withdrawn
}
