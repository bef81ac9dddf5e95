package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/templates"
)

// Write writes a FERNET_SALT only where the release names it, and never takes
// one from a .env that is there.
func TestRenderedSalt(t *testing.T) {
	old := strings.Replace(string(templates.Env()), "\nFERNET_SALT", "\n# FERNET", 1)
	checkout := func(sample string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ".sample.env"), []byte(sample), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, c := range map[string]struct {
		image string
		there string // a .env that is there
		want  bool
	}{
		"a release of today":         {"image: {source: registry, ref: 'marketcalls/openalgo:latest'}", "", true},
		"an older release":           {"image: {source: registry, ref: 'marketcalls/openalgo:2.0.0.9'}", "", false},
		"a checkout of today":        {"image: {source: path, path: " + checkout(string(templates.Env())) + "}", "", true},
		"an older checkout":          {"image: {source: path, path: " + checkout(old) + "}", "", false},
		"an older one, with a .env":  {"image: {source: registry, ref: 'marketcalls/openalgo:2.0.0.9'}", "kept", true},
		"an older tag of the source": {"image: {source: git, url: 'https://github.com/marketcalls/openalgo', ref: v2.0.0.8}", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			a, problems := answers.Parse([]byte("version: 1\nbroker: {name: zerodha, api_key: abcdefghij, api_secret: abcdefghij}\n"+c.image+"\n"), answers.Lookup{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			out := t.TempDir()
			o := Options{Machine: sizing.Machine{RAMMiB: 4096, Cores: 2}, InstanceDir: "/opt/openalgo", Out: out, Target: TargetCompose}
			if c.there != "" {
				today := a
				today.Image.Ref = "marketcalls/openalgo:latest"
				if _, _, err := Write(today, o); err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := Write(a, o); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(out, ".env"))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(text), "\nFERNET_SALT = "); got != c.want {
				t.Errorf("a salt is written: %v", got)
			}
			if !strings.Contains(string(text), "API_KEY_PEPPER = ") {
				t.Error("no pepper is written")
			}
		})
	}
}
