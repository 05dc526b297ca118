// What happens around every call: credentials, faults, and the trailers of
// failures.

package kurrenttest

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// interceptor stands before the services for one period of being reachable.
type interceptor struct {
	server  *Server
	serving *serving
}

func (i interceptor) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := i.answer(ctx, request, info, handle)
	if err != nil {
		setTrailers(ctx, err)
		return nil, err
	}
	return answer, nil
}

func (i interceptor) answer(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if err := i.admit(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	hit := i.server.faults.take(methodOf(info.FullMethod))
	if hit != nil && hit.fault.answered == beforeCall {
		if err := i.strike(ctx, hit); err != nil {
			return nil, err
		}
	}
	answer, err := handle(ctx, request)
	if hit != nil && hit.fault.answered >= 0 && err == nil {
		if err := i.strike(ctx, hit); err != nil {
			return nil, err
		}
	}
	return answer, err
}

func (i interceptor) stream(service any, call grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	err := i.admit(call.Context(), info.FullMethod)
	if err == nil {
		err = handle(service, &watched{ServerStream: call, interceptor: i, method: methodOf(info.FullMethod)})
	}
	if err != nil {
		setTrailers(call.Context(), err)
	}
	return err
}

// watched is a call whose messages are counted, so that a fault can strike
// between them.
type watched struct {
	grpc.ServerStream
	interceptor interceptor
	method      Method
	known       bool // the first message is there
	sent        int
	hit         *armed
}

// RecvMsg: the call is known by its first message, for reading and subscribing
// differ only there. An Append is refused once all of it is there, as the real
// server does: earlier, the client would see no more than the end of the stream.
func (w *watched) RecvMsg(m any) error {
	err := w.ServerStream.RecvMsg(m)
	if err == nil && !w.known {
		w.known = true
		if r, ok := m.(*streams.ReadReq); ok && r.GetOptions().GetSubscription() != nil {
			w.method = Subscribe
		}
		w.hit = w.interceptor.server.faults.take(w.method)
		if w.method == Append {
			return nil
		}
		return w.strikeAt(beforeCall)
	}
	if errors.Is(err, io.EOF) {
		if fault := w.strikeAt(beforeCall); fault != nil {
			return fault
		}
	}
	return err
}

func (w *watched) SendMsg(m any) error {
	if err := w.strikeAt(w.sent); err != nil {
		return err
	}
	w.sent++
	return w.ServerStream.SendMsg(m)
}

func (w *watched) strikeAt(answered int) error {
	if w.hit == nil || w.hit.fault.answered != answered {
		return nil
	}
	hit := w.hit
	w.hit = nil
	return w.interceptor.strike(w.Context(), hit)
}

// strike carries out a fault. No error means that the call goes on.
func (i interceptor) strike(ctx context.Context, a *armed) error {
	close(a.struck)
	switch {
	case a.fault.drop:
		i.serving.connections.cut(ctx)
		return status.Error(codes.Unavailable, "the connection is cut")
	case a.fault.wait:
		select {
		case <-a.fault.release:
			return nil
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-i.serving.stopping:
			return status.Error(codes.Unavailable, "the server is shutting down")
		}
	}
	return a.fault.err
}

// admit checks the credentials. Gossip and features are open to all, as clients
// ask for them before they say who they are; a wrong password is wrong anywhere.
func (i interceptor) admit(ctx context.Context, fullMethod string) error {
	set := i.server.settings
	if set.user == "" {
		return nil
	}
	given := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(given) == 0 {
		if !strings.HasPrefix(fullMethod, "/event_store.client.streams.Streams/") {
			return nil
		}
		return accessDenied()
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(set.user+":"+set.password))
	if subtle.ConstantTimeCompare([]byte(given[0]), []byte(want)) != 1 {
		return status.Error(codes.Unauthenticated, "the user or the password is wrong")
	}
	return nil
}

// methodOf is the name by which a fault is injected. Two services have a Read.
func methodOf(fullMethod string) Method {
	if strings.HasPrefix(fullMethod, "/event_store.client.gossip.") {
		return Gossip
	}
	return Method(fullMethod[strings.LastIndex(fullMethod, "/")+1:])
}
