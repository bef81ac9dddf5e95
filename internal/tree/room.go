package tree

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// MinDirMiB is what a run needs free for its own files.
const MinDirMiB = 1

// Room is the space for the data that is replaced, and for that of the backup.
type Room struct {
	Err     error           // why the data could not be looked at
	Present int64           // bytes of the data that is replaced, and kept
	Last    int64           // bytes of what the last restore kept, which makes room
	Keep    *host.DiskFacts // where it is kept; nil: not known, or there is none
	Data    *host.DiskFacts // where it is unpacked; nil: not known
	At      string          // that directory, as an error names it
	Apart   bool            // these are two file systems
}

// RoomFor looks at the disks of data that is replaced, and of base, where it is
// kept. Where that cannot be told, the copy itself will show it.
func RoomFor(trees map[string]string, base string) (s Room) {
	for _, dir := range trees {
		bytes, err := Bytes(dir)
		if err != nil {
			return Room{Err: fmt.Errorf("looking at %s: %w", dir, err)}
		}
		s.Present += bytes
		s.At = dir
	}
	s.Last, _ = Bytes(base)
	keep, err1 := host.Disk(filepath.Dir(base))
	data, err2 := host.Disk(s.At)
	if errors.Join(err1, err2) == nil {
		s.Apart = !SameDisk(keep.Path, data.Path)
		keep.Path = filepath.Dir(base)
		s.Keep, s.Data = &keep, &data
	}
	return s
}

// SameDisk reports whether two paths are on one file system, as far as that can
// be told.
func SameDisk(a, b string) bool {
	var x, y unix.Stat_t
	return unix.Stat(a, &x) != nil || unix.Stat(b, &y) != nil || x.Dev == y.Dev
}

// WayBack reports in its error that an undo of an upgrade does not fit. It moves
// what it finds aside, on the data's own disk, and the copy comes to it from
// another disk only where it fits beside that.
func (s Room) WayBack() error {
	if need := int(s.Present>>20) + MinDirMiB; s.Apart && s.Data.FreeMiB < need {
		return finding.Named(finding.HostNotReady, "disk-full", "%s has %s free, and a rollback would need %s there to restore the data. Free some space first", s.At, printable.MiB(s.Data.FreeMiB), printable.MiB(need))
	}
	return nil
}

// Keeps reports in its error that the data which is replaced does not fit where it
// is kept.
func (s Room) Keeps() error {
	if s.Err != nil {
		return s.Err
	}
	if need := int(s.Present>>20) + MinDirMiB; s.Keep != nil && s.Keep.FreeMiB+int(s.Last>>20) < need {
		return finding.Named(finding.HostNotReady, "disk-full", "a copy of the present data needs %s, and %s has %s free. Free some space first", printable.Size(s.Present), s.Keep.Path, printable.MiB(s.Keep.FreeMiB))
	}
	return nil
}

// Fits reports in its error what does not fit: the data that is kept before it is
// replaced, and the bytes of the backup. What the replaced data leaves free is
// taken by its copy or, on another disk, by the way back.
func (s Room) Fits(archived int64) error {
	if err := s.Keeps(); err != nil || s.Data == nil {
		return err
	}
	free := s.Data.FreeMiB
	if !s.Apart {
		free += int(s.Last >> 20)
	}
	if need := int(archived>>20) + MinDirMiB; free < need {
		return finding.Named(finding.HostNotReady, "disk-full", "the data in the backup needs %s, and %s has %s free. Free some space first", printable.Size(archived), s.At, printable.MiB(s.Data.FreeMiB))
	}
	return nil
}
