package projections

// Columns that are kept as JSON text, written. What comes out is what encoding/json
// writes, byte for byte, at a quarter of its time: rows are written far more often
// than anything else here is.

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// jsonWriter appends a value of one type.
type jsonWriter func(b []byte, v reflect.Value) []byte

var (
	marshalerType = reflect.TypeFor[json.Marshaler]()
	textType      = reflect.TypeFor[encoding.TextMarshaler]()
	textsType     = reflect.TypeFor[map[string]string]()
)

// jsonText writes values of a type, "" for the zero value.
func jsonText(t reflect.Type) func(reflect.Value) (any, error) {
	write := writerOf(t, nil)
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	return func(v reflect.Value) (any, error) {
		if v.IsZero() {
			return "", nil
		}
		if write == nil {
			b, err := json.Marshal(v.Addr().Interface())
			return string(b), err
		}
		buffer := buffers.Get().(*[]byte)
		*buffer = write((*buffer)[:0], v)
		text := string(*buffer)
		buffers.Put(buffer)
		return text, nil
	}
}

// writerOf answers nil for a type that is left to encoding/json, as one is that
// writes itself, or that holds such a one. within are the types that hold it.
func writerOf(t reflect.Type, within []reflect.Type) jsonWriter {
	if slices.Contains(within, t) || reflect.PointerTo(t).Implements(marshalerType) || reflect.PointerTo(t).Implements(textType) {
		return nil
	}
	within = append(slices.Clone(within), t)
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value) []byte { return appendString(b, v.String()) }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) []byte { return strconv.AppendBool(b, v.Bool()) }
	case reflect.Int, reflect.Int64:
		return func(b []byte, v reflect.Value) []byte { return strconv.AppendInt(b, v.Int(), 10) }
	case reflect.Pointer:
		return writerOfPointer(t, within)
	case reflect.Slice:
		return writerOfSlice(t, within)
	case reflect.Map:
		if t.ConvertibleTo(textsType) {
			return appendTexts
		}
	case reflect.Struct:
		return writerOfStruct(t, within)
	}
	return nil
}

func writerOfPointer(t reflect.Type, within []reflect.Type) jsonWriter {
	write := writerOf(t.Elem(), within)
	if write == nil {
		return nil
	}
	return func(b []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(b, "null"...)
		}
		return write(b, v.Elem())
	}
}

func writerOfSlice(t reflect.Type, within []reflect.Type) jsonWriter {
	write := writerOf(t.Elem(), within)
	if write == nil {
		return nil // bytes among them, which are base64
	}
	return func(b []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(b, "null"...)
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = write(b, v.Index(i))
		}
		return append(b, ']')
	}
}

// jsonField is a field of a struct.
type jsonField struct {
	index     int
	name      string // with quotes and colon
	omitEmpty bool
	write     jsonWriter
}

func writerOfStruct(t reflect.Type, within []reflect.Type) jsonWriter {
	var fields []jsonField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" || options != "" && options != "omitempty" {
			return nil
		}
		write := writerOf(f.Type, within)
		if write == nil || options != "" && f.Type.Kind() == reflect.Struct {
			return nil
		}
		fields = append(fields, jsonField{index: i, name: string(appendString(nil, name)) + ":", omitEmpty: options != "", write: write})
	}
	return func(b []byte, v reflect.Value) []byte {
		b = append(b, '{')
		first := len(b)
		for i := range fields {
			f := &fields[i]
			field := v.Field(f.index)
			if f.omitEmpty && isEmpty(field) {
				continue
			}
			if len(b) > first {
				b = append(b, ',')
			}
			b = f.write(append(b, f.name...), field)
		}
		return append(b, '}')
	}
}

// isEmpty is what omitempty leaves out, of the kinds that have a writer.
func isEmpty(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Slice || k == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

// appendTexts writes a map of texts in the order of its keys.
func appendTexts(b []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(b, "null"...)
	}
	texts := v.Convert(textsType).Interface().(map[string]string)
	var few [4]string
	keys := few[:0]
	for k := range texts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k), ':')
		b = appendString(b, texts[k])
	}
	return append(b, '}')
}

// appendString writes a string that needs no escape; the others are left to
// encoding/json, which also replaces what is not UTF-8.
func appendString(b []byte, s string) []byte {
	high := false
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0x7f:
			return appendEscaped(b, s)
		case c >= utf8.RuneSelf:
			high = true
		}
	}
	if high && (!utf8.ValidString(s) || strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // no string fails
	}
	return append(b, text...)
}
