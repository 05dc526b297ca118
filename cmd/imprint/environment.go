package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"imprint/domain"
)

// environmentPrefix begins the name of every setting.
const environmentPrefix = "IMPRINT_"

// ignoredSettings belong to the tests and benchmarks of the repository, and may
// stand in the environment of the program.
var ignoredSettings = []string{"IMPRINT_TEST_", "IMPRINT_CORPUS"}

// checkEnvironment refuses a setting that no command knows: a misspelt one would
// otherwise be ignored in silence.
func checkEnvironment(app *kong.Application, environ []string) error {
	all, err := settings(app)
	if err != nil {
		return err
	}
	known := make([]string, len(all))
	for i, s := range all {
		known[i] = s.variable
	}
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, environmentPrefix) || slices.Contains(known, name) {
			continue
		}
		if slices.ContainsFunc(ignoredSettings, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		return domain.Refuse(domain.Invalid, "unknown-setting", "the environment holds %s, which is no setting of imprint; the settings are %s", name, strings.Join(known, ", "))
	}
	return nil
}
