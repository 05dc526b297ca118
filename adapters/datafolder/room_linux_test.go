package datafolder_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"imprint/adapters/conformance/smalldisk"
	"imprint/adapters/datafolder"
	"imprint/domain"
	"imprint/domain/event"
)

// A disk without space, and one with space and no more files, have no room; both
// have some again once something is removed, and nothing is left by the asking.
func TestRoomOfAFullDisk(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) {
		for name, c := range map[string]struct {
			options string
			files   int
			bytes   int
		}{
			"no space":      {"size=32m", 1, 20 << 20},
			"no more files": {"size=32m,nr_inodes=20", 30, 0},
		} {
			t.Run(name, func(t *testing.T) {
				folder := &datafolder.Folder{Dir: mount(t, c.options)}
				if err := folder.Room(); err != nil {
					t.Fatalf("an empty disk: %v", err)
				}
				for i := range c.files {
					_ = os.WriteFile(filepath.Join(folder.Dir, fmt.Sprint(i)), make([]byte, c.bytes), 0o600) // until no more goes in
				}
				var told *domain.Error
				if err := folder.Room(); !errors.As(err, &told) || told.Kind != domain.Unavailable || told.Code != event.DiskFault {
					t.Errorf("a full disk gave %v", err)
				}
				if err := os.Remove(filepath.Join(folder.Dir, "0")); err != nil {
					t.Fatal(err)
				}
				if err := folder.Room(); err != nil {
					t.Errorf("with room again: %v", err)
				}
				if _, err := os.Stat(filepath.Join(folder.Dir, "room")); err == nil {
					t.Error("a file was left")
				}
			})
		}
	})
}
