package doctor

import (
	"errors"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// What disks must have free, in MiB: an image with its layers while it is
// unpacked, and a week of logs and databases.
const (
	lowImages, fewImages = 1024, 4096
	lowFiles, fewFiles   = 64, 1024
	fewInodes            = 10000
	fewMemory            = 256 // MiB that can be had without swapping
	smallRAM             = 3000
)

// checks are in the order in which they are read.
var checks = []func(patient) []Finding{
	engineAnswers, engineWarns, engineAtBoot, disks, memory, clock,
	instanceThere, changes, container, ready, health, restarts, restartPolicy, openPorts,
	files, env, salt, envMode, leaked, timezone, unfinished, sizingDue, schedule, lastBackup, newer, stray, dns, cert,
}

func engineAnswers(p patient) []Finding {
	if p.engineErr != nil {
		mend := "openalgo-install docker"
		if errors.Is(p.engineErr, engine.ErrPermission) {
			mend = "sudo " + p.command + " doctor"
		}
		return named(finding.IDOf(p.engineErr), failure("engine", mend, "%v", p.engineErr))
	}
	return ok("engine", "Docker Engine %s answers (API %s)", p.engine.Version, p.engine.APIVersion)
}

// expectedWarnings are those that no OpenAlgo feels.
var expectedWarnings = []string{"blkio", "swap limit", "kernel memory", "bridge-nf-call"}

func engineWarns(p patient) (out []Finding) {
	if p.engine == nil {
		return nil
	}
next:
	for _, text := range p.engine.Warnings {
		for _, known := range expectedWarnings {
			if strings.Contains(strings.ToLower(text), known) {
				continue next
			}
		}
		out = append(out, warning("engine", "", "the engine says: %s", strings.TrimPrefix(text, "WARNING: "))...)
	}
	return out
}

func engineAtBoot(p patient) []Finding {
	switch {
	case p.atBoot == nil:
		return nil
	case !*p.atBoot:
		return warning("boot", "sudo systemctl enable docker", "Docker Engine does not start with the machine: after a reboot OpenAlgo stays down")
	}
	return ok("boot", "Docker Engine starts with the machine")
}

func disks(p patient) (out []Finding) {
	if d := p.images; d != nil {
		switch {
		case d.FreeMiB < lowImages:
			out = append(out, named("disk-full", failure("disk", "docker system df", "%s, where Docker keeps images and volumes, has %d MiB free", d.Path, d.FreeMiB))...)
		case d.FreeMiB < fewImages:
			out = append(out, warning("disk", "docker system df", "%s has %d MiB free; an upgrade needs about %d", d.Path, d.FreeMiB, fewImages)...)
		default:
			out = append(out, ok("disk", "%s has %d MiB free of %d", d.Path, d.FreeMiB, d.TotalMiB)...)
		}
		if d.FreeInodes >= 0 && d.FreeInodes < fewInodes {
			out = append(out, named("inodes-full", failure("inodes", "df -i "+d.Path, "%s can take only %d more files", d.Path, d.FreeInodes))...)
		}
	}
	if d := p.files; d != nil && d.FreeMiB < fewFiles && (p.images == nil || d.Path != p.images.Path) {
		level := warning
		if d.FreeMiB < lowFiles {
			level = failure
		}
		out = append(out, named("disk-full", level("disk", "df -h "+d.Path, "%s has %d MiB free", d.Path, d.FreeMiB))...)
	}
	return out
}

func memory(p patient) []Finding {
	h := p.host
	switch {
	case h == nil:
		return nil
	case h.AvailableMiB < fewMemory:
		return warning("memory", "", "only %d MiB of %d can be had without swapping: a strategy that needs more is killed", h.AvailableMiB, h.RAMMiB)
	case h.RAMMiB < smallRAM && h.SwapMiB == 0:
		return warning("memory", "", "%d MiB of RAM and no swap: what needs a little more for a moment is killed; a swap file of 2 GB helps", h.RAMMiB)
	}
	return ok("memory", "%d MiB of %d can be had", h.AvailableMiB, h.RAMMiB)
}

func clock(p patient) []Finding {
	switch {
	case p.synced == nil:
		return nil
	case !*p.synced:
		return warning("clock", "timedatectl set-ntp true", "the clock follows no time server; brokers refuse logins when it is minutes off")
	}
	return ok("clock", "the clock follows a time server")
}
