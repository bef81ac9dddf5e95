package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

func TestMayKnowNoSalt(t *testing.T) {
	for ref, want := range map[string]bool{
		"marketcalls/openalgo:latest": false, "marketcalls/openalgo:2.0.0.9": true, "marketcalls/openalgo:2.0.1.0": true,
		"marketcalls/openalgo:2.0.1.1": false, "marketcalls/openalgo:2.0.2.1": false, "localhost:5000/openalgo:1.9.0.3": true,
		"marketcalls/openalgo": false, "localhost:5000/openalgo": false, "marketcalls/openalgo@sha256:00": false,
		"v2.0.0.8": true, "main": false, "60156bc52": false, "": false, "openalgo:2.1.0": false,
	} {
		if got := mayKnowNoSalt(ref); got != want {
			t.Errorf("%s: %v, want %v", ref, got, want)
		}
	}
}

// A platform is told of FERNET_SALT only where the release to be built uses it.
func TestCloudSalt(t *testing.T) {
	t.Parallel()
	with, without := t.TempDir(), t.TempDir()
	for dir, sample := range map[string]string{with: "APP_KEY = 'x'\nFERNET_SALT = 'x'\n", without: "APP_KEY = 'x'\n# FERNET_SALT = 'x'\n"} {
		if err := os.WriteFile(filepath.Join(dir, ".sample.env"), []byte(sample), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		image answers.Image
		want  bool
	}{
		"newest":                    {answers.Image{Source: "git", Ref: "main"}, true},
		"old release":               {answers.Image{Source: "git", Ref: "v2.0.0.9"}, false},
		"checkout with a salt":      {answers.Image{Source: "path", Path: with}, true},
		"checkout without one":      {answers.Image{Source: "path", Path: without}, false},
		"checkout without a sample": {answers.Image{Source: "path", Path: t.TempDir()}, true},
	} {
		for _, target := range []string{TargetRailway, TargetRender} {
			files, err := cloudFiles(answers.Answers{Image: tt.image}, values{}, target)
			if err != nil {
				t.Fatal(err)
			}
			told := false
			for _, f := range files {
				told = told || f.name != "start.sh" && f.name != "Dockerfile" && strings.Contains(string(f.text), keys.FernetSalt)
			}
			if told != tt.want {
				t.Errorf("%s, %s: FERNET_SALT is named: %v", name, target, told)
			}
		}
	}
}
