package instance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/testuser"
)

func TestEngineRef(t *testing.T) {
	t.Parallel()
	was := EngineRef{ID: "a", Endpoint: "unix:///run/docker.sock"}
	for now, want := range map[EngineRef]bool{
		was: false, {ID: "b", Endpoint: was.Endpoint}: false, {ID: "b", Endpoint: "unix:///run/user/1/docker.sock"}: true, {Endpoint: "x"}: false,
	} {
		if was.IsAnother(now) != want {
			t.Errorf("%v: %v", now, !want)
		}
	}
}

// A directory keeps to its Docker, unless the user names another for a command.
func TestWhichDockerADirectoryHas(t *testing.T) {
	t.Parallel()
	const own = "unix:///run/user/1000/docker.sock"
	for _, c := range []struct {
		endpoint string
		env      map[string]string
		silent   bool
		want     string
	}{
		{own, nil, false, own},
		{own, map[string]string{"DOCKER_HOST": "unix:///run/docker.sock"}, false, ""},
		{own, map[string]string{"DOCKER_CONTEXT": "vps"}, false, ""},
		{own, nil, true, ""},
		{"ssh://me@vps", nil, false, ""}, // its keys and TLS files are not known here
		{"tcp://10.0.0.1:2376", nil, false, ""},
		{"unix://relative.sock", nil, false, ""},
		{"unix://", nil, false, ""},
		{"", nil, false, ""},
	} {
		got := EngineRef{ID: "a", Endpoint: c.endpoint}.Chosen(func(name string) string { return c.env[name] }, func(endpoint string) bool { return !c.silent })
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// What another user wrote is looked at for the advice alone.
func TestRootlessIsRemembered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"version": 2, "engine": {"id": "a", "endpoint": "unix:///run/user/1000/docker.sock", "rootless": true}}`: true,
		`{"version": 2, "engine": {"id": "a", "endpoint": "unix:///run/docker.sock"}}`:                             false,
		`{"version": 1}`: false,
		`{`:              false,
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, WorkName), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(Dir(dir).Work(stateName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := isRootless(dir); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	dir := t.TempDir()
	if err := TrustedOfUser(dir); err != nil {
		t.Errorf("where nothing is: %v", err)
	}
	if os.Geteuid() == 0 { // root on an instance of a user's
		if err := os.MkdirAll(Dir(dir).Work(""), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(Dir(dir).Work(stateName), []byte(`{"engine": {"rootless": true}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, testuser.Alice, testuser.Alice); err != nil {
			t.Fatal(err)
		}
		if err := TrustedOfUser(dir); err == nil || !strings.Contains(err.Error(), "without sudo. Its Docker runs without root.") || strings.Contains(err.Error(), "need root") {
			t.Errorf("%v", err)
		}
	}
	if isRootless(t.TempDir()) {
		t.Error("where nothing is")
	}
}
