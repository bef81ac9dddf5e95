package templates_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/templates"
)

// volume runs the program on the data of a cluster.
type volume struct {
	t      *testing.T
	python string
}

func (v volume) run(stdin []byte, args ...string) (stdout []byte, failed string) {
	v.t.Helper()
	cmd := exec.CommandContext(v.t.Context(), v.python, append([]string{"-c", string(templates.Volume())}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &said
	if err := cmd.Run(); err != nil {
		failed = err.Error() + ": " + said.String()
	}
	return out.Bytes(), failed
}

// files are those below a directory.
func (v volume) files(root string) (out []string) {
	_ = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(root, path)
			out = append(out, name)
		}
		return nil
	})
	return out
}

func TestVolume(t *testing.T) {
	t.Parallel()
	v := volume{t, cmp.Or(os.Getenv("OPENALGO_PYTHON"), "python3")}
	if _, err := exec.LookPath(v.python); err != nil {
		t.Skip(err)
	}
	from, trees := t.TempDir(), []string{"db", "strategies", "keys"}
	write := func(root, name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(from, "strategies/scripts/one.py", "print(1)")
	write(from, "keys/mcp.pem", "secret")
	write(from, "db/broken.db", "SQLite format 3\x00and nothing more")
	if err := os.Symlink("one.py", filepath.Join(from, "strategies/scripts/link.py")); err != nil {
		t.Fatal(err)
	}
	makeDatabase := exec.CommandContext(t.Context(), v.python, "-c", "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('create table t (n)'); d.commit()", filepath.Join(from, "db/openalgo.db"))
	if out, err := makeDatabase.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tar, failed := v.run(nil, append([]string{"out", from}, trees...)...)
	if failed != "" || !bytes.Contains(tar, []byte(`"damaged": ["db/broken.db: `)) || bytes.Contains(tar, []byte(`"db/openalgo.db: `)) {
		t.Errorf("%s %d bytes", failed, len(tar))
	}

	to := t.TempDir()
	for _, name := range []string{"db", "log/strategies", "strategies/scripts"} { // as the kubelet and OpenAlgo make them
		if err := os.MkdirAll(filepath.Join(to, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, failed := v.run(tar[:len(tar)/2], append([]string{"in", to}, trees...)...); failed == "" || len(v.files(to)) > 0 {
		t.Errorf("half a tar: %q, %v", failed, v.files(to))
	}
	said, failed := v.run(tar, append([]string{"in", to}, trees...)...)
	if failed != "" || !strings.Contains(string(said), `"files": 4`) || !slices.Equal(v.files(to), v.files(from)) {
		t.Errorf("%s %s: %v", failed, said, v.files(to))
	}
	if info, err := os.Stat(filepath.Join(to, "keys/mcp.pem")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if _, failed := v.run(tar, append([]string{"in", to}, trees...)...); !strings.Contains(failed, "there is data already: db/") {
		t.Errorf("over data: %q", failed)
	}

	// A restore that was cut off while it moved the trees into their place.
	write(to, ".openalgo-restore/moving.json", `["strategies", "keys", "db"]`)
	write(to, ".openalgo-restore/db/openalgo.db", "")
	if err := os.RemoveAll(filepath.Join(to, "db")); err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Trees map[string]int64 `json:"trees"`
		Held  string           `json:"held"`
	}
	text, failed := v.run(nil, append([]string{"look", to}, trees...)...)
	if err := json.Unmarshal(text, &seen); err != nil || failed != "" || seen.Held != "" || len(v.files(to)) > 0 {
		t.Errorf("%v %s %+v: %v", err, failed, seen, v.files(to))
	}
	if text, _ = v.run(nil, append([]string{"look", from}, trees...)...); json.Unmarshal(text, &seen) != nil || seen.Held == "" || seen.Trees["keys"] != 6 {
		t.Errorf("%s", text)
	}
}
