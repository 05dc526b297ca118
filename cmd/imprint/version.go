package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

func (versionCommand) Run(io *console) error {
	fmt.Fprintln(io.Out, programVersion())
	return nil
}

// programVersion says which program this is, from what the Go tool put into it.
func programVersion() string {
	revision := "unknown revision"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			revision = info.Main.Version
		}
	}
	return fmt.Sprintf("imprint %s, %s, %s/%s", revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
