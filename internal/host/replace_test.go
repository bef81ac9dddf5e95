package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// lock sets what `chattr +i` does.
func lock(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	flags, err := unix.IoctlGetUint32(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, int(flags|0x10))
	}
	if err != nil {
		t.Skipf("no file can be made immutable here: %v", err)
	}
	t.Cleanup(func() {
		if file, err := os.Open(path); err == nil {
			_ = unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, int(flags))
			_ = file.Close()
		}
	})
}

func TestReplaceable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := host.Replaceable(path); err != nil {
		t.Errorf("no file is there: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := host.Replaceable(path); err != nil {
		t.Error(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	lock(t, path)
	if err := host.Replaceable(path); err == nil || !strings.Contains(err.Error(), "chattr -i") {
		t.Errorf("an immutable file: %v", err)
	}
	if err := os.Rename(path, path+"2"); err == nil {
		t.Error("the file is not immutable: nothing was tested")
	}
}

func TestUnlocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := host.Unlocked(dir); err != nil {
		t.Errorf("no directory is there: %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := host.Unlocked(dir); err != nil {
		t.Error(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	lock(t, dir)
	if err := host.Unlocked(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("an immutable directory: %v", err)
	}
}

func TestMountedFileIsNotReplaceable(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	for _, p := range []string{path, other} {
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mount(other, path, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(path, 0) })
	if err := host.Replaceable(path); err == nil || !strings.Contains(err.Error(), "umount") {
		t.Errorf("a mounted file: %v", err)
	}
}
