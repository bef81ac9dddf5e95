package host

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Replaceable says why the file at path cannot be replaced or removed, and what
// to do about it; nil where it can, and where there is none. Permissions are
// not asked: DirWritable looks at them.
func Replaceable(path string) error {
	file, err := attributes(path)
	if errors.Is(err, unix.ENOENT) {
		return Unlocked(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	dir, err := attributes(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("look at %s: %w", filepath.Dir(path), err)
	}
	if locked := file.locked(); locked != "" {
		return fmt.Errorf("%s is %s (chattr), so it cannot be replaced. To allow that again: sudo chattr -i -a %[1]s", path, locked)
	}
	if file.mount || file.device != dir.device {
		return fmt.Errorf("%s is a separate mount, so it cannot be replaced. Unmount it (sudo umount %[1]s) and put the file itself there", path)
	}
	return nil
}

// Unlocked says why nothing can be made or removed in a directory that may be
// written; nil where it can, and where there is none.
func Unlocked(dir string) error {
	a, err := attributes(dir)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	if locked := a.locked(); locked != "" {
		return fmt.Errorf("the directory %s is %s (chattr), so its files cannot be replaced. To allow that again: sudo chattr -i -a %[1]s", dir, locked)
	}
	return nil
}

type attributesOf struct {
	immutable, append, mount bool
	device                   uint64
}

func (a attributesOf) locked() string {
	switch {
	case a.immutable:
		return "immutable"
	case a.append:
		return "append-only"
	}
	return ""
}

// attributes asks for what chattr sets. It opens nothing, so it needs no
// permission on the file, and follows no link.
func attributes(path string) (attributesOf, error) {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &st)
	if err != nil {
		return attributesOf{}, err
	}
	return attributesOf{
		immutable: st.Attributes&unix.STATX_ATTR_IMMUTABLE != 0,
		append:    st.Attributes&unix.STATX_ATTR_APPEND != 0,
		mount:     st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0,
		device:    unix.Mkdev(st.Dev_major, st.Dev_minor),
	}, nil
}
