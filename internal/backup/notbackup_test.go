package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// A file that is no backup, and a path that leads through a file, are named in
// words: no reader of archives speaks.
func TestWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hosts := write("hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
	for path, want := range map[string]struct {
		id string
		of error
	}{
		hosts:                              {"backup-unusable", ErrNoArchive},
		write("short", "x"):                {"backup-unusable", ErrNoArchive},
		write("empty", ""):                 {"backup-unusable", ErrNoArchive},
		filepath.Join(hosts, "backup.zst"): {"backup-missing", fs.ErrNotExist},
	} {
		_, err := Open(t.Context(), path, Key{})
		told := OpenError(t.Context(), instance.Dir(dir), err)
		if !errors.Is(err, want.of) || finding.IDOf(told) != want.id || !strings.Contains(told.Error(), path) ||
			strings.Contains(told.Error(), "magic") || strings.Contains(told.Error(), "EOF") || strings.Contains(told.Error(), "not a directory") {
			t.Errorf("%s: %v (%s)", path, told, finding.IDOf(told))
		}
	}
}
