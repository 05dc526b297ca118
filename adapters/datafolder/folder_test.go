package datafolder

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imprint/domain"
)

// The test binary is its own second program: with holdEnv set it opens the
// folder named there, says so, and holds it until its standard input ends.
const holdEnv = "IMPRINT_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		f, err := Open(dir)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = f.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestASecondProgramIsRefusedAndADeadOneIsNot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the first program did not get the folder: %q", line)
	}

	_, err = Open(dir)
	if domain.KindOf(err) != domain.Unavailable || !strings.Contains(err.Error(), fmt.Sprintf("process %d", cmd.Process.Pid)) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second program got: %v", err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatal(err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatalf("the lock of a killed program stayed: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheFolderIsPrivateAndReopens(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		f, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); domain.KindOf(err) != domain.Unavailable {
			t.Errorf("opened twice in one program: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's mode is %v (%v)", info.Mode(), err)
	}
}

func TestViewTakesNoLockAndMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := View(dir); domain.KindOf(err) != domain.NotFound {
		t.Errorf("viewed a folder that does not exist: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the view made the folder: %v", err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := os.WriteFile(f.Work(), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := View(dir); domain.KindOf(err) != domain.Conflict || !strings.Contains(err.Error(), "imprint restore") {
		t.Errorf("a folder that lost its log: %v", err)
	}
	if err := os.WriteFile(f.Log(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := View(dir)
	if err != nil {
		t.Fatalf("a reader beside the running program: %v", err)
	}
	if v.Work() != f.Work() {
		t.Errorf("view and folder disagree: %s, %s", v.Work(), f.Work())
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(dir); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("closing the view gave up the lock: %v", err)
	}
}

func TestAFileIsNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{path, filepath.Join(path, "below")} {
		if _, err := Open(dir); domain.KindOf(err) != domain.Unavailable || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestAnEmptyNameIsNoFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, open := range map[string]func(string) (*Folder, error){"Open": Open, "View": View} {
		if _, err := open(""); domain.KindOf(err) != domain.Invalid {
			t.Errorf("%s took an empty name: %v", name, err)
		}
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 0 {
		t.Errorf("the working folder was written: %v, %v", entries, err)
	}
}
