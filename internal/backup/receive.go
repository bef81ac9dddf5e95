package backup

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Receive writes a backup that comes from elsewhere, readable by its owner alone. It
// has its name once it is whole, and replaces nothing.
func Receive(path string, write func(io.Writer) error) error {
	removePartials(path)
	f, err := makeFresh(path)
	if err != nil {
		return finding.Named(finding.HostNotReady, "backup-unwritable", "making %s: %w", path, err)
	}
	defer f.discard()
	if err := write(f); err != nil {
		return err
	}
	if err := f.keep(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// removePartials removes what was written of a backup by a run that was killed.
func removePartials(path string) {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if mark, ok := strings.CutPrefix(e.Name(), base+"."); ok && isPartialMark(mark) && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
