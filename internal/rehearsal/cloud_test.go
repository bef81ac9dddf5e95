package rehearsal_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

// pod is an /app with the image's sample and directories, and no .env.
func pod(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	text, err := os.ReadFile("testdata/env")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, ".sample.env"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, ".env"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func variables(t *testing.T, disk string) {
	t.Helper()
	for name, value := range map[string]string{
		"HOST_SERVER": "https://a.example.com/", "REDIRECT_URL": "https://a.example.com/zerodha/callback", "OPENALGO_DATA_DIR": disk,
		"BROKER_API_KEY": "k'1", "BROKER_API_SECRET": "s1", "LOG_LEVEL": "DEBUG", "ENV_CONFIG_VERSION": "0.0.1",
		"APP_KEY": strings.Repeat("a1", 32), "API_KEY_PEPPER": strings.Repeat("b2", 32), "FERNET_SALT": strings.Repeat("c3", 16),
	} {
		t.Setenv(name, value)
	}
}

// A pod's .env goes with it, its data does not: the next one has the same.
func TestCloudModeKeepsDataOnOneDisk(t *testing.T) {
	disk := t.TempDir()
	variables(t, disk)
	root := pod(t)
	r := up(t, root)
	text, err := os.ReadFile(filepath.Join(root, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := envfile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"HOST_SERVER": "https://a.example.com", "BROKER_API_KEY": "k'1", "LOG_LEVEL": "DEBUG", "WEBSOCKET_HOST": "0.0.0.0"} {
		if got, _ := env.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got, _ := env.Get("ENV_CONFIG_VERSION"); got == "0.0.1" {
		t.Error("the version of the sample is not the image's own")
	}
	resp, err := http.Post("http://"+r.web+"/setup", "application/json", strings.NewReader(`{"username":"trader"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	r.cancel()
	r.end()
	if _, err := os.Stat(filepath.Join(disk, "db", "openalgo.db")); err != nil {
		t.Error(err)
	}
	if r := up(t, pod(t)); r.needsSetup() {
		t.Error("the next pod has other data")
	}
}

func TestCloudModeNeedsItsVariables(t *testing.T) {
	variables(t, t.TempDir())
	t.Setenv("FERNET_SALT", "")
	r := start(t, pod(t))
	if code := r.end(); code != 1 || !strings.Contains(strings.Join(r.log, "\n"), "FERNET_SALT is not set") {
		t.Errorf("exit code %d:\n%s", code, strings.Join(r.log, "\n"))
	}
}
