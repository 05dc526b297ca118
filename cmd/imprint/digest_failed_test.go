package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestAnOperatorSeesWhatFailedAndRetriesIt from the command line, while the mail server
// is away and once it is back.
func TestAnOperatorSeesWhatFailedAndRetriesIt(t *testing.T) {
	h := newHouse(t)
	h.publish()
	h.must(h.reactions.CatchUp(t.Context()))
	h.must(h.in.Close())
	does := func(code int, args ...string) string {
		t.Helper()
		var out, said bytes.Buffer
		if got := run(context.Background(), append([]string{"digest"}, append(args, "--data", h.data)...), nil, &out, &said); got != code {
			t.Fatalf("%v: exit %d, not %d: %s%s", args, got, code, out.String(), said.String())
		}
		return out.String() + said.String()
	}
	shows := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in: %s", want, text)
			}
		}
		if strings.Contains(text, "@") {
			t.Errorf("an address is shown: %s", text)
		}
	}
	shows(does(0, "failed"), "nothing waits after a failure")
	shows(does(0, "retry"), "0 due now, 0 wait on")
	shows(does(1, "retry", h.reader.String()), "nothing of person "+h.reader.String()+" waits")
	shows(does(1, "retry", "rosa"), "is not a person's id")
	if out := does(0, "failed", "--json"); out != "" {
		t.Errorf("for programs: %s", out)
	}
	shows(does(1, "run", "--grace", "0s", "--mail", "smtp://127.0.0.1:1?tls=none"), "the mail server cannot be reached")
	shows(does(0, "failed"), h.reader.String(), "again", "route-down")
	var line failedLine
	h.must(json.Unmarshal([]byte(does(0, "failed", "--json")), &line))
	if line.Person != h.reader || line.Class != "route-down" || line.Since.IsZero() || !line.Next.After(line.Since) {
		t.Errorf("%+v", line)
	}
	shows(does(0, "run", "--grace", "0s"), "0 accepted") // its time has not come
	// A program serves the folder, by a mail server that works: it is asked, and told.
	s := start(t, "serve", "--data", h.data, "--listen", "127.0.0.1:0", "--grace", "0s")
	shows(does(0, "failed"), h.reader.String(), "again", "route-down")
	shows(does(1, "retry", uuid.NewString()), "nothing of person")
	shows(does(0, "retry"), "1 due now, 0 wait on")
	s.eventually("/healthz", func(int, string) bool { return does(0, "failed") == "nothing waits after a failure\n" })
	if code, _ := s.terminate(); code != 0 {
		t.Errorf("SIGTERM: exit %d\n%s", code, s.output())
	}
	in, err := open(t.Context(), h.flags, options{})
	h.must(err)
	h.in = in // closed at the end
	kept, err := filepath.Glob(filepath.Join(h.data, "mail", "*"))
	if h.must(err); len(kept) == 0 {
		t.Error("no mail was kept")
	}
}
