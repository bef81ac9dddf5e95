package stacks

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
		want         Whose
	}{
		"its own":                          {here, here + "/.env", here, false, Own},
		"without Compose":                  {"", here + "/.env", here, false, Own},
		"by another name of the directory": {here, here + "/.env", link, false, Own},
		"whose .env was deleted":           {empty, empty + "/.env", empty, false, Own},
		"of a directory of the same name":  {there, there + "/.env", here, false, Anothers},
		"labelled ours, with other keys":   {here, there + "/.env", here, false, Anothers},
		"of a directory that is gone":      {gone, gone + "/.env", here, false, Orphan},
		"without a mounted .env":           {here, "", here, false, Own},
		"without one, of another":          {there, "", here, false, Anothers},
		"on a remote engine":               {here, "/host_mnt" + here + "/.env", here, true, Own},
		"on a remote engine, of another":   {there, "/host_mnt" + there + "/.env", here, true, Anothers},
	} {
		container := engine.Container{Labels: map[string]string{compose.LabelWorkingDir: c.working}}
		if c.env != "" {
			container.Mounts = []engine.Mount{{Type: "bind", Source: c.env, Target: openalgo.Env}}
		}
		if got := WhoseIs(container, c.dir, !c.remote); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
