// Package swapfile makes a swap file on this machine, and removes it again.
package swapfile

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// File is a swap file, and what names it for the next start of the machine.
type File struct {
	Path  string
	Fstab string
	// swaps lists what the kernel swaps to, and memory says what is free.
	swaps, memory string
}

// Default is the one that this program makes.
func Default() File {
	return File{Path: "/swapfile-openalgo", Fstab: "/etc/fstab", swaps: "/proc/swaps", memory: "/proc/meminfo"}
}

// mode keeps everybody but root from what was in memory.
const mode = 0o600

// Exists reports whether something has the file's name.
func (f File) Exists() (bool, error) {
	_, err := os.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Allocate makes the file, with all its blocks and the mark of a swap file, in
// place of one that an earlier call began. One that is in use stays.
func (f File) Allocate(ctx context.Context, mib int) (err error) {
	if on, err := f.isOn(); err != nil || on {
		return err
	}
	if err := f.remove(); err != nil {
		return err
	}
	file, err := os.OpenFile(f.Path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return fmt.Errorf("create the swap file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Chmod(mode); err != nil { // whatever the umask is
		return fmt.Errorf("create the swap file: %w", err)
	}
	if err := fill(ctx, file, int64(mib)<<20); err != nil {
		return fmt.Errorf("reserve %s for the swap file: %w", printable.MiB(mib), err)
	}
	// Without the label SELinux lets no swap file be used after a restart.
	_ = unix.Fsetxattr(int(file.Fd()), "security.selinux", []byte("system_u:object_r:swapfile_t:s0\x00"), unix.XATTR_REPLACE)
	if _, err := file.WriteAt(header(int64(mib)<<20, os.Getpagesize()), 0); err != nil {
		return fmt.Errorf("mark the swap file: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("write the swap file: %w", err)
	}
	return host.SyncDir(filepath.Dir(f.Path))
}

// fill reserves the blocks of a file. Only of ext4 is it known that the kernel swaps
// to blocks that were reserved and never written.
func fill(ctx context.Context, file *os.File, size int64) error {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &s); err == nil && s.Type == unix.EXT4_SUPER_MAGIC {
		if err := unix.Fallocate(int(file.Fd()), 0, 0, size); !errors.Is(err, unix.EOPNOTSUPP) {
			return err
		}
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// header is the first page of a swap file, as mkswap writes it.
func header(size int64, page int) []byte {
	out := make([]byte, page)
	binary.NativeEndian.PutUint32(out[1024:], 1) // the version
	binary.NativeEndian.PutUint32(out[1028:], uint32(size/int64(page)-1))
	_, _ = rand.Read(out[1036:1052]) // its UUID
	copy(out[page-10:], "SWAPSPACE2")
	return out
}

// On has the kernel swap to the file.
func (f File) On() error {
	if on, err := f.isOn(); err != nil || on {
		return err
	}
	if err := call(unix.SYS_SWAPON, f.Path); err != nil {
		return fmt.Errorf("switch the swap file %s on: %w", f.Path, err)
	}
	return nil
}

// Off has the kernel bring back what is in the file, and swap there no more. Where the
// memory has no room for that it refuses: the kernel would try, and end processes.
func (f File) Off() error {
	on, used, err := f.use()
	if err != nil || !on {
		return err
	}
	free, err := f.available()
	if err != nil {
		return err
	}
	if used > free {
		return fmt.Errorf("switch the swap file %s off: it holds %s, and only %s of memory is free", f.Path, printable.Size(int64(used)<<10), printable.Size(int64(free)<<10))
	}
	if err := call(unix.SYS_SWAPOFF, f.Path); err != nil {
		return fmt.Errorf("switch the swap file %s off: %w", f.Path, err)
	}
	return nil
}

func call(number uintptr, path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	if _, _, failed := unix.Syscall(number, uintptr(unsafe.Pointer(name)), 0, 0); failed != 0 {
		return failed
	}
	return nil
}

func (f File) isOn() (bool, error) {
	on, _, err := f.use()
	return on, err
}

// use reports whether the kernel swaps to the file, and how many KiB are in it.
func (f File) use() (on bool, kib int64, err error) {
	text, err := os.ReadFile(f.swaps)
	if err != nil {
		return false, 0, fmt.Errorf("read what the machine swaps to: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line) // the file, its type, its size, what is used, its priority
		if len(words) < 4 || words[0] != f.Path {
			continue
		}
		if kib, err = strconv.ParseInt(words[3], 10, 64); err != nil {
			return true, 0, fmt.Errorf("read what the machine swaps to: %w", err)
		}
		return true, kib, nil
	}
	return false, 0, nil
}

// available is how many KiB of memory are free for use without swapping.
func (f File) available() (int64, error) {
	text, err := os.ReadFile(f.memory)
	if err != nil {
		return 0, fmt.Errorf("read how much memory is free: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "MemAvailable:" {
			return strconv.ParseInt(words[1], 10, 64)
		}
	}
	return 0, errors.New("read how much memory is free: /proc/meminfo does not say")
}

// Enter names the file in fstab, so that it is in use after a restart.
func (f File) Enter() error {
	return f.edit(func(lines []string) []string {
		if slices.Contains(lines, f.line()) {
			return lines
		}
		return append(lines, f.line())
	})
}

// Remove removes the file, which is switched off, and its line of fstab.
func (f File) Remove() error {
	if on, err := f.isOn(); err != nil || on {
		return errors.Join(err, fmt.Errorf("%s is in use", f.Path))
	}
	if err := f.remove(); err != nil { // first: the edit needs space
		return err
	}
	return f.edit(func(lines []string) []string {
		return slices.DeleteFunc(lines, func(line string) bool { return line == f.line() })
	})
}

func (f File) remove() error {
	if err := host.Remove(f.Path); err != nil {
		return fmt.Errorf("remove the swap file: %w", err)
	}
	return nil
}

func (f File) line() string { return f.Path + " none swap sw 0 0" }

// edit changes the lines of fstab in one step; every other line stays as it is.
func (f File) edit(change func([]string) []string) error {
	text, err := readfile.NoLink(f.Fstab, readfile.Config)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", f.Fstab, err)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Lstat(f.Fstab); err == nil {
		mode = info.Mode().Perm()
	}
	var lines []string
	if len(text) > 0 {
		lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	changed := ""
	if lines = change(slices.Clone(lines)); len(lines) > 0 {
		changed = strings.Join(lines, "\n") + "\n"
	}
	if changed == string(text) {
		return nil
	}
	if err := host.WriteFile(f.Fstab, []byte(changed), mode, ""); err != nil {
		return fmt.Errorf("write %s: %w", f.Fstab, err)
	}
	return nil
}
