package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A .env that an editor of Windows saved stops nothing: it is named, and doctor --fix
// repairs it while OpenAlgo runs. The container has the proxies of docker's config, and
// is healthy all the same.
func TestWindowsEditorBehindAProxy(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	config := t.TempDir()
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "engine", "testdata", "field", "docker-config-proxies.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	i.env = append(i.env, "DOCKER_CONFIG="+config)
	out := i.install(0)
	before := i.running()
	if !strings.Contains(out.all(), "noProxy lacks 127.0.0.1") || !slices.Contains(before.Env, "http_proxy=http://10.1.1.1:3128") || !slices.Contains(before.Env, "no_proxy=localhost,127.0.0.1,::1") {
		t.Errorf("%q\n%s", before.Env, out.all())
	}
	dockerCompose(t, i.dir, "up", "-d")
	if i.running().ID != before.ID {
		t.Error("docker compose up -d recreated the container")
	}

	sound := i.read(".env")
	file, err := os.OpenFile(i.path(".env"), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("\ufeff" + sound)
	if file.Close(); err != nil {
		t.Fatal(err)
	}
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 3 || !strings.Contains(out.stderr, "byte order mark") || !strings.Contains(out.stderr, "doctor --fix") {
		t.Errorf("set: exit %d\n%s", out.code, out.all())
	}
	if got := i.found(1); got["env"] != "failure" || got["changes"] != "" {
		t.Errorf("%v", got)
	}
	if out := i.run("doctor", "--fix", "--yes"); out.code != 0 || !strings.Contains(out.stderr, "ok    save .env as plain UTF-8") {
		t.Errorf("doctor --fix: exit %d\n%s", out.code, out.all())
	}
	if i.read(".env") != sound || i.running().ID != before.ID {
		t.Errorf("the container is %s, was %s; .env is as it was: %v", i.running().ID, before.ID, i.read(".env") == sound)
	}
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 {
		t.Error(out.all())
	}
}

// A backup to a directory that is not there is made in it, a slip in the path is
// refused before anything is frozen.
func TestBackupToANewDirectory(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	root := t.TempDir()
	file := i.backedUp("--to", filepath.Join(root, "nas"))
	if filepath.Dir(file) != filepath.Join(root, "nas") || !strings.HasSuffix(file, ".tar.zst") {
		t.Errorf("written to %s", file)
	}
	out := i.run("backup", "--now", "--to", filepath.Join(root, "bakcup", "openalgo"))
	if out.code != 3 || !strings.Contains(out.stderr, "there is no directory "+filepath.Join(root, "bakcup")) {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
}
