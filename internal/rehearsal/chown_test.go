package rehearsal_test

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

func TestChown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	own := strconv.Itoa(os.Getuid()) + ":" + strconv.Itoa(os.Getgid())
	for _, c := range []struct {
		args []string
		code int
	}{{[]string{own, path}, 0}, {[]string{own, path + "none"}, 1}, {[]string{"app", path}, 2}, {[]string{own}, 2}} {
		if code := rehearsal.Chown(c.args, io.Discard); code != c.code {
			t.Errorf("chown %v exits %d, want %d", c.args, code, c.code)
		}
	}
}
