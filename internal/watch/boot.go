package watch

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// beforeBoot reports whether the run that was interrupted in a directory is from before
// this machine started: nobody completes that one by hand.
func beforeBoot(d instance.Dir) bool {
	info, err := os.Stat(d.Work(instance.JournalName))
	var s unix.Sysinfo_t
	if err != nil || unix.Sysinfo(&s) != nil {
		return false
	}
	return info.ModTime().Before(time.Now().Add(-time.Duration(s.Uptime) * time.Second))
}
