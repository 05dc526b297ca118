package main

// Here: the help pages: what they say of each flag, and the one page of all
// settings.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

// describe says of a flag, behind its help, what holds where it is not given and
// which environment variable gives it too.
func describe(value *kong.Value) string {
	if value.Flag == nil || len(value.Flag.Envs) == 0 {
		return value.Help
	}
	notes := "$" + strings.Join(value.Flag.Envs, ", $")
	if fallback := fallback(value); fallback != "" {
		notes = fallback + "; " + notes
	}
	return fmt.Sprintf("%s (%s).", strings.TrimSuffix(value.Help, "."), notes)
}

// inHelp begins what a flag's help says where its default is no fixed text.
const inHelp = "Default: "

// fallback says what holds where a flag is not given; "" where its help says it.
func fallback(value *kong.Value) string {
	switch {
	case value.Required:
		return "required"
	case value.HasDefault:
		return "default " + value.Default
	case value.IsBool():
		return "default off"
	}
	return ""
}

// helpPage prints a command's page; that of the whole program ends with all
// settings.
func helpPage(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil || ctx.Selected() != nil {
		return err
	}
	fmt.Fprint(ctx.Stdout, "\nSettings: each flag has an environment variable; the flag wins.\n")
	table := tabwriter.NewWriter(ctx.Stdout, 0, 4, 2, ' ', 0)
	all, err := settings(ctx.Model)
	if err != nil {
		return err
	}
	for _, s := range all {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", s.variable, s.flag, s.otherwise)
	}
	return table.Flush()
}

// setting is one environment variable and its flag.
type setting struct {
	variable, flag string
	otherwise      string // what holds where neither is given
}

// settings lists all of them by their variables. A variable stands for the same
// thing in every command; where the demo can do without one, the
// others' "required" is told.
func settings(app *kong.Application) ([]setting, error) {
	var all []setting
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			otherwise := fallback(flag.Value)
			if _, said, ok := strings.Cut(flag.OrigHelp, inHelp); ok {
				otherwise = "default " + strings.TrimSuffix(said, ".")
			}
			for _, variable := range flag.Envs {
				all = append(all, setting{variable, "--" + flag.Name, otherwise})
			}
		}
		return next(nil)
	})
	slices.SortStableFunc(all, func(a, b setting) int {
		return cmp.Or(strings.Compare(a.variable, b.variable), -strings.Compare(a.otherwise, b.otherwise))
	})
	return slices.CompactFunc(all, func(a, b setting) bool { return a.variable == b.variable }), err
}
