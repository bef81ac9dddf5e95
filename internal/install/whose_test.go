package install

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

func TestWhoseAContainerIs(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	here, there, gone := filepath.Join(root, "a", "openalgo"), filepath.Join(root, "b", "openalgo"), filepath.Join(root, "c", "openalgo")
	link := filepath.Join(root, "link")
	for _, dir := range []string{here, there} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, instance.EnvName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(here, link); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(root, "d")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		working, env string // directory of Compose's label, file of the mount
		dir          string
		remote       bool
		want         whose
	}{
		"its own":                          {here, here + "/.env", here, false, own},
		"without Compose":                  {"", here + "/.env", here, false, own},
		"by another name of the directory": {here, here + "/.env", link, false, own},
		"whose .env was deleted":           {empty, empty + "/.env", empty, false, own},
		"of a directory of the same name":  {there, there + "/.env", here, false, anothers},
		"labelled ours, with other keys":   {here, there + "/.env", here, false, anothers},
		"of a directory that is gone":      {gone, gone + "/.env", here, false, orphan},
		"without a mounted .env":           {here, "", here, false, own},
		"without one, of another":          {there, "", here, false, anothers},
		"on a remote engine":               {here, "/host_mnt" + here + "/.env", here, true, own},
		"on a remote engine, of another":   {there, "/host_mnt" + there + "/.env", here, true, anothers},
	} {
		container := engine.Container{Labels: map[string]string{compose.LabelWorkingDir: c.working}}
		if c.env != "" {
			container.Mounts = []engine.Mount{{Type: "bind", Source: c.env, Target: openalgo.Env}}
		}
		if got := whoseIs(container, c.dir, !c.remote); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
