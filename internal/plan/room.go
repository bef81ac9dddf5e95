package plan

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// wayBack reports in its error that an undo of an upgrade does not fit. It moves
// what it finds aside, on the data's own disk, and the copy comes to it from
// another disk only where it fits beside that.
func wayBack(s world.Room) error {
	if need := int(s.Present>>20) + minDirMiB; s.Apart && s.Data.FreeMiB < need {
		return finding.Named(finding.HostNotReady, "disk-full", "%s has %d MiB free, and bringing the data back, if this fails, takes %d MiB: make room there first", s.At, s.Data.FreeMiB, need)
	}
	return nil
}

// keeps reports in its error that the data which is replaced does not fit where it
// is kept.
func keeps(s world.Room) error {
	if s.Err != nil {
		return s.Err
	}
	if need := int(s.Present>>20) + minDirMiB; s.Keep != nil && s.Keep.FreeMiB+int(s.Last>>20) < need {
		return finding.Named(finding.HostNotReady, "disk-full", "%d MiB of data are kept before they are replaced, and %s has %d MiB free: make room first", s.Present>>20, s.Keep.Path, s.Keep.FreeMiB)
	}
	return nil
}

// Fits reports in its error what does not fit: the data that is kept before it is
// replaced, and the bytes of the backup. What the replaced data leaves free is
// taken by its copy or, on another disk, by the way back.
func Fits(s world.Room, archived int64) error {
	if err := keeps(s); err != nil || s.Data == nil {
		return err
	}
	free := s.Data.FreeMiB
	if !s.Apart {
		free += int(s.Last >> 20)
	}
	if need := int(archived>>20) + minDirMiB; free < need {
		return finding.Named(finding.HostNotReady, "disk-full", "the backup holds %d MiB, and %s has %d MiB free: make room first", archived>>20, s.At, s.Data.FreeMiB)
	}
	return nil
}
