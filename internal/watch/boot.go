package watch

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// bootTime is how long Docker may take after a boot.
const bootTime = 5 * time.Minute

// Uptime returns how long this machine has been up, or an hour if that is not known.
func Uptime() time.Duration {
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) != nil {
		return time.Hour
	}
	return time.Duration(s.Uptime) * time.Second
}

// beforeBoot reports whether the run that was interrupted in a directory is from before
// this machine started. Such a run has no user who completes it by hand.
func beforeBoot(d instance.Dir) bool {
	info, err := os.Stat(d.Work(instance.JournalName))
	return err == nil && info.ModTime().Before(time.Now().Add(-Uptime()))
}
