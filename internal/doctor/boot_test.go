package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Each kind of engine has units and commands of its own.
func TestStartOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		info    engine.Info
		unit    string
		user    bool
		command string
	}{
		{engine.Info{}, "docker.service", false, "sudo systemctl enable docker"},
		{engine.Info{Rootless: true}, "docker.service", true, "systemctl --user enable docker"},
		{engine.Info{Podman: true}, "podman-restart.service", false, "sudo systemctl enable podman-restart.service"},
		{engine.Info{Podman: true, Rootless: true}, "podman-restart.service", true, "systemctl --user enable podman-restart.service"},
	} {
		s := startOf(c.info)
		if s.units[0] != c.unit || s.user != c.user || s.enable[0].Shell[0] != c.command {
			t.Errorf("%+v: %+v", c.info, s)
		}
		if c.user == strings.HasPrefix(c.command, "sudo") {
			t.Errorf("%+v: a user's own is not root's to enable", c.info)
		}
	}
}

func TestUnitsOfAUser(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	units := []string{"docker.service"}
	if isUserEnabled(root, "/home/a", units) {
		t.Error("one that is not there is enabled")
	}
	for _, dir := range []string{"/home/a/.config/systemd/user/default.target.wants", "/etc/systemd/user/default.target.wants"} {
		at := filepath.Join(root, dir)
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(at, "docker.service")
		if err := os.Symlink("/nowhere/docker.service", link); err != nil {
			t.Fatal(err)
		}
		if !isUserEnabled(root, "/home/a", units) || isUserEnabled(root, "/home/a", []string{"podman-restart.service"}) {
			t.Errorf("%s: not seen", dir)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
}
