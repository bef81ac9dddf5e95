package dockersetup

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/shirou/gopsutil/v3/process"
	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// aptLocks are what apt and dpkg lock with fcntl. apt's own waiting
// (DPkg::Lock::Timeout) leaves out the last one and says nothing meanwhile.
var aptLocks = []string{"var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/lib/apt/lists/lock"}

// waitForAptLocks waits until nobody holds one of the locks, as
// unattended-upgrades and cloud-init do on a fresh server, and counts down while
// it does.
func (o Options) waitForAptLocks(ctx context.Context) error {
	deadline := time.Now().Add(o.LockWait)
	var said time.Time
	var holder string
	err := wait.Until(ctx, o.LockWait, o.Poll, func(ctx context.Context) (bool, error) {
		if holder = o.lockHolder(ctx); holder != "" && time.Since(said) >= 10*time.Second {
			o.Out(fmt.Sprintf("waiting until %s has finished with apt: %s left", holder, time.Until(deadline).Round(time.Second)))
			said = time.Now()
		}
		return holder == "", nil
	})
	if wait.IsOver(err) && ctx.Err() == nil {
		return fmt.Errorf("%s still uses apt after %s. Let it finish, then run the same command again", holder, o.LockWait)
	}
	return err
}

// lockHolder names the process that holds one of apt's locks, or "".
func (o Options) lockHolder(ctx context.Context) string {
	for _, name := range aptLocks {
		if pid, held := lockedBy(o.path(name)); held {
			p, err := process.NewProcessWithContext(ctx, int32(pid))
			if err != nil {
				return "another program"
			}
			name, err := p.NameWithContext(ctx)
			if err != nil || name == "" {
				return fmt.Sprintf("pid %d", pid)
			}
			return fmt.Sprintf("%s (pid %d)", name, pid)
		}
	}
	return ""
}

// lockedBy asks the kernel who has a file locked, without locking it. A file
// that cannot be opened counts as free; apt itself will say more.
func lockedBy(path string) (pid int, held bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock) != nil {
		return 0, false
	}
	return int(lock.Pid), lock.Type != unix.F_UNLCK
}
