package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// onSmallDisk puts an instance onto a file system of its own, of 2 MiB.
func onSmallDisk(t *testing.T) *instance {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small file system needs root")
	}
	i := newInstance(t)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	i.dir = filepath.Join(disk, i.project)
	i.program = failing
	return i
}

// fill takes all the room that is left on the disk; the file's removal gives
// it back.
func (i *instance) fill() (free func()) {
	i.t.Helper()
	path := filepath.Join(filepath.Dir(i.dir), "filler")
	file, err := os.Create(path)
	if err != nil {
		i.t.Fatal(err)
	}
	defer file.Close()
	for size := 1 << 20; size > 0; size /= 4 {
		for {
			if _, err := file.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
	return func() { _ = os.Remove(path) }
}

func TestDiskFullBeforeAnything(t *testing.T) {
	t.Parallel()
	i := onSmallDisk(t)
	if err := os.MkdirAll(filepath.Dir(i.dir), 0o755); err != nil {
		t.Fatal(err)
	}
	free := i.fill()
	if out := i.install(3); !strings.Contains(out.stderr, "full") {
		t.Errorf("the full disk is not named:\n%s", out.stderr)
	}
	free()
	i.install(0)
	i.mustBeReady()
}

// The disk fills up in the middle of a change: the run never claims success
// falsely, the stack that it leaves is whole, and with room again the next run
// gets there.
func TestDiskFullInAChange(t *testing.T) {
	t.Parallel()
	points := []string{"before-backup", "after-backup", "created", "after-create", "before-files", "wrote-openalgo-install.yaml",
		"env-placed", "after-files", "before-start", "before-verify", "committing"}
	fresh := func(t *testing.T) *instance {
		t.Helper()
		i := onSmallDisk(t)
		i.install(0)
		i.addUser()
		return i
	}
	inTurns(t, points, fresh, func(i *instance, point string) {
		keys, line := i.keys(), i.change()
		cmd := i.halted(point)
		free := i.fill()
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			i.t.Fatal(err)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 0 && code != 4 && code != 1 {
			i.t.Errorf("exit %d, want 0, 1 or 4", code)
		}
		i.mustHaveData()
		if i.keys() != keys {
			i.t.Error("the keys changed")
		}
		free()
		i.install(0)
		i.mustHaveData()
		i.mustBeTidy()
		if i.keys() != keys || !strings.Contains(i.read(".env"), line) {
			i.t.Error("the keys changed, or the change is not there")
		}
	})
}
