package main

// A disk that is really full.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/adapters/conformance/smalldisk"
)

func TestAFullDiskEndsABackupAndARestore(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) { fillBackups(t, mount(t, "size=2m")) })
}

// fillBackups takes backups onto a disk with less room than they need, and restores
// from one.
func fillBackups(t *testing.T, disk string) {
	filler := filepath.Join(disk, "filler")
	full := func(what string, room int, do func() error) {
		t.Helper()
		must(t, os.WriteFile(filler, make([]byte, 2<<20-room), 0o600))
		err := do()
		if code := codeOf(err); code != "disk" && code != "disk-full" {
			t.Errorf("%s with room for %d bytes: %v", what, room, err)
		} else if said := explain(err); !strings.Contains(said, "disk is full") || strings.Contains(said, "data/") {
			t.Errorf("%s with room for %d bytes blames another disk: %s", what, room, said)
		}
		must(t, os.Remove(filler))
		if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
			t.Errorf("%s with room for %d bytes leaves %v (%v)", what, room, left, err)
		}
	}
	for _, name := range []string{"files", "KurrentDB, PostgreSQL and S3"} {
		h := newHouseOn(t, mixtures[name](t))
		must(t, h.in.Close())
		h.in = &opened{}
		for _, room := range []int{4 << 10, 120 << 10, 300 << 10} {
			full("a backup of "+name, room, func() error {
				return (&backupCommand{engineFlags: h.flags, To: filepath.Join(disk, "backup")}).Run(t.Context(), quietly(t))
			})
		}
		backup := h.backup(nil)
		for _, room := range []int{4 << 10, 200 << 10} {
			full("a restore of "+name, room, func() error {
				return (&restoreCommand{From: backup, engineFlags: engineFlags{Data: filepath.Join(disk, "restored"), MasterKeyFile: h.key()}}).Run(t.Context(), quietly(t))
			})
		}
	}
}
