//go:build crashpoints

package digest

// Here: the process dies at a named point, or stands still there until it is told to
// go on. Only tests build this, by -tags crashpoints.

import (
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// pointSetting names the point, such as W3, at which the process kills itself as
// kill -9 does; W3:stop stops it there, once, until somebody sends SIGCONT.
const pointSetting = "IMPRINT_TEST_CRASH_AT"

var stopOnce sync.Once

func reached(point string) {
	named, how, _ := strings.Cut(os.Getenv(pointSetting), ":")
	if named != point {
		return
	}
	if how != "stop" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // cannot fail on oneself
		select {}                                      // it may take a moment
	}
	stopOnce.Do(func() {
		goOn := make(chan os.Signal, 1)
		signal.Notify(goOn, syscall.SIGCONT)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-goOn
	})
}
