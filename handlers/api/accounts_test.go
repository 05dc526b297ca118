package api_test

import (
	"testing"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

func TestAnAdministratorEndsAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rita := "/api/v1/persons/" + w.persons["rita"].Person
	stands := func(state string) {
		t.Helper()
		if got := into[api.Account](t, w.do(call{who: "ada", path: rita}).want(t, 200)); got.State != state || got.Person.String() != w.persons["rita"].Person || got.Reflects == 0 {
			t.Errorf("%+v, want %s", got, state)
		}
	}
	does := func(what, key string, events int, repeated bool) {
		t.Helper()
		got := into[api.Receipt](t, w.do(call{who: "ada", method: "POST", path: rita + "/" + what, key: key}).want(t, 200))
		if got.Events != events || got.Repeated != repeated || got.WaitToken == "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
	stands("active")
	does("enable", "1", 0, false) // it is
	does("disable", "2", 1, false)
	does("disable", "2", 0, true)
	does("disable", "3", 0, false)
	stands("disabled")
	w.do(call{who: "ada", method: "POST", path: rita + "/enable", key: "2"}).problem(t, 422, "request-id-reused")
	does("enable", "4", 1, false)
	stands("active")
	does("erase", "5", 1, false)
	does("erase", "5", 0, true)
	does("erase", "6", 0, false)
	stands("erased")
	w.do(call{who: "ada", method: "POST", path: rita + "/enable"}).problem(t, 404, "no-person")

	nobody := "/api/v1/persons/" + uuid.NewString()
	w.do(call{who: "ada", path: nobody}).problem(t, 404, "no-person")
	for _, what := range []string{"/disable", "/enable", "/erase"} {
		w.do(call{who: "ada", method: "POST", path: nobody + what}).problem(t, 404, "no-person")
		w.do(call{who: "ada", method: "POST", path: "/api/v1/persons/rita" + what}).problem(t, 400, "bad-request")
		w.do(call{who: "ada", method: "POST", path: rita + what, noKey: true}).problem(t, 400, "no-idempotency-key")
		for _, who := range []string{"rita", "paula", "anton"} {
			w.do(call{who: who, method: "POST", path: "/api/v1/persons/" + w.persons["ruth"].Person + what}).problem(t, 403, "not-an-administrator")
		}
	}
}

func TestAnAdministratorVerifiesMailDomains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme, other := uuid.New(), uuid.New()
	const at = "/api/v1/mail-domains/acme.example"
	verify := func(path string, organization any) reply {
		return w.do(call{who: "ada", method: "PUT", path: path, body: object{"organization": organization}})
	}
	events := func(r reply, n int) {
		t.Helper()
		if got := into[api.Receipt](t, r.want(t, 200)); got.Events != n {
			t.Errorf("%d events, want %d", got.Events, n)
		}
	}
	w.do(call{who: "ada", path: at}).problem(t, 404, "no-mail-domain")
	events(verify(at, acme), 1)
	events(verify(at, acme), 0)
	if got := into[api.MailDomain](t, w.do(call{who: "ada", path: at}).want(t, 200)); got.Organization != acme || got.Domain != "acme.example" {
		t.Errorf("%+v", got)
	}
	verify(at, other).problem(t, 409, "domain-taken")
	events(w.do(call{who: "ada", method: "DELETE", path: at}), 1)
	events(w.do(call{who: "ada", method: "DELETE", path: at}), 0)
	events(verify(at, other), 1)
	verify(at, uuid.Nil).problem(t, 400, "bad-organization")
	verify(at, "acme").problem(t, 400, "bad-request")
	for _, bad := range []string{"acme", "Acme.example", "b%C3%BCcher.example", "a..example", "acme.example%0d%0aBcc", "-a.example"} {
		verify("/api/v1/mail-domains/"+bad, acme).problem(t, 400, "bad-domain")
		w.do(call{who: "ada", path: "/api/v1/mail-domains/" + bad}).problem(t, 400, "bad-domain")
	}
	for _, who := range []string{"rita", "paula", "anton"} {
		w.do(call{who: who, method: "PUT", path: at, body: object{"organization": acme}}).problem(t, 403, "not-an-administrator")
		w.do(call{who: who, path: at}).problem(t, 403, "not-an-administrator")
	}
}
