package jsonform

// Structs: their fields in the order of encoding/json.

import (
	"reflect"
	"strings"
)

// member is a field, or one of an embedded struct.
type member struct {
	first, next string // its name with what stands around it, as the first one and behind others
	index       []int
	read        read
}

func structOf(t reflect.Type, within []reflect.Type) read {
	members, ok := membersOf(t, within, nil)
	if !ok {
		return nil
	}
	names := map[string]bool{}
	for _, m := range members {
		if names[m.first] {
			return nil // encoding/json decides which of them is meant
		}
		names[m.first] = true
	}
	return func(s *scanner, v reflect.Value) bool {
		if !s.literal("{") {
			return false
		}
		first := true
		for i := range members {
			m := &members[i]
			name := m.next
			if first {
				name = m.first
			}
			if !s.literal(name) {
				continue // absent: it stays zero
			}
			if !m.read(s, v.FieldByIndex(m.index)) {
				return false
			}
			first = false
		}
		return s.literal("}")
	}
}

func membersOf(t reflect.Type, within []reflect.Type, at []int) (members []member, ok bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		index := append(append([]int{}, at...), i)
		switch {
		case tag == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous && name == "":
			if !f.IsExported() || f.Type.Kind() != reflect.Struct {
				return nil, false
			}
			embedded, ok := membersOf(f.Type, within, index)
			if !ok {
				return nil, false
			}
			members = append(members, embedded...)
			continue
		case name == "":
			name = f.Name
		}
		value := formOf(f.Type, within)
		if value == nil || !plainName(name) || strings.Contains(options, "string") {
			return nil, false
		}
		members = append(members, member{first: `"` + name + `":`, next: `,"` + name + `":`, index: index, read: value})
	}
	return members, true
}

// plainName tells whether encoding/json writes a name as it stands in the tag.
func plainName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '$', r == '-':
			return false
		}
		return true
	})
}
