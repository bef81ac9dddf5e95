package logsize

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Dir is where OpenAlgo writes its log files in a container.
const Dir = "/app/log"

// mostLogs bounds the files that are counted: status is asked every few seconds.
const mostLogs = 2000

// In is what a directory of log files takes; -1 where that cannot be known, or
// takes too long. A link counts as a link.
func In(dir string) (sum int64) {
	left := mostLogs
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if left--; left < 0 && err == nil {
			err = errors.New("too many files")
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was rotated meanwhile
		}
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		return -1
	}
	return sum
}
