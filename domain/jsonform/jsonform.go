// Package jsonform reads JSON in the form in which encoding/json writes a type:
// without spaces, the fields of a struct in their order. A log is read through far
// more often than it is written, and looking every name up again in a text of known
// form is most of the work of it.
//
// A Form is a faster way to the result of encoding/json, never another one: a text
// in any other form (spaces, another order, unknown fields, null where a value is
// expected), a type that has no form here, and what is wrong are left to it. So
// every error is its own too.
package jsonform

import (
	"encoding/json"
	"reflect"
)

// Form reads texts of one type. It is immutable.
type Form struct {
	read read // nil: everything is left to encoding/json
}

// read takes a value of one type off the text, into a zero value. After false the
// value is of no use.
type read func(*scanner, reflect.Value) bool

// Of makes the form of a type. It is made once, like a regular expression.
func Of(t reflect.Type) Form { return Form{formOf(t, nil)} }

// Unmarshal reads a text into the zero value that into points to, which is of the
// form's type. The strings in it are parts of the text: whoever keeps a short one
// of them keeps all of it.
func (f Form) Unmarshal(text string, into any) error {
	if f.Read(text, into) {
		return nil
	}
	reflect.ValueOf(into).Elem().SetZero()
	return json.Unmarshal([]byte(text), into)
}

// Read is Unmarshal of a text in this very form. After false the value is of no
// use, and nothing is said about the text.
func (f Form) Read(text string, into any) bool {
	s := scanner{rest: text}
	return f.read != nil && f.read(&s, reflect.ValueOf(into).Elem()) && s.rest == ""
}
