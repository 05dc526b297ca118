package traces

// Here: how a correlation id becomes the identity of a trace and of its root, and
// which traces are kept.

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/google/uuid"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// identity is the trace of an action, and its root in it.
func identity(id uuid.UUID) trace.SpanContext {
	span := trace.SpanID(id[8:])
	if !span.IsValid() { // a caller may choose any id; a span's may not be zero
		span[7] = 1
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID(id), SpanID: span, TraceFlags: trace.FlagsSampled, Remote: true})
}

// behind is the context of what follows from an action: of the span that goes on in
// it, if that is of the same action, and else of the action's root.
func behind(ctx context.Context, id uuid.UUID) context.Context {
	if trace.SpanContextFromContext(ctx).TraceID() == trace.TraceID(id) {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, identity(id))
}

// rootKey is the context's key of the identity that a new root takes.
type rootKey struct{}

// ids gives spans their identities.
type ids struct{}

// NewIDs implements sdk.IDGenerator, for a root.
func (i ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if root, ok := ctx.Value(rootKey{}).(trace.SpanContext); ok {
		return root.TraceID(), root.SpanID()
	}
	id := trace.TraceID(uuid.New())
	return id, i.NewSpanID(ctx, id)
}

// NewSpanID implements sdk.IDGenerator, for whatever hangs on another span.
func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

// sampler keeps a share of the traces. The SDK's own takes the last eight bytes of
// a trace id for a random number; in a UUID they begin with two fixed bits, so that
// it would keep nothing below one half and everything from three quarters. Here
// they are hashed first. Every process decides alike, without being told.
type sampler struct{ sdk.Sampler }

func share(ratio float64) sdk.Sampler { return sampler{sdk.TraceIDRatioBased(ratio)} }

// ShouldSample implements sdk.Sampler.
func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	sum := sha256.Sum256(p.TraceID[:])
	p.TraceID = trace.TraceID(sum[:16])
	return s.Sampler.ShouldSample(p)
}

// Description implements sdk.Sampler.
func (s sampler) Description() string { return fmt.Sprintf("hashed %s", s.Sampler.Description()) }
