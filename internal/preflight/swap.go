package preflight

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// spareMiB is what must stay free beside a swap file.
const spareMiB = 1024

// Swap reports whether a swap file of a size is to be made: where the machine has no
// swap. One that cannot be made is a problem, since it was asked for.
func Swap(o *world.Observation, mib int, ps *Problems) (make bool, warned finding.Warnings) {
	m := o.Answered.Swap
	if mib == 0 || m == nil || m.SwapMiB > 0 {
		return false, nil
	}
	need := mib + spareMiB
	if docker, known := o.Host.Disks[o.Engine.RootDir]; known && o.Image == nil && docker.FreeMiB == m.FreeMiB {
		need += minImageMiB // the image comes to the same disk
	}
	const leave = "remove `swap` from the answers file"
	switch {
	case m.There:
		return false, finding.Warnings{finding.Warn("swap-off", "the swap file /swapfile-openalgo exists but is not in use").
			With(finding.Shell("Switch it on", "sudo swapon /swapfile-openalgo"))}
	case !o.Engine.Local:
		ps.Add("swap-impossible", "Docker is on another machine, and openalgo-install can make a swap file only on this one: %s", leave)
	case !o.Host.Root:
		ps.Add("needs-root", "only root can make a swap file. Run the same command as root, or %s", leave)
	case m.Why != "":
		ps.Add("swap-impossible", "cannot make a swap file: %s. Run the same command again, but first %s", m.Why, leave)
	case m.FreeMiB < need:
		ps.Add("disk-full", "/ has %s free. With a swap file of %s, this run needs %s. Free some space, or %s", printable.MiB(m.FreeMiB), printable.MiB(mib), printable.MiB(need), leave)
	}
	return true, nil
}
