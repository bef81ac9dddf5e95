package instance

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// OpenOwn opens a file of a work directory. A link there is not this
// program's, and neither is a pipe, nor for root what belongs to another user.
func OpenOwn(path string, flags int) (*os.File, error) {
	file, err := OpenInside(path, flags)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && userns.IsRoot() && ownerOf(info) != 0 {
		err = finding.Named(finding.HostNotReady, "file-not-trusted", "%s belongs to %s, and openalgo-install changes only files of root", path, UserName(ownerOf(info))).
			With(finding.Shell("If you changed its owner yourself, make it yours again", "sudo chown -R root:root "+filepath.Dir(path))).Ending(finding.Unchanged)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// OpenInside is OpenOwn for a kept copy of .env, which an undo gives to the
// app's user before it moves it into place.
func OpenInside(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", path, readfile.ErrNotRegular)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// ReadOwn reads a file that OpenOwn opens.
func ReadOwn(path string) ([]byte, error) {
	file, err := OpenOwn(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readfile.Open(file, path, readfile.Own)
}

func ownerOf(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
