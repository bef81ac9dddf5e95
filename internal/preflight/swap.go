package preflight

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
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
	const leave = "leave `swap` out of the answers"
	switch {
	case m.There:
		return false, finding.Warnings{finding.Warn("swap-off", "the swap file /swapfile-openalgo is there and not in use").
			With(finding.Shell("Use it", "sudo swapon /swapfile-openalgo"))}
	case !o.Engine.Local:
		ps.Add("swap-impossible", "Docker is on another machine, and a swap file is made on this one: %s", leave)
	case !o.Host.Root:
		ps.Add("needs-root", "a swap file is made by root: run this as root, or %s", leave)
	case m.Why != "":
		ps.Add("swap-impossible", "a swap file cannot be made: %s. Run this again, but %s", m.Why, leave)
	case m.FreeMiB < need:
		ps.Add("disk-full", "/ has %d MiB free, and a swap file of %d MiB needs %d with what else comes there: make room, or %s", m.FreeMiB, mib, need, leave)
	}
	return true, nil
}
