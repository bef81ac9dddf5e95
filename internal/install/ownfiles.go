package install

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// openOwn opens a file of the work directory. A link there is not this
// program's, and neither is a pipe, nor for root what belongs to another user.
func openOwn(path string, flags int) (*os.File, error) {
	file, err := openInside(path, flags)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && os.Geteuid() == 0 && ownerOf(info) != 0 {
		err = finding.Errorf(finding.HostNotReady, "%s belongs to %s, and openalgo-install acts only on what is root's\n\nIf you gave it away yourself, take it back:\n\n    sudo chown -R root:root %s\n\nNothing was changed.",
			path, userName(ownerOf(info)), filepath.Dir(path))
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// openInside is openOwn for a kept copy of .env, which an undo gives to the
// app's user before it moves it into place.
func openInside(path string, flags int) (*os.File, error) {
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

// readOwn reads a file that openOwn opens.
func readOwn(path string) ([]byte, error) {
	file, err := openOwn(path, os.O_RDONLY)
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

// backupUnits are the files that a daily backup has on the host.
var backupUnits = regexp.MustCompile(`^(/etc/systemd/system/openalgo-backup-[^/]+\.(service|timer)|/etc/cron\.d/openalgo-backup-[^/]+)$`)

// isBackupUnit reports whether a file can be one that a daily backup made: the
// record of it stands in the instance's directory, and is acted on as root.
func isBackupUnit(path string) bool {
	return filepath.Clean(path) == path && backupUnits.MatchString(path)
}
