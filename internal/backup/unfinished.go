package backup

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// unfinishedName is the file that names the backup which is being written.
const unfinishedName = "unfinished-backup.json"

// noteUnfinished says which backup is about to be written.
func noteUnfinished(d instance.Dir, path string) error {
	return instance.Save(d, unfinishedName, &path)
}

// removeUnfinished removes what a killed backup has written so far. The
// name says enough to take nothing else.
func removeUnfinished(d instance.Dir) {
	name, err := instance.Load[string](d, unfinishedName)
	if err == nil && name == nil {
		return
	}
	if err == nil && filepath.IsAbs(*name) {
		removePartials(*name)
	}
	_ = instance.Own(d).Remove(unfinishedName)
}

// isPartialMark recognises what makeFresh adds to a name.
func isPartialMark(mark string) bool {
	digits, ok := strings.CutSuffix(mark, partialEnding)
	_, err := strconv.ParseUint(digits, 16, 64)
	return ok && err == nil && len(digits) == 16
}

// Tidy removes what a killed backup of an instance left: an archive that is not
// whole, and copies of databases that were being checked.
func Tidy(d instance.Dir) {
	removeUnfinished(d)
	entries, _ := os.ReadDir(d.Work(""))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.Contains(e.Name(), checkMark) {
			_ = instance.Own(d).RemoveTree(e.Name())
		}
	}
}
