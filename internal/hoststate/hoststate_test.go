package hoststate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/hoststate"
)

func TestPlace(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		root bool
		want string
	}{
		{map[string]string{"HOME": "/root"}, true, "/var/lib/openalgo-install"},
		{map[string]string{"HOME": "/home/me"}, false, "/home/me/.local/state/openalgo-install"},
		{map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "/state"}, false, "/state/openalgo-install"},
		{map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "state"}, false, "/home/me/.local/state/openalgo-install"},
		{map[string]string{}, false, "/var/lib/openalgo-install"},
	} {
		if got := hoststate.Place(func(name string) string { return test.env[name] }, test.root); got != test.want {
			t.Errorf("%v: %s, want %s", test.env, got, test.want)
		}
	}
}

func TestAFileIsKeptForItsOwnerAlone(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	if text, err := hoststate.Read("x"); text != nil || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	if err := hoststate.Write("x", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	if text, err := hoststate.Read("x"); string(text) != "kept" || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	at := filepath.Join(state, "openalgo-install", "x")
	if info, err := os.Stat(at); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := hoststate.Remove("x"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", at); err != nil {
		t.Fatal(err)
	}
	if text, err := hoststate.Read("x"); err == nil {
		t.Errorf("a link was followed: %q", text)
	}
	if err := os.Chmod(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := hoststate.Write("x", nil); err == nil || !strings.Contains(err.Error(), "chmod 700 "+filepath.Dir(at)) {
		t.Errorf("%v of a directory that others can read", err)
	}
}

// su keeps the environment of the user before: root writes nothing in that user's
// directories, who could lead it elsewhere.
func TestRootWritesInNoDirectoryOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	state := t.TempDir()
	if err := os.Chown(state, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", state)
	if dir := hoststate.Dir(); dir != "/var/lib/openalgo-install" {
		t.Errorf("root writes in %s", dir)
	}
	if err := os.Chown(state, 0, 0); err != nil {
		t.Fatal(err)
	}
	if dir := hoststate.Dir(); dir != filepath.Join(state, "openalgo-install") {
		t.Errorf("root does not write in its own %s", dir)
	}
}
