package render

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	a, problems := answers.Parse([]byte("version: 1\nbroker: {name: zerodha, api_key: abcdefghij, api_secret: canary-secret}\n"), answers.Lookup{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	v := values{
		Settings: []settings.Setting{{Key: "BROKER_API_SECRET", Value: secret.New("canary-secret")}, {Key: "LOG_LEVEL", Value: secret.New("INFO")}, {Key: "FLASK_PORT", Value: secret.New("5000")}},
		Env: func(there, sample []byte) ([]byte, error) {
			if there != nil && sample != nil {
				t.Error("a .env that is there has another base")
			}
			return []byte("BROKER_API_SECRET = 'canary-secret'\n"), nil
		},
	}
	for target, want := range map[string][]string{
		TargetCompose: {".env", "docker-compose.yaml", "openalgo-install.yaml"},
		TargetDocker:  {".env", "openalgo-install.yaml", "run.sh"},
		TargetRailway: {".dockerignore", "Dockerfile", "openalgo-image.py", "openalgo-migrate.py", "railway.json", "start.sh", "variables.env"},
		TargetRender:  {".dockerignore", "Dockerfile", "openalgo-image.py", "openalgo-migrate.py", "render.yaml", "start.sh"},
	} {
		o := Options{InstanceDir: "/opt/openalgo", Out: t.TempDir(), Target: target}
		for range 2 { // the second time .env is there
			if _, _, err := write(a, o, v); err != nil {
				t.Fatal(err)
			}
		}
		var names []string
		entries, _ := os.ReadDir(o.Out)
		for _, e := range entries {
			names = append(names, e.Name())
			text, _ := os.ReadFile(filepath.Join(o.Out, e.Name()))
			if strings.Contains(string(text), "canary") && e.Name() != ".env" {
				t.Errorf("%s: a secret is in %s", target, e.Name())
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", target, names, want)
		}
	}
}

func TestMachineFor(t *testing.T) {
	t.Parallel()
	here := sizing.Machine{RAMMiB: 9000, Cores: 8}
	if got := machineFor(TargetCompose, here); got != here {
		t.Errorf("%+v", got)
	}
	if got := machineFor(TargetRailway, here); got.RAMMiB != cloudRAMMiB || got.Cores != 1 {
		t.Errorf("%+v", got)
	}
}
