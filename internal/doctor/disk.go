package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/host"
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

func (c *disks) judge(patient) (out []Finding) {
	if d := c.images; d != nil {
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
	if d := c.files; d != nil && d.FreeMiB < fewFiles && (c.images == nil || d.Path != c.images.Path) {
		level := warning
		if d.FreeMiB < lowFiles {
			level = failure
		}
		out = append(out, named("disk-full", level("disk", "df -h "+d.Path, "%s has %d MiB free", d.Path, d.FreeMiB))...)
	}
	return out
}
