package swapfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func fileIn(t *testing.T, fstab string) File {
	t.Helper()
	dir := t.TempDir()
	f := File{Path: filepath.Join(dir, "swapfile"), Fstab: filepath.Join(dir, "fstab"), swaps: "/proc/swaps", memory: "/proc/meminfo"}
	if err := os.WriteFile(f.Fstab, []byte(fstab), 0o640); err != nil {
		t.Fatal(err)
	}
	return f
}

func text(t *testing.T, path string) string {
	t.Helper()
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// From nothing to swap that is in use, and back; each part twice, as after a kill.
func TestSwapFile(t *testing.T) {
	const before = "/dev/vda / ext4 defaults 0 1\n# mine"
	f := fileIn(t, before)
	for range 2 {
		must(t, f.Allocate(t.Context(), 4))
	}
	info, err := os.Stat(f.Path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 4<<20 {
		t.Fatalf("%v, %v", info, err)
	}
	switch err := f.On(); {
	case errors.Is(err, unix.EPERM):
		t.Log("this machine may not swap: the rest is tried without")
	case errors.Is(err, unix.EINVAL):
		t.Log("no file system for swap: the rest is tried without")
	case err != nil:
		t.Fatal(err)
	default:
		must(t, f.On())
		if on, err := f.isOn(); !on || err != nil {
			t.Errorf("it is not in use: %v", err)
		}
		must(t, f.Allocate(t.Context(), 4)) // what is in use stays
		if err := f.Remove(); err == nil {
			t.Error("a file that is in use was removed")
		}
	}
	for range 2 {
		must(t, f.Enter())
	}
	if got := text(t, f.Fstab); got != before+"\n"+f.Path+" none swap sw 0 0\n" {
		t.Errorf("%q", got)
	}
	if info, err := os.Stat(f.Fstab); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	for range 2 {
		must(t, f.Off())
		must(t, f.Remove())
	}
	if there, err := f.Exists(); there || err != nil {
		t.Errorf("the file is left: %v", err)
	}
	if got := text(t, f.Fstab); got != before+"\n" {
		t.Errorf("%q", got)
	}
}

func TestSwapFileThatFails(t *testing.T) {
	t.Parallel()
	f := fileIn(t, "")
	other := filepath.Join(t.TempDir(), "fstab")
	must(t, os.Rename(f.Fstab, other))
	must(t, os.Symlink(other, f.Fstab))
	if err := f.Enter(); err == nil || text(t, other) != "" {
		t.Errorf("a link was followed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file, err := os.Create(f.Path)
	must(t, err)
	defer file.Close()
	if err := fill(ctx, file, 1<<20); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.swaps = filepath.Join(t.TempDir(), "none")
	if err := errors.Join(f.On()); err == nil {
		t.Error("nobody knows what the machine swaps to, and it goes on")
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		virtualization string
		kind           int64
		want           string
	}{
		{"", unix.EXT4_SUPER_MAGIC, ""},
		{"", unix.XFS_SUPER_MAGIC, ""},
		{"lxc", unix.EXT4_SUPER_MAGIC, "a container (lxc)"},
		{"", unix.BTRFS_SUPER_MAGIC, "btrfs"},
		{"", 0x2fc12fc1, "ZFS"},
		{"", unix.OVERLAYFS_SUPER_MAGIC, "not known"},
	} {
		if got := why(c.virtualization, c.kind); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if !(Machine{RAMMiB: 960}).Needs() || (Machine{RAMMiB: 960, SwapMiB: 100}).Needs() || (Machine{RAMMiB: 1960}).Needs() || (Machine{}).Needs() {
		t.Error("who needs swap")
	}
	if m, err := Look(t.Context()); err != nil || m.RAMMiB == 0 {
		t.Errorf("%+v, %v", m, err)
	}
}

// What the memory has no room for stays in the file: the kernel is not asked.
func TestOffWithoutRoom(t *testing.T) {
	for name, c := range map[string]struct {
		memory string
		kernel bool // it is asked
	}{
		"no room":    {"MemTotal: 1000000 kB\nMemAvailable:   299999 kB\n", false},
		"room":       {"MemAvailable:   300000 kB\n", true},
		"not known":  {"MemTotal: 1000000 kB\n", false},
		"not a size": {"MemAvailable: much kB\n", false},
	} {
		f := fileIn(t, "")
		f.swaps, f.memory = filepath.Join(filepath.Dir(f.Path), "swaps"), filepath.Join(filepath.Dir(f.Path), "meminfo")
		must(t, os.WriteFile(f.swaps, []byte("Filename Type Size Used Priority\n"+f.Path+" file 2097148 300000 -2\n"), 0o600))
		must(t, os.WriteFile(f.memory, []byte(c.memory), 0o600))
		err := f.Off() // there is no such file
		if asked := errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EPERM); err == nil || asked != c.kernel {
			t.Errorf("%s: %v", name, err)
		}
	}
}
