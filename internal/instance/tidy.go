package instance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// goneSuffix ends the name of what is being removed from the work directory: a
// rename is whole, the removal of a tree is not.
const goneSuffix = ".gone"

// Tidy removes what a killed run left in the work directory and no journal
// names: temporary files, what was being removed, and an editor's copy of .env.
func Tidy(d Dir) {
	_ = os.RemoveAll(d.Work("tmp"))
	for _, dir := range []string{d.Work(""), d.KeptPath("")} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if host.IsTemp(e.Name()) {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
	entries, _ := os.ReadDir(d.Work(""))
	for _, e := range entries {
		edit, isEdit := strings.CutPrefix(e.Name(), editPrefix)
		pid, _, _ := strings.Cut(edit, "-")
		if strings.HasSuffix(e.Name(), goneSuffix) || isEdit && !host.ProcessRuns(pid) {
			_ = os.RemoveAll(d.Work(e.Name()))
		}
	}
}

// editPrefix begins the name of a directory with a copy of .env that an editor
// has open; the process follows.
const editPrefix = "edit-"

// EditDir creates a directory for a copy of .env, on this instance's own disk, so
// that no copy of the encryption keys is left elsewhere. remove removes it.
func EditDir(d Dir) (dir string, remove func(), err error) {
	if _, err := d.Create(); err != nil {
		return "", nil, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	dir, err = os.MkdirTemp(d.Work(""), fmt.Sprintf("%s%d-", editPrefix, os.Getpid()))
	if err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}
