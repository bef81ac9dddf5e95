package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// everything.yaml has each attribute that Load carries out, so that the order of
// hashKeyOrder is compared with Docker Compose's for all of them.
func TestEverythingIsEverything(t *testing.T) {
	text, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]map[string]any `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	have := file.Services["openalgo"]
	for _, path := range supportedAttributes {
		name, ok := strings.CutPrefix(string(path), "services.*.")
		name, _, _ = strings.Cut(name, ".")
		if _, there := have[name]; ok && !there && name != "profiles" && name != "network_mode" { // a service that is off, and one without networks
			t.Errorf("everything.yaml lacks %s", name)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Source{Dir: dir, Files: []File{{Path: filepath.Join(dir, FileName), Content: text}}}); err != nil {
		t.Error(err)
	}
}
