package datafolder

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/domain/event"
)

func openTemp(t *testing.T) *Folder {
	t.Helper()
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestMasterKeyIsMadeOnceAndPrivate(t *testing.T) {
	f := openTemp(t)
	key, err := f.MasterKey("")
	if err != nil {
		t.Fatal(err)
	}
	if len(key) != 32 || bytes.Equal(key, make([]byte, 32)) {
		t.Fatalf("a key of %d bytes", len(key))
	}
	again, err := f.MasterKey("")
	if err != nil || !bytes.Equal(key, again) {
		t.Errorf("the key changed (%v)", err)
	}
	info, err := os.Stat(filepath.Join(f.Dir, "master.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	entries, err := os.ReadDir(f.Dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("besides lock and master.key there is something: %v (%v)", entries, err)
	}
}

func TestMasterKeyIsNotMadeBesideData(t *testing.T) {
	f := openTemp(t)
	if err := os.WriteFile(f.Work(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := f.MasterKey("")
	if domain.KindOf(err) != domain.NotFound || !strings.Contains(err.Error(), "master.key") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(f.Dir, "master.key")); err == nil {
		t.Error("a new key was made beside old data")
	}
}

func TestMasterKeyFileNamed(t *testing.T) {
	f := openTemp(t)
	digits := strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want domain.Kind
	}{
		"good":             {digits + "\n", 0o600, ""},
		"read only":        {digits, 0o400, ""},
		"group may read":   {digits, 0o640, domain.Invalid},
		"others may read":  {digits, 0o604, domain.Invalid},
		"too short":        {digits[2:], 0o600, domain.Invalid},
		"too long":         {digits + "00", 0o600, domain.Invalid},
		"much too long":    {digits + strings.Repeat(" ", 99) + "00", 0o600, domain.Invalid},
		"not hexadecimal":  {"zz" + digits[2:], 0o600, domain.Invalid},
		"empty":            {"", 0o600, domain.Invalid},
		"thirty-two bytes": {string(make([]byte, 32)), 0o600, domain.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			key, err := f.MasterKey(path)
			if domain.KindOf(err) != c.want {
				t.Fatalf("got %v", err)
			}
			if err == nil && (len(key) != 32 || key[0] != 0x0a) {
				t.Errorf("read another key than the file's")
			}
			if err != nil && strings.Contains(err.Error(), "0a0a") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	if _, err := f.MasterKey(filepath.Join(t.TempDir(), "missing")); domain.KindOf(err) != domain.NotFound {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := f.MasterKey(t.TempDir()); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a folder: %v", err)
	}
	if _, err := os.Stat(filepath.Join(f.Dir, "master.key")); err == nil {
		t.Error("a key was made although one was named")
	}
}

func TestAMasterKeyIsAdoptedByAFolderWithoutOne(t *testing.T) {
	f, err := Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	key := bytes.Repeat([]byte{7}, event.KeySize)
	for range 2 { // the second time it is there already
		if err := f.AdoptMasterKey(key); err != nil {
			t.Fatal(err)
		}
	}
	if own, err := f.MasterKey(""); err != nil || !bytes.Equal(own, key) {
		t.Errorf("the folder's key is another one, %v", err)
	}
	var refused *domain.Error
	if err := f.AdoptMasterKey(bytes.Repeat([]byte{8}, event.KeySize)); !errors.As(err, &refused) || refused.Code != "another-master-key" {
		t.Errorf("a second key: %v", err)
	}
}
