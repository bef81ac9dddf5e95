package watch

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// lately is something that happened, and counts as a problem for a while.
type lately struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// latelyTime is for how long.
const latelyTime = time.Hour

// restarted is the event of a container that Docker has started again.
const restarted = "container-restarted"

// notice compares a container with the one of the round before.
func (k *known) notice(seen Seen, now time.Time) {
	c := seen.container
	if c == nil {
		return
	}
	if k.Container == c.ID && c.RestartCount > k.Restarts {
		k.happen(restarted, fmt.Sprintf("Docker has restarted %s %s, the last time at %s",
			c.Name, printable.Count(c.RestartCount-k.Restarts, "time"), market.Text(c.StartedAt)), now)
	}
	k.Container, k.Restarts = c.ID, c.RestartCount
	if c.OOMKilled && c.State == "running" && !k.Killed.Equal(c.StartedAt) {
		k.happen("process-killed", "the kernel has ended a process in "+c.Name+" because memory ran out. It may be a strategy", now)
		k.Killed = c.StartedAt
	}
}

func (k *known) happen(id, text string, now time.Time) {
	k.Lately = append(k.stillLate(now), lately{id, text, now})
}

// stillLate are the events that still count.
func (k *known) stillLate(now time.Time) []lately {
	var out []lately
	for _, l := range k.Lately {
		if now.Sub(l.At).Abs() <= latelyTime && len(out) < mostFindings {
			out = append(out, lately{short(l.ID), short(l.Text), l.At})
		}
	}
	return out
}

// events are they as findings, the newest of each kind.
func (k *known) events(now time.Time) (out []Finding) {
	if k == nil {
		return nil
	}
	late := k.stillLate(now)
	for n := len(late) - 1; n >= 0; n-- {
		out = append(out, Finding{ID: late[n].ID, Text: late[n].Text})
	}
	return out
}

// The parts of a limit from which on it is near, in percent.
const (
	nearMemory = 90
	nearShared = 85
)

// limits are the limits of a container that its use comes near to. machine is the RAM
// of the machine: a container without a limit has all of it.
func limits(seen Seen, machine int64) (out []Finding) {
	l := seen.load
	if l == nil || seen.container == nil {
		return nil
	}
	if l.Limit > 0 && l.Limit < machine && l.Memory*100 > l.Limit*nearMemory {
		out = append(out, Finding{ID: "memory-limit", Text: fmt.Sprintf("it uses %s of %s. If a strategy needs more, the kernel ends the strategy", printable.Size(l.Memory), printable.Size(l.Limit))})
	}
	shared := seen.shared
	if shared < 0 {
		shared = l.Shared
	}
	if shm := seen.container.ShmBytes; shm > 0 && shared*100 > shm*nearShared {
		out = append(out, Finding{ID: "shm-limit", Text: fmt.Sprintf("it uses %s of %s. A process that needs more fails with a bus error", printable.Size(shared), printable.Size(shm))})
	}
	return out
}

// sharedIn is how much of its shared memory a container of this machine uses, in bytes;
// -1 where this user cannot see it. Docker counts other memory with it, or, with version
// 1 of cgroups, none at all.
func sharedIn(c engine.Container) int64 {
	var s unix.Statfs_t
	if c.Pid <= 0 || unix.Statfs(fmt.Sprintf("/proc/%d/root/dev/shm", c.Pid), &s) != nil || int64(s.Blocks)*int64(s.Bsize) != c.ShmBytes {
		return -1 // another one has that number here
	}
	return int64(s.Blocks-s.Bfree) * int64(s.Bsize)
}
