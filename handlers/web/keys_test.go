package web_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/handlers/web"
)

func keys(t testing.TB, b byte) web.Keys {
	t.Helper()
	k, err := web.NewKeys(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTokensAreOurs(t *testing.T) {
	k := keys(t, 1)
	for _, p := range []event.Position{"", "00000000000000ff", event.Position(strings.Repeat("f", 100))} {
		token := k.Token(p)
		if got, err := k.Position(token); err != nil || got != p {
			t.Errorf("%q: %q, %v", p, got, err)
		}
		if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Errorf("%q does not go into a URL", token)
		}
		if _, err := keys(t, 2).Position(token); domain.KindOf(err) != domain.Invalid {
			t.Errorf("a token of another installation: %v", err)
		}
	}
	if _, err := web.NewKeys(make([]byte, 31)); err == nil {
		t.Error("a short key was taken")
	}
}

func FuzzPosition(f *testing.F) {
	k := keys(f, 1)
	f.Add(k.Token("0000000000000001"))
	f.Add("")
	f.Add("AAAA\nAAAA")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := k.Position(token)
		if err == nil && k.Token(p) != token {
			t.Errorf("%q and %q are one position", token, k.Token(p))
		}
		if err != nil && domain.KindOf(err) != domain.Invalid {
			t.Errorf("%q: %v", token, err)
		}
	})
}

func TestFingerprintsTellRequestsApart(t *testing.T) {
	k, seen := keys(t, 1), map[string]bool{}
	parts := func(s ...string) (all [][]byte) {
		for _, p := range s {
			all = append(all, []byte(p))
		}
		return all
	}
	prints := []string{
		k.Fingerprint("POST", "/a", parts("b")...), k.Fingerprint("POST", "/ab", parts("")...), k.Fingerprint("PUT", "/a", parts("b")...),
		k.Fingerprint("POST", "/a", parts("b", "")...), k.Fingerprint("POST", "/a", parts("", "b")...), k.Fingerprint("POST", "/a"),
		keys(t, 2).Fingerprint("POST", "/a", parts("b")...),
	}
	for i, p := range prints {
		if seen[p] || len(p) != 64 {
			t.Errorf("print %d is another's, or no SHA-256: %q", i, p)
		}
		seen[p] = true
	}
	if prints[0] != k.Fingerprint("POST", "/a", parts("b")...) {
		t.Error("one request has two prints")
	}
}

func TestWaitingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := func(ctx context.Context, _ event.Position, _ ...string) error { <-ctx.Done(); return ctx.Err() }
		start := time.Now()
		err := web.Waiter{Wait: never}.Until(t.Context(), "1")
		if p := web.Explain(t.Context(), err); p.Status != 503 || p.GetHeaders().Get("Retry-After") == "" || p.Code != "projection-behind" {
			t.Errorf("%+v", p)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("waited %s", took)
		}
		if err := (web.Waiter{Wait: func(context.Context, event.Position, ...string) error { return nil }}).Until(t.Context(), "1"); err != nil {
			t.Error(err)
		}
	})
}
