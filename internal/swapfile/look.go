package swapfile

import (
	"context"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// SmallMiB is the RAM below which a machine without swap is too small for
// OpenAlgo's starts: those that are sold as 1 GB.
const SmallMiB = 1536

// AdviceMiB is the size that is offered.
const AdviceMiB = 2048

// Machine is what decides whether a swap file is to be made, and can be.
type Machine struct {
	RAMMiB, SwapMiB int  // that it has
	There           bool // something has the file's name
	FreeMiB         int  // where the file would be
	// Why says why the kernel could not swap to a file here; "" where it can.
	Why string
}

// Needs reports whether a swap file is worth an offer.
func (m Machine) Needs() bool { return m.RAMMiB > 0 && m.RAMMiB < SmallMiB && m.SwapMiB == 0 }

// Look finds that out.
func Look(ctx context.Context) (Machine, error) {
	facts, err := host.Measure(ctx)
	if err != nil {
		return Machine{}, err
	}
	f := Default()
	dir := filepath.Dir(f.Path)
	disk, err := host.Disk(dir)
	if err != nil {
		return Machine{}, err
	}
	there, err := f.Exists()
	return Machine{RAMMiB: facts.RAMMiB, SwapMiB: facts.SwapMiB, There: there, FreeMiB: disk.FreeMiB, Why: why(facts.Virtualization, typeOf(dir))}, err
}

func typeOf(dir string) int64 {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0
	}
	return int64(s.Type) //nolint:unconvert // it is narrower on a 32-bit machine
}

// why says why a file on a file system of a type cannot be a swap file.
func why(virtualization string, kind int64) string {
	if virtualization != "" {
		return "this machine is a container (" + virtualization + "), and only its provider can add swap"
	}
	switch kind {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC: // ext2, ext3 and ext4 have one number
		return ""
	case unix.BTRFS_SUPER_MAGIC:
		return "/ is on btrfs, where a swap file needs settings of its own"
	case 0x2fc12fc1:
		return "/ is on ZFS, which cannot hold a swap file"
	}
	return "the file system of / is not known to hold a swap file"
}
