package postgres

// Statements end from here as well: the server's statement_timeout is of no use
// where the server is frozen, or has vanished with its network without a word.

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// tracer is what pgx tells of connections and statements.
type tracer struct {
	attempts
	bounds
}

var (
	_ pgx.QueryTracer   = tracer{}
	_ pgx.ConnectTracer = tracer{}
)

// bounds gives each Query and Exec a time, from its beginning to the end of its
// rows: half as long again as the server has for it, and at least a second more.
// Batches and copies are bounded by their callers.
type bounds struct{ patience time.Duration } // 0: none

// boundsOf follows the server's timeout, in milliseconds. An address may set another
// one; where that is no plain number, or 0, nothing is bounded here.
func boundsOf(statementTimeout string) bounds {
	n, err := strconv.Atoi(statementTimeout)
	if err != nil || n <= 0 {
		return bounds{}
	}
	timeout := time.Duration(n) * time.Millisecond
	return bounds{timeout + max(timeout/2, time.Second)}
}

type (
	unbounded struct{}
	ending    struct{}
)

// Unbounded marks the statements of a context as those that take as long as they
// take, such as the making of an index.
func Unbounded(ctx context.Context) context.Context {
	return context.WithValue(ctx, unbounded{}, true)
}

// TraceQueryStart implements pgx.QueryTracer: the statement goes by the context that
// it answers.
func (b bounds) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if b.patience == 0 || ctx.Value(unbounded{}) != nil {
		return ctx
	}
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	return context.WithValue(ctx, ending{}, cancel)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (bounds) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if cancel, is := ctx.Value(ending{}).(context.CancelFunc); is {
		cancel()
	}
}
