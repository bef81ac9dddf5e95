package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tempPrefix begins the names of this program's own directories among the
// temporary files; what they are for and the process follow.
const tempPrefix = "openalgo-install-"

// tempAge is how old such a directory is before another run removes it. Its
// process may be in another container that shares the directory.
const tempAge = time.Hour

// TempDir makes a directory among the temporary files. SweepTemp removes it after
// a kill.
func TempDir(what string) (string, error) {
	return os.MkdirTemp("", fmt.Sprintf("%s%s-%d-", tempPrefix, what, os.Getpid()))
}

// SweepTemp removes the directories of TempDir whose process was killed. It takes
// only what is this user's, follows no link, and leaves those of a run under way.
func SweepTemp(now time.Time) {
	root, err := os.OpenRoot(os.TempDir())
	if err != nil {
		return
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return
	}
	names, _ := dir.Readdirnames(-1)
	_ = dir.Close()
	for _, name := range names {
		info, err := root.Lstat(name)
		if err != nil || !info.IsDir() || now.Sub(info.ModTime()) < tempAge || !isLeftTemp(name) {
			continue
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) == os.Geteuid() {
			_ = root.RemoveAll(name)
		}
	}
}

// isLeftTemp reports whether a name is one of TempDir, by a process that has
// ended.
func isLeftTemp(name string) bool {
	rest, ours := strings.CutPrefix(name, tempPrefix)
	parts := strings.Split(rest, "-")
	return ours && len(parts) == 3 && isNumber(parts[1]) && isNumber(parts[2]) && !ProcessRuns(parts[1])
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// ProcessRuns reports whether a process of this machine runs.
func ProcessRuns(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 0 {
		return false
	}
	err = syscall.Kill(n, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
