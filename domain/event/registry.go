package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"

	"imprint/domain/jsonform"
)

// ErrUnknownType: the registry does not know the event's type. Readers skip and
// count such events; they were written by a newer program or another one.
var ErrUnknownType = errors.New("unknown event type")

// NewerSchemaError: the event was written by a newer program. A reader that
// needs this type must stop, for it would misread what follows.
type NewerSchemaError struct {
	Type       string
	Has, Knows int
	Ordinal    int64
}

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("event %d is a %s of schema %d; this program knows up to %d: run the newer program", e.Ordinal, e.Type, e.Has, e.Knows)
}

// Upcast turns the JSON of one schema version into that of the next.
type Upcast func(json.RawMessage) (json.RawMessage, error)

// AsItIs is the upcast to a schema that only added optional fields.
func AsItIs(data json.RawMessage) (json.RawMessage, error) { return data, nil }

// Definition describes one event type: name, newest schema, whether it is
// provable, and how to read it.
type Definition struct {
	Type     string
	Schema   int
	Provable bool

	payload reflect.Type
	form    jsonform.Form // of the payload
	secrets []secretField
	upcasts []Upcast // upcasts[i] leads from schema i+1 to i+2
}

// Define describes payload type P. The newest schema is one more than the
// number of upcasters.
func Define[P Payload](provable bool, upcasts ...Upcast) Definition {
	var zero P
	t := reflect.TypeFor[P]()
	return Definition{
		Type:     zero.EventType(),
		Schema:   len(upcasts) + 1,
		Provable: provable,
		payload:  t,
		form:     jsonform.Of(t),
		secrets:  secretsOf(t),
		upcasts:  upcasts,
	}
}

// Registry knows every event type by its constant name. It is immutable.
type Registry struct {
	byType map[string]Definition
}

// NewRegistry gathers definitions. Two of one name, or a payload that is not a
// struct, are a mistake in the program and fail here, at its start.
func NewRegistry(groups ...[]Definition) (*Registry, error) {
	r := &Registry{byType: map[string]Definition{}}
	for _, g := range groups {
		for _, d := range g {
			if _, twice := r.byType[d.Type]; twice {
				return nil, fmt.Errorf("event type %q is defined twice", d.Type)
			}
			if d.payload.Kind() != reflect.Struct {
				return nil, fmt.Errorf("event type %q: the payload must be a struct, not %s", d.Type, d.payload)
			}
			r.byType[d.Type] = d
		}
	}
	return r, nil
}

// Definitions lists all types by name.
func (r *Registry) Definitions() []Definition {
	ds := make([]Definition, 0, len(r.byType))
	for _, d := range r.byType {
		ds = append(ds, d)
	}
	sort.Slice(ds, func(i, j int) bool { return ds[i].Type < ds[j].Type })
	return ds
}

// Lookup finds a type's definition.
func (r *Registry) Lookup(eventType string) (Definition, bool) {
	d, ok := r.byType[eventType]
	return d, ok
}

// Decode reads an event's payload in its newest schema; sealed fields stay
// sealed. Errors: ErrUnknownType, *NewerSchemaError, or data that does not fit.
func (r *Registry) Decode(e Recorded) (Payload, error) {
	d, ok := r.byType[e.Type]
	if !ok {
		return nil, fmt.Errorf("%w: %q at ordinal %d", ErrUnknownType, e.Type, e.Ordinal)
	}
	if e.Meta.Schema > d.Schema {
		return nil, &NewerSchemaError{Type: e.Type, Has: e.Meta.Schema, Knows: d.Schema, Ordinal: e.Ordinal}
	}
	if e.Meta.Schema < 1 {
		return nil, fmt.Errorf("event %d (%s) has schema %d; schemas begin at 1", e.Ordinal, e.Type, e.Meta.Schema)
	}
	data := json.RawMessage(e.Data)
	for _, up := range d.upcasts[e.Meta.Schema-1:] {
		next, err := up(data)
		if err != nil {
			return nil, fmt.Errorf("event %d (%s): upcast from schema %d: %w", e.Ordinal, e.Type, e.Meta.Schema, err)
		}
		data = next
	}
	p := reflect.New(d.payload)
	if err := d.form.Unmarshal(string(data), p.Interface()); err != nil {
		return nil, fmt.Errorf("event %d (%s): %w", e.Ordinal, e.Type, err)
	}
	return p.Elem().Interface().(Payload), nil
}
