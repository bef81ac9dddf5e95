package backup

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// SavedTrees are the data directories that a backup holds; tmp holds nothing
// that counts (docs/openalgo-facts.md 9.1).
var SavedTrees = []string{DataTree, "strategies", "keys"}

// DataTree is the one with the databases.
const DataTree = "db"

// LogTree is the one that is saved on request.
const LogTree = "log"

// Check refuses an archive without a database, or with files that no instance
// has.
func (a *Archive) Check() error {
	if a.Held[DataTree] == 0 {
		return finding.Named(finding.Usage, "backup-unusable", "this backup has no database in it, so it cannot be restored. Nothing was changed.")
	}
	for _, t := range a.Manifest.Trees {
		if !slices.Contains(SavedTrees, t.Name) && t.Name != LogTree {
			return finding.Named(finding.Usage, "backup-unusable", "this backup has data for /app/%s, where OpenAlgo keeps none. Nothing was changed.", t.Name)
		}
	}
	for name := range a.Files {
		if !slices.Contains(InstanceFiles(), name) {
			return finding.Named(finding.Usage, "backup-unusable", "this backup has a file that no instance has (%.80q). Nothing was changed.", name)
		}
	}
	return nil
}

// OpenError says what an archive that cannot be read means to who names it.
func OpenError(ctx context.Context, d instance.Dir, err error) error {
	switch {
	case ctx.Err() != nil:
		return finding.Cancel()
	case errors.Is(err, ErrNoArchive):
		return finding.Named(finding.Usage, "backup-unusable", "%w. Nothing was changed", err)
	case errors.Is(err, ErrPlain):
		return finding.Named(finding.Usage, "backup-unusable", "%w", err).
			With(finding.Hint{Do: "If you made it yourself, leave out --identity and --passphrase-file, and let its name end in .tar.zst"}).Ending(finding.Unchanged)
	case errors.Is(err, ErrSealed):
		return finding.Named(finding.Usage, "backup-unreadable", "%w", err)
	case errors.Is(err, fs.ErrNotExist):
		return finding.Named(finding.Usage, "backup-missing", "%w. Backups are by default in %s", err, Archives(d)).
			With(finding.Run("Name the file of a backup", "restore", "FILE"))
	}
	return finding.Named(finding.HostNotReady, "backup-unreadable", "reading the backup: %w", err)
}
