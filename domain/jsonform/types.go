package jsonform

// How each type is written. What is missing here has no form, and neither has a
// type that holds it.

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
)

var (
	timeType = reflect.TypeFor[time.Time]()
	uuidType = reflect.TypeFor[uuid.UUID]()
	byteType = reflect.TypeFor[byte]()
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonType = reflect.TypeFor[json.Unmarshaler]()
	mapType  = reflect.TypeFor[map[string]string]()
)

// formOf answers nil where a type has no form; within are the types that hold it,
// for one that holds itself has none.
func formOf(t reflect.Type, within []reflect.Type) read {
	if slices.Contains(within, t) {
		return nil
	}
	within = append(slices.Clone(within), t)
	switch {
	case t == timeType:
		return readTime
	case t == uuidType:
		return readUUID
	case reflect.PointerTo(t).Implements(jsonType):
		return nil
	case reflect.PointerTo(t).Implements(textType):
		return readText
	}
	switch t.Kind() {
	case reflect.String:
		return readString
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return readInt
	case reflect.Pointer:
		return pointerTo(t.Elem(), within)
	case reflect.Slice:
		return sliceOf(t.Elem(), within)
	case reflect.Map:
		if t.ConvertibleTo(mapType) {
			return readMap
		}
	case reflect.Struct:
		return structOf(t, within)
	}
	return nil
}

func readTime(s *scanner, v reflect.Value) bool {
	text, ok := s.plain() // the time's own reading of JSON knows no escapes
	return ok && v.Addr().Interface().(*time.Time).UnmarshalText([]byte(text)) == nil
}

func readUUID(s *scanner, v reflect.Value) bool {
	text, ok := s.text()
	if !ok || len(text) != 36 {
		return false
	}
	id, err := uuid.Parse(text)
	*v.Addr().Interface().(*uuid.UUID) = id
	return err == nil
}

func readText(s *scanner, v reflect.Value) bool {
	text, ok := s.text()
	return ok && v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}

func readString(s *scanner, v reflect.Value) bool {
	text, ok := s.text()
	v.SetString(text)
	return ok
}

func readBool(s *scanner, v reflect.Value) bool {
	yes := s.literal("true")
	v.SetBool(yes)
	return yes || s.literal("false")
}

func readInt(s *scanner, v reflect.Value) bool {
	n, ok := s.number()
	if !ok || v.OverflowInt(n) {
		return false
	}
	v.SetInt(n)
	return true
}

func pointerTo(t reflect.Type, within []reflect.Type) read {
	elem := formOf(t, within)
	if elem == nil {
		return nil
	}
	return func(s *scanner, v reflect.Value) bool {
		if s.literal("null") {
			return true
		}
		v.Set(reflect.New(t))
		return elem(s, v.Elem())
	}
}

func sliceOf(t reflect.Type, within []reflect.Type) read {
	if t == byteType {
		return readBytes
	}
	elem := formOf(t, within)
	if elem == nil {
		return nil
	}
	return func(s *scanner, v reflect.Value) bool {
		if s.literal("null") {
			return true
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 1))
		return s.list("[", "]", func(n int) bool {
			v.Grow(1)
			v.SetLen(n + 1)
			return elem(s, v.Index(n))
		})
	}
}

func readBytes(s *scanner, v reflect.Value) bool {
	if s.literal("null") {
		return true
	}
	b, ok := s.bytes()
	v.SetBytes(b)
	return ok
}

func readMap(s *scanner, v reflect.Value) bool {
	if s.literal("null") {
		return true
	}
	texts := map[string]string{}
	ok := s.list("{", "}", func(int) bool {
		name, named := s.text()
		named = named && s.literal(":")
		text, ok := s.text()
		texts[name] = text
		return named && ok
	})
	v.Set(reflect.ValueOf(texts).Convert(v.Type()))
	return ok
}
