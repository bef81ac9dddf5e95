package doctor

import (
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// What disks must have free, in MiB: an image with its layers while it is
// unpacked, and a week of logs and databases.
const (
	lowImages, fewImages = 1024, 4096
	lowFiles, fewFiles   = 64, 1024
	fewInodes            = 10000
)

// disks are those of images and of the instance's files; nil: could not be looked
// at.
type disks struct{ images, files *host.DiskFacts }

func (c *disks) look(_ context.Context, l Look, p *patient) {
	if disk, err := host.Disk(l.Dir); err == nil {
		c.files = &disk
	}
	if p.engine == nil || !p.engine.Local {
		return
	}
	if disk, err := host.Disk(p.engine.RootDir); err == nil {
		c.images = &disk
	}
}

func (c *disks) judge(p patient) (out []Finding) {
	room := []finding.Hint{shell("docker system df")}
	if p.instance != nil {
		room = []finding.Hint{ours("clean"), room[0]}
	}
	if d := c.images; d != nil {
		switch {
		case d.FreeMiB < lowImages:
			out = append(out, failure("disk", finding.Named(finding.HostNotReady, "disk-full", "the disk with Docker's images and volumes, %s, has %s free", d.Path, printable.MiB(d.FreeMiB)).With(room...))...)
		case d.FreeMiB < fewImages:
			out = append(out, warning("disk", finding.Warn("disk-low", "%s has %s free. An upgrade needs about %s", d.Path, printable.MiB(d.FreeMiB), printable.MiB(fewImages)).With(room...))...)
		default:
			out = append(out, ok("disk", "%s has %s free of %s", d.Path, printable.MiB(d.FreeMiB), printable.MiB(d.TotalMiB))...)
		}
		if d.FreeInodes >= 0 && d.FreeInodes < fewInodes {
			out = append(out, failure("inodes", finding.Named(finding.HostNotReady, "inodes-full", "%s has room for only %d more files", d.Path, d.FreeInodes).With(shell("df -i "+d.Path)))...)
		}
	}
	if d := c.files; d != nil && d.FreeMiB < fewFiles && (c.images == nil || d.Path != c.images.Path) {
		if text := fmt.Sprintf("%s has %s free", d.Path, printable.MiB(d.FreeMiB)); d.FreeMiB < lowFiles {
			out = append(out, failure("disk", finding.Named(finding.HostNotReady, "disk-full", "%s", text).With(shell("df -h "+d.Path)))...)
		} else {
			out = append(out, warning("disk", finding.Warn("disk-low", "%s", text).With(shell("df -h "+d.Path)))...)
		}
	}
	return out
}
