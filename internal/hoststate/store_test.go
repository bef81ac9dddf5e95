package hoststate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	s := In(filepath.Join(t.TempDir(), "deep", "state"))
	doc := map[string]int{}
	if err := s.Load("x.json", &doc); err != nil || len(doc) != 0 {
		t.Fatalf("%v, %v of no directory", doc, err)
	}
	if err := s.Save("x.json", map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.Load("x.json", &doc); err != nil || doc["a"] != 1 {
		t.Errorf("%v, %v", doc, err)
	}
	if info, err := os.Stat(s.path("x.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(s.path("x.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Load("x.json", &doc); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v of a file that was cut off", err)
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if s.Load("x.json", &doc) == nil || s.Save("x.json", doc) == nil {
		t.Error("a directory that others can read is taken")
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	s := In(t.TempDir() + "/state")
	free, err := s.Lock(t.Context(), "x", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lock(t.Context(), "x", time.Millisecond); !wait.IsOver(err) {
		t.Errorf("%v of a lock that is held", err)
	}
	free()
	free, err = s.Lock(t.Context(), "x", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	free()
}
