package preflight

import (
	"errors"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What a build needs, in MiB of RAM and swap together and of free disk. The
// web interface's compiler alone takes over 2 GB: on hosts with less the build
// of the old script was killed (docs/openalgo-facts.md 4, 8).
const (
	buildMemoryMiB    = 1500
	frontendMemoryMiB = 3000
	buildDiskMiB      = 8192
)

// ErrBuildTooBig says that this machine cannot build an image, but could pull
// one.
var ErrBuildTooBig = errors.New("this machine is too small to build the image")

// TooSmall says what of a machine does not suffice for a build.
func TooSmall(ramMiB, swapMiB, freeMiB int, frontend bool, root string) []*finding.Error {
	pull := finding.Answer("Or pull the published image instead of building one", "image: {source: registry, ref: \""+answers.DefaultImage+"\"}", "")
	need, why := buildMemoryMiB, ""
	if frontend {
		need, why = frontendMemoryMiB, ", mostly to compile the web interface"
	}
	var out Problems
	if ramMiB+swapMiB < need {
		out.Add("memory-small", "the build needs about %s of memory%s. This machine has %s of RAM and %s of swap. Add swap",
			printable.MiB(need), why, printable.MiB(ramMiB), printable.MiB(swapMiB))
	}
	if freeMiB < buildDiskMiB {
		out.Add("disk-full", "the build needs about %s of disk space. Docker keeps images in %s, which has %s free. Free some space (docker system df shows what uses it)",
			printable.MiB(buildDiskMiB), root, printable.MiB(freeMiB))
	}
	for _, problem := range out {
		_ = problem.With(pull)
	}
	return out
}

// Build refuses to build an image on a machine that is too small for it.
func Build(o *world.Observation, frontend bool, ps *Problems) error {
	memory := o.Answered.Memory
	if memory == nil {
		return nil // what cannot be measured is no reason to refuse
	}
	free := buildDiskMiB
	if disk, known := o.Host.Disks[o.Engine.RootDir]; known {
		free = disk.FreeMiB
	}
	found := TooSmall(memory.RAMMiB, memory.SwapMiB, free, frontend, o.Engine.RootDir)
	*ps = append(*ps, found...)
	if len(found) > 0 {
		return ErrBuildTooBig
	}
	return nil
}
