package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// adoptable makes a stack of another tool, with an account in it.
func adoptable(t *testing.T, name string) *instance {
	t.Helper()
	stack := foreignStacks[name]
	i := foreign(t, stack.dirName)
	stack.up(i)
	i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	i.addUser()
	return i
}

// dataMounts are where a container keeps its data.
func dataMounts(c engine.Container) string {
	var out []string
	for _, m := range c.Mounts {
		if strings.HasPrefix(m.Target, "/app/") {
			out = append(out, m.Target+"="+m.Type+":"+m.Name+":"+m.Source)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// mustBeAdopted wants everything that counts as it was before.
func (i *instance) mustBeAdopted(before engine.Container, keys string) {
	i.t.Helper()
	i.mustBeReady()
	c := i.running()
	if report := i.report(); report.Users != 1 || i.keys() != keys {
		i.t.Error("data or keys are not the former")
	}
	now := dataMounts(c)
	for line := range strings.Lines(dataMounts(before)) {
		if !strings.Contains(now, strings.TrimSpace(line)) {
			i.t.Errorf("%s is not mounted any more:\n%s", line, now)
		}
	}
	if c.ID == before.ID || c.ImageID != before.ImageID {
		i.t.Error("the container was not recreated, or from another image")
	}
	for n := range before.Ports {
		if c.Ports[n] != before.Ports[n] {
			i.t.Errorf("ports %v, were %v", c.Ports, before.Ports)
		}
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	for name := range foreignStacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := adoptable(t, name)
			keys, before, own := i.keys(), i.running(), i.read(".env")
			if out := i.run("adopt", "--dry-run"); out.code != 0 || i.running().ID != before.ID || i.read(".env") != own {
				t.Fatal(out.all())
			}
			if out := i.run("adopt", "--now", "--yes"); out.code != 0 || !strings.Contains(out.all(), "found ") {
				t.Fatal(out.all())
			}
			i.mustBeAdopted(before, keys)
			if out := i.run("adopt", "--now", "--yes"); out.code != 3 || !strings.Contains(out.all(), "already") {
				t.Error(out.all())
			}
			if env := i.read(".env"); !strings.Contains(env, "# my own\nMY_OWN = 'a b'") {
				t.Error("the user's line is gone")
			}
			id := i.running().ID
			dockerCompose(t, i.dir, "up", "-d")
			// On Podman Compose recreates every container, its own as well.
			if i.running().ID != id && !docker.Info().Podman {
				t.Error("docker compose up -d recreated the container")
			}
			// It is an instance like any other now.
			if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 {
				t.Fatal(out.all())
			}
			i.mustBeAdopted(before, keys)
			if out := i.run("uninstall"); out.code != 0 {
				t.Fatal(out.all())
			}
			if _, err := os.Stat(i.path(".env")); err != nil {
				t.Error(err)
			}
		})
	}
}

// What the previous container had beside OpenAlgo's own is named, and kept on
// record.
func TestAdoptNamesWhatIsDropped(t *testing.T) {
	t.Parallel()
	i := foreign(t, "")
	custom := t.TempDir()
	i.dockerRunWith(func(s *engine.ContainerSpec) {
		s.Env = append(s.Env, "HTTPS_PROXY=http://me:word@proxy:3128")
		s.Host.Memory, s.Host.ExtraHosts, s.Labels = 700<<20, []string{"broker:10.0.0.1"}, map[string]string{"mine": "1"}
		s.Mounts = append(s.Mounts, engine.Mount{Type: "bind", Source: custom, Target: "/app/custom"})
	})
	i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	for _, args := range [][]string{{"adopt", "--dry-run"}, {"adopt", "--now", "--yes"}} {
		out := i.run(args...)
		if out.code != 0 {
			t.Fatal(out.all())
		}
		for _, text := range []string{"-e HTTPS_PROXY", "--memory", "--add-host", "--label mine", custom + ":/app/custom", "is not taken over"} {
			if !strings.Contains(out.all(), text) {
				t.Errorf("%s does not name %q:\n%s", args, text, out.all())
			}
		}
		if strings.Contains(out.all(), "me:word") || strings.Contains(out.all(), "OMP_NUM") && strings.Contains(out.all(), "-e OMP_NUM") {
			t.Errorf("too much is said:\n%s", out.all())
		}
	}
	if records, _ := filepath.Glob(i.path(".openalgo-install/backups/container.json.*")); len(records) != 1 {
		t.Errorf("kept: %v", records)
	}
}

// A kill at any step: the next run undoes or finishes it, and nothing is lost.
func TestAdoptKilled(t *testing.T) {
	t.Parallel()
	for n, name := range []string{"docker-run.sh", "by hand"} {
		for _, point := range sample([]string{"created", "after-stop", "env-placed", "after-start", "removed-old"}, n) {
			t.Run(name+"/"+point, func(t *testing.T) {
				t.Parallel()
				i := adoptable(t, name)
				i.program = failing
				keys, before := i.keys(), i.running()
				i.kill(point, "adopt", "--now", "--yes")
				if out := i.run("adopt", "--now", "--yes"); out.code != 0 && !strings.Contains(out.all(), "already") {
					t.Fatal(out.all())
				}
				i.mustBeAdopted(before, keys)
			})
		}
	}
}

// One that does not come up: the previous container, .env and Compose file are
// back.
func TestAdoptFails(t *testing.T) {
	t.Parallel()
	i := adoptable(t, "by hand")
	before, env, file := i.running(), i.read(".env"), i.read("docker-compose.yml")
	i.put("docker-compose.override.yaml", "services:\n  openalgo:\n    command: [\"/none\"]\n    entrypoint: [\"/none\"]\n")
	if out := i.run("adopt", "--now", "--yes"); out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if c := i.running(); c.ID != before.ID || c.Name != before.Name || i.read(".env") != env || i.read("docker-compose.yml") != file {
		t.Error("the former stack is not back as it was")
	}
	if i.report().Users != 1 {
		t.Error("the account is gone")
	}
}

// TestAdoptIntoVolumes takes data out of directories; they stay as they were.
func TestAdoptIntoVolumes(t *testing.T) {
	t.Parallel()
	i := adoptable(t, "docker-run.sh")
	i.program = failing
	keys, before, db := i.keys(), i.running(), i.path("db")
	if _, err := os.Stat(db); err != nil {
		t.Skip("root alone may look into the directories")
	}
	gone := func() {
		t.Helper()
		if left := i.volumes(); left != 0 {
			t.Errorf("%d volumes are left", left)
		}
	}
	for _, point := range []string{"created", "moved-app-db", "after-move", "undo-removed-new"} {
		if point == "undo-removed-new" {
			i.kill("after-move", "adopt", "--volumes", "named", "--now", "--yes")
			i.kill(point, "adopt", "--dry-run")
		} else {
			i.kill(point, "adopt", "--volumes", "named", "--now", "--yes")
		}
		if out := i.run("adopt", "--dry-run"); out.code != 0 {
			t.Fatal(out.all())
		}
		gone()
		if c := i.running(); c.ID != before.ID || i.report().Users != 1 {
			t.Fatalf("after %s the former stack is not back", point)
		}
	}
	was := snapshot(t, db)
	out := i.run("adopt", "--volumes", "named", "--now", "--yes")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	now := dataMounts(i.running())
	if strings.Contains(now, "bind:") && strings.Contains(now, db) || i.report().Users != 1 || i.keys() != keys {
		t.Errorf("keys, data or mounts are not as they should be:\n%s", now)
	}
	if snapshot(t, db) != was {
		t.Error("the directory was touched")
	}
	if out := i.run("backup", "--now", "--to", t.TempDir()); out.code != 0 {
		t.Error(out.all())
	}
}

// TestAdoptCarries keeps what a container had in itself: no volume for keys.
func TestAdoptCarries(t *testing.T) {
	t.Parallel()
	i := adoptable(t, "by hand")
	before := i.running()
	if out, err := exec.Command("docker", "cp", "adopt_test.go", before.ID+":/app/keys/jwt.pem").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out := i.run("adopt", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if out, err := exec.Command("docker", "cp", i.running().ID+":/app/keys/jwt.pem", "-").CombinedOutput(); err != nil || !strings.Contains(string(out), "TestAdoptCarries") {
		t.Errorf("the key is gone: %v", err)
	}
}
