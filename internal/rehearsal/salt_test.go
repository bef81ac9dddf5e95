package rehearsal_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// Samples of a release that knows no FERNET_SALT, and of its successor, with
// the lines between the two keys that OpenAlgo's own has.
const (
	oldSample = "ENV_CONFIG_VERSION = '1.0.6'\nAPI_KEY_PEPPER = 'x'\n"
	newSample = "ENV_CONFIG_VERSION = '1.0.6'\nAPI_KEY_PEPPER = 'x'\n\n# one\n# two\n# three\nFERNET_SALT = 'x'\n"
)

// runOnce starts a release over root, adds a user where one is named, and says
// which secrets open.
func runOnce(t *testing.T, root, sample, user string) (open, shut int) {
	t.Helper()
	put(t, filepath.Join(root, ".sample.env"), sample)
	r := up(t, root)
	if user != "" {
		resp, err := http.Post("http://"+r.web+"/setup", "application/json", strings.NewReader(`{"username":"`+user+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	var report rehearsal.Report
	r.getJSON("/rehearsal/report", &report)
	r.cancel()
	r.end()
	var stdout, stderr strings.Builder
	if code := rehearsal.Python(root, []string{"-c", rehearsal.SecretsLine}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("%d: %s", code, stderr.String())
	}
	return report.SecretsOpen, report.SecretsShut
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// saltIn is the FERNET_SALT of a root's .env.
func saltIn(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := envfile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	salt, _ := env.Get("FERNET_SALT")
	return salt
}

func withoutSalt(t *testing.T, root string) {
	t.Helper()
	path := filepath.Join(root, ".env")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env, err := envfile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	env.Unset("FERNET_SALT")
	put(t, path, string(env.Bytes()))
}

// What OpenAlgo does with a salt on the way from a release that knows none to
// one that does.
func TestSaltOverReleases(t *testing.T) {
	t.Run("no line", func(t *testing.T) {
		root := newRoot(t, nil)
		withoutSalt(t, root)
		if open, shut := runOnce(t, root, oldSample, "admin"); open != 1 || shut != 0 || saltIn(t, root) != "" {
			t.Fatalf("the old release: %d open, %d shut, salt %q", open, shut, saltIn(t, root))
		}
		for range 2 {
			if open, shut := runOnce(t, root, newSample, ""); open != 1 || shut != 0 || len(saltIn(t, root)) != 32 {
				t.Fatalf("the new one: %d open, %d shut, salt %q", open, shut, saltIn(t, root))
			}
		}
		withoutSalt(t, root)
		put(t, filepath.Join(root, ".sample.env"), newSample)
		start(t, root).waitFor(rehearsal.SignatureSaltLost)
	})
	t.Run("a line that was written for the old release", func(t *testing.T) {
		root := newRoot(t, nil)
		before := saltIn(t, root)
		if open, shut := runOnce(t, root, oldSample, "admin"); open != 1 || shut != 0 {
			t.Fatalf("the old release: %d open, %d shut", open, shut)
		}
		if open, shut := runOnce(t, root, newSample, ""); open != 0 || shut != 1 || saltIn(t, root) != before {
			t.Fatalf("the new one: %d open, %d shut", open, shut)
		}
	})
}
