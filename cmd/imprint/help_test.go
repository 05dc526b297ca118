package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// helpOf runs --help and answers its words, single-spaced.
func helpOf(t *testing.T, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	if code := run(context.Background(), append(args, "--help"), nil, &out, &said); code != 0 {
		t.Fatalf("imprint %v --help: exit %d\n%s", args, code, said.String())
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func TestEveryFlagSaysItsVariableUnitAndDefault(t *testing.T) {
	var c commands
	parser, err := kong.New(&c, kong.Name("imprint"), kong.Vars{"listen": defaultListen})
	if err != nil {
		t.Fatal(err)
	}
	all := helpOf(t)
	flags := 0
	for _, command := range parser.Model.Leaves(true) {
		name := strings.TrimPrefix(command.FullPath(), "imprint ")
		page := helpOf(t, strings.Fields(name)...)
		for _, flag := range command.Flags {
			flags++
			if len(flag.Envs) != 1 || !strings.HasPrefix(flag.Envs[0], environmentPrefix) {
				t.Errorf("%s --%s has the variables %v", name, flag.Name, flag.Envs)
				continue
			}
			if !strings.Contains(page, "$"+flag.Envs[0]+")") || !strings.Contains(all, flag.Envs[0]+" --"+flag.Name+" ") {
				t.Errorf("%s --%s: a page does not say %s", name, flag.Name, flag.Envs[0])
			}
			unit, otherwise := flag.PlaceHolder, "default "+flag.Default
			switch {
			case flag.Required:
				otherwise = "required"
			case flag.IsBool():
				unit, otherwise = "none", "default off"
			case !flag.HasDefault && strings.Contains(flag.Help, inHelp):
				otherwise = ""
			}
			if otherwise != "" && !strings.Contains(page, "("+otherwise+"; $"+flag.Envs[0]+")") {
				t.Errorf("%s --%s: %q is not said", name, flag.Name, otherwise)
			}
			if unit == "" {
				t.Errorf("%s --%s does not say its unit", name, flag.Name)
			}
		}
	}
	if flags < 30 {
		t.Errorf("only %d flags were looked at", flags)
	}
	for _, want := range []string{"--max-upload=BYTES", "(default 104857600; $IMPRINT_MAX_UPLOAD)", "(default 10m; $IMPRINT_GRACE)"} {
		if page := helpOf(t, "serve"); !strings.Contains(page, want) {
			t.Errorf("serve's page does not say %q", want)
		}
	}
	if want := "IMPRINT_DATA --data default none, and needed while a part is kept in files"; !strings.Contains(all, want) {
		t.Errorf("the settings do not say %q", want)
	}
}
