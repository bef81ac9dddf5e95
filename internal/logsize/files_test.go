package logsize

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestLogBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, bytes int) {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, make([]byte, bytes), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("openalgo.log", 1000)
	write("strategies/one.log", 500)
	if got := In(dir); got != 1500 {
		t.Errorf("%d bytes", got)
	}
	if got := In(filepath.Join(dir, "none")); got != -1 {
		t.Errorf("a directory that is not there has %d bytes", got)
	}
	for n := range mostLogs {
		write("many/"+strconv.Itoa(n), 0)
	}
	if got := In(dir); got != -1 {
		t.Errorf("too many files are counted: %d bytes", got)
	}
}
