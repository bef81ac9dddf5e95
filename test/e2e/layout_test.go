package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// owners lists the data directories of an instance with mode and owner.
func (i *instance) owners() string {
	i.t.Helper()
	var out []string
	for _, name := range openalgo.Trees {
		info, err := os.Stat(i.path(name))
		if err != nil {
			i.t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		out = append(out, name+" "+info.Mode().Perm().String())
		if os.Geteuid() == 0 && (stat.Uid != 1000 || stat.Gid != 1000) {
			i.t.Errorf("%s belongs to %d:%d", name, stat.Uid, stat.Gid)
		}
	}
	return strings.Join(out, ", ")
}

const rightModes = "db -rwxr-xr-x, log -rwxr-xr-x, strategies -rwxr-xr-x, keys -rwx------, tmp -rwxr-xr-x"

func TestDataInDirectories(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.write("volumes: bind")
	i.install(0)
	i.mustBeReady()
	if got := i.owners(); got != rightModes {
		t.Errorf("%s", got)
	}
	for _, d := range i.report().Directories {
		if !d.Writable {
			t.Errorf("%s cannot be written", d.Path)
		}
	}
	if n := i.volumes(); n != 0 {
		t.Errorf("%d volumes were made", n)
	}
	if out := i.run("status"); !strings.Contains(out.stdout, i.path("db")) {
		t.Errorf("status does not name the directories:\n%s", out.stdout)
	}
	i.addUser()
	before, keys := i.container().ID, i.keys()
	dockerCompose(t, i.dir, "up", "-d")
	if i.container().ID != before {
		t.Error("docker compose up -d recreated the container")
	}
	if out := i.install(0); !strings.Contains(out.stdout, "Nothing to do") {
		t.Errorf("again: %s", out.all())
	}

	// Into volumes it would start empty.
	i.write("volumes: named")
	files := snapshot(t, i.dir)
	i.install(3).mustSay(t, i.path("db"), "start empty", "volumes: bind")
	if snapshot(t, i.dir) != files || i.container().ID != before {
		t.Error("the refused answers changed something")
	}
	i.write("volumes: bind")

	if out := i.run("uninstall"); out.code != 0 || !strings.Contains(out.stdout, i.path("db")) {
		t.Errorf("uninstall exits %d: %s", out.code, out.all())
	}
	i.install(0)
	i.mustHaveData()
	if i.keys() != keys {
		t.Error("the keys changed")
	}
	i.put("my-notes.txt", "mine")
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 {
		t.Errorf("purge exits %d: %s", out.code, out.all())
	}
	left, err := os.ReadDir(i.dir)
	if err != nil || len(left) != 1 || left[0].Name() != "my-notes.txt" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// An instance with volumes does not move into directories either.
func TestDataStaysInVolumes(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("volumes: bind")
	i.install(3).mustSay(t, i.project+"_openalgo_db", "start empty", "volumes: named")
	i.write("")
	i.install(0)
	i.mustHaveData()
}

// The data of a directory that is gone prevents nothing: the keys here
// are those of the run that did not finish. Not beside others, in whose way it
// would stand.
func TestDataInDirectoriesKilled(t *testing.T) {
	i := newInstance(t)
	i.program = failing
	i.write("volumes: bind")
	i.kill("volume")
	stray := "oae2estray" + i.project
	out, err := exec.Command("docker", "volume", "create", "--label", compose.LabelProject+"="+stray,
		"--label", compose.LabelVolume+"=openalgo_db", stray+"_openalgo_db").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "volume", "rm", stray+"_openalgo_db").Run() })
	keys := i.keys()
	i.install(0)
	if got := i.owners(); got != rightModes || i.keys() != keys {
		t.Errorf("%s; the keys are the same: %v", got, i.keys() == keys)
	}
}

// run.sh makes with docker alone what Compose would make.
func TestRenderForDocker(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"named", "bind"} {
		t.Run(kind, func(t *testing.T) {
			i := newInstance(t)
			i.write("volumes: " + kind)
			if out := i.run("render", "--answers", i.answers, "--out", i.dir, "--target", "docker"); out.code != 0 {
				t.Fatal(out.all())
			}
			text, err := exec.Command(i.path("run.sh")).CombinedOutput()
			id := strings.TrimSpace(string(text))
			if err != nil {
				t.Fatalf("run.sh: %v\n%s", err, text)
			}
			t.Cleanup(func() {
				_ = exec.Command("docker", "rm", "-f", "-v", id).Run()
				for _, name := range openalgo.Trees {
					_ = exec.Command("docker", "volume", "rm", i.project+"_openalgo_"+name).Run()
				}
			})
			i.until("an answer", func() bool {
				return exec.Command("curl", "-fs", "-o", "/dev/null", "http://127.0.0.1:"+strconv.Itoa(i.web)+"/auth/check-setup").Run() == nil
			})
			report := i.report()
			if report.UID != 1000 || report.ShmBytes == 0 {
				t.Errorf("%+v", report)
			}
			for _, d := range report.Directories {
				if !d.Writable {
					t.Errorf("%s cannot be written", d.Path)
				}
			}
			c, err := docker.Container(t.Context(), id)
			if err != nil || c.Restart != "unless-stopped" || len(c.Mounts) != 6 || c.Health == "" {
				t.Errorf("%+v, %v", c, err)
			}
			if kind == "bind" && i.owners() != rightModes {
				t.Error(i.owners())
			}
			if _, err := os.Stat(filepath.Join(i.dir, "docker-compose.yaml")); err == nil {
				t.Error("there is a docker-compose.yaml, too")
			}
		})
	}
}
