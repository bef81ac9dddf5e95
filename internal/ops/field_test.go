package ops_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// field is a .env as people had it; its values are made up.
func field(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "envfile", "testdata", "field", name))
	must(t, err)
	return text
}

// A .env that nobody can read, or that is empty beside data, stops nothing: every
// command refuses with its name, and OpenAlgo runs on.
func TestEnvOfTheField(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	_, err := b.session().Survey(t.Context())
	must(t, err)
	before, env := b.container(), filepath.Join(b.dir, ".env")
	was := b.read(".env")
	for name, id := range map[string]string{"env-zero": "keys", "env-bom": "env-encoding", "env-utf16": "env-encoding"} {
		must(t, os.WriteFile(env, field(t, name), 0o600))
		for _, c := range []ops.Command{ops.InstallSaved(), set("LOG_LEVEL", "DEBUG"), ops.Restart(), ops.Stop(), ops.Upgrade("2"), ops.Backup(ops.BackupOptions{}),
			ops.Resize(ops.ResizeOptions{RAMMiB: 32768, Cores: 8})} {
			if _, err := b.session().Do(t.Context(), c); finding.IDOf(err) != id || finding.KindOf(err) != finding.HostNotReady {
				t.Errorf("%s, %s: %v", name, c.Name, err)
			}
		}
		if now := b.container(); now.ID != before.ID || now.State != "running" || b.read(".env") != string(field(t, name)) || b.journal() {
			t.Errorf("%s: %+v", name, now)
		}
	}
	must(t, os.WriteFile(env, []byte(was), 0o600))
	b.do(ops.Restart())
}
