package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

// TestWhoMayImportWhom holds the layers of docs/architecture.md: which packages
// of ours, of the standard library and of third parties each part may reach.
func TestWhoMayImportWhom(t *testing.T) {
	packages := list(t)
	for _, p := range packages {
		path, ours := strings.CutPrefix(p.ImportPath, "imprint/")
		if !ours {
			continue
		}
		for _, imported := range p.Imports {
			if why := forbidden(path, imported); why != "" {
				t.Errorf("%s imports %s: %s", path, imported, why)
			}
		}
		if strings.HasPrefix(path, "domain") {
			for _, dep := range p.Deps {
				if module, ok := thirdParty(dep); ok && !slices.Contains(domainModules, module) {
					t.Errorf("%s reaches %s; the domain may reach only %v", path, dep, domainModules)
				}
			}
		}
	}
}

// domainModules are the third-party modules that the domain may reach.
// golang.org/x/text serves only package terms: the Unicode normal forms.
var domainModules = []string{"github.com/google/uuid", "golang.org/x/text"}

// forbidden says why a package may not import another, "" where it may.
func forbidden(path, imported string) string {
	target, ours := strings.CutPrefix(imported, "imprint/")
	layer, _, _ := strings.Cut(path, "/")
	switch layer {
	case "domain":
		if ours && !strings.HasPrefix(target, "domain") {
			return "the domain knows nothing but itself"
		}
		if slices.Contains([]string{"os", "net", "net/http", "database/sql"}, imported) {
			return "the domain does no input or output"
		}
	case "projections", "handlers":
		if ours && strings.HasPrefix(target, "adapters") {
			return "adapters are wired in by cmd/imprint only"
		}
		if layer == "projections" && ours && strings.HasPrefix(target, "handlers") {
			return "projections never act"
		}
	case "adapters":
		if !ours {
			return ""
		}
		if strings.HasPrefix(target, "handlers") {
			return "an adapter serves a port and knows no handler"
		}
		if other, ok := strings.CutPrefix(target, "adapters/"); ok && family(other) != family(strings.TrimPrefix(path, "adapters/")) && !shared[family(other)] {
			return "adapters do not know each other"
		}
	}
	return ""
}

// shared are the packages under adapters that adapters may use: the SQL
// that engines share, and the suites.
var shared = map[string]bool{"queries": true, "work": true, "conformance": true}

// family is the first folder below adapters.
func family(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// thirdParty answers the module of an import path outside the standard library.
func thirdParty(path string) (string, bool) {
	parts := strings.Split(path, "/")
	if !strings.Contains(parts[0], ".") {
		return "", false
	}
	return strings.Join(parts[:min(3, len(parts))], "/"), true
}

func list(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps,Standard", "imprint/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages; the test looks at the wrong place", len(packages))
	}
	return packages
}
