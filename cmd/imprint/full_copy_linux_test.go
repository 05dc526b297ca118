package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"imprint/adapters/conformance/smalldisk"
	"imprint/domain"
)

// A target that is too small is named; given more room little by little, the same
// command goes on at each step, and at last the copy is whole.
func TestCopyToADiskThatIsTooSmall(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) { copyToSmallDisk(t, mount(t, "size=16k")) })
}

func copyToSmallDisk(t *testing.T, disk string) {
	files := engineFlags{Data: filepath.Join(t.TempDir(), "data"), MasterKeyFile: masterKeyIn(t, t.TempDir())}
	grownSource(t, files)
	to := engineFlags{Data: filepath.Join(disk, "copy"), MasterKeyFile: files.MasterKeyFile}
	kib := 16
	refused := 0
	for ; ; kib += 160 {
		smalldisk.Grow(t, disk, fmt.Sprintf("size=%dk", kib))
		var out bytes.Buffer
		err := copyTo(files, to).Run(t.Context(), &console{Out: &out, Err: t.Output()})
		if err == nil {
			if !strings.Contains(out.String(), `"verified":true`) {
				t.Errorf("it says %s", out.String())
			}
			break
		}
		refused++
		if said := explain(err); domain.KindOf(err) != domain.Unavailable || !strings.Contains(said, "disk") || !strings.Contains(said, "full") {
			t.Errorf("with %d KiB: %s", kib, said)
		}
		if kib > 64<<10 {
			t.Fatal("it does not come to its end")
		}
	}
	if refused < 5 {
		t.Errorf("it was refused %d times only", refused)
	}
	t.Logf("refused %d times, whole with %d KiB", refused, kib)
	if sent, again := tellAll(t, to); sent == 0 || again != 0 {
		t.Errorf("it tells %d and then %d", sent, again)
	}
	must(t, (&projectionsVerify{engineFlags: files}).Run(t.Context(), quietly(t)))
}
