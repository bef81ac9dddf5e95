package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// backupSeen is what a restore meets on this machine.
type backupSeen struct {
	Twins []twinSeen
	Room  roomSeen
}

// twinSeen is another OpenAlgo that runs with the broker account of the backup.
type twinSeen struct{ Name, Dir string }

// roomSeen is the space for the data that is replaced, and for that of the backup.
type roomSeen struct {
	Err     error           // why the data could not be looked at
	Present int64           // bytes of the data that is replaced, and kept
	Last    int64           // bytes of what the last restore kept, which makes room
	Keep    *host.DiskFacts // where it is kept; nil: not known, or there is none
	Data    *host.DiskFacts // where it is unpacked; nil: not known
	At      string          // that directory, as an error names it
	Apart   bool            // these are two file systems
}

// seeBackup looks at what a restore meets.
func (in *Installer) seeBackup(ctx context.Context, o *observed, i Intent) {
	r := i.Backup
	if r == nil {
		return
	}
	o.Backup.Room = in.roomToRestore(ctx, o, r)
	key, _ := r.env.Get("BROKER_API_KEY")
	for _, c := range o.All {
		dir := dirOf(c)
		if !isOpenAlgo(c) || !isUp(c) || dir == "" || sameFile(dir, string(in.dir)) {
			continue
		}
		if theirs, _ := envOf(dir).Get("BROKER_API_KEY"); key != "" && theirs == key {
			o.Backup.Twins = append(o.Backup.Twins, twinSeen{c.Name, dir})
		}
	}
}

// roomToRestore looks at the disks before anything is stopped; a check that is
// not possible then comes later.
func (in *Installer) roomToRestore(ctx context.Context, o *observed, r *restoring) roomSeen {
	c := o.Container()
	if c == nil {
		if disk, err := host.Disk(in.Engine.Info().RootDir); err == nil {
			return roomSeen{Data: &disk, At: disk.Path}
		}
		return roomSeen{}
	}
	trees := map[string]string{}
	for _, t := range r.manifest.Trees {
		if path, _, err := step.DataPath(ctx, in.Engine, *c, openalgo.Tree(t.Name)); err == nil && path != "" {
			trees[t.Name] = path
		}
	}
	if len(trees) == 0 {
		return roomSeen{}
	}
	return roomFor(trees, in.dir.Work(step.Replaced))
}

// roomFor looks at the disks of data that is replaced, and of base, where it is
// kept. Where that cannot be told, the copy itself will show it.
func roomFor(trees map[string]string, base string) (s roomSeen) {
	for _, dir := range trees {
		bytes, err := step.TreeBytes(dir)
		if err != nil {
			return roomSeen{Err: fmt.Errorf("looking at %s: %w", dir, err)}
		}
		s.Present += bytes
		s.At = dir
	}
	s.Last, _ = step.TreeBytes(base)
	keep, err1 := host.Disk(filepath.Dir(base))
	data, err2 := host.Disk(s.At)
	if errors.Join(err1, err2) == nil {
		s.Apart = !sameDisk(keep.Path, data.Path)
		keep.Path = filepath.Dir(base)
		s.Keep, s.Data = &keep, &data
	}
	return s
}

// sameDisk reports whether two paths are on one file system, as far as that can
// be told.
func sameDisk(a, b string) bool {
	var x, y unix.Stat_t
	return unix.Stat(a, &x) != nil || unix.Stat(b, &y) != nil || x.Dev == y.Dev
}

// wayBack reports in its error that an undo of an upgrade does not fit. It moves
// what it finds aside, on the data's own disk, and the copy comes to it from
// another disk only where it fits beside that.
func (s roomSeen) wayBack() error {
	if need := int(s.Present>>20) + minDirMiB; s.Apart && s.Data.FreeMiB < need {
		return finding.Errorf(finding.HostNotReady, "%s has %d MiB free, and bringing the data back, if this fails, takes %d MiB: make room there first", s.At, s.Data.FreeMiB, need)
	}
	return nil
}

func (s roomSeen) keeps() error {
	if s.Err != nil {
		return s.Err
	}
	if need := int(s.Present>>20) + minDirMiB; s.Keep != nil && s.Keep.FreeMiB+int(s.Last>>20) < need {
		return finding.Errorf(finding.HostNotReady, "%d MiB of data are kept before they are replaced, and %s has %d MiB free: make room first", s.Present>>20, s.Keep.Path, s.Keep.FreeMiB)
	}
	return nil
}

// fits reports in its error what does not fit: the data that is kept before it is
// replaced, and the bytes of the backup. What the replaced data leaves free is
// taken by its copy or, on another disk, by the way back.
func (s roomSeen) fits(archived int64) error {
	if err := s.keeps(); err != nil || s.Data == nil {
		return err
	}
	free := s.Data.FreeMiB
	if !s.Apart {
		free += int(s.Last >> 20)
	}
	if need := int(archived>>20) + minDirMiB; free < need {
		return finding.Errorf(finding.HostNotReady, "the backup holds %d MiB, and %s has %d MiB free: make room first", archived>>20, s.At, s.Data.FreeMiB)
	}
	return nil
}
