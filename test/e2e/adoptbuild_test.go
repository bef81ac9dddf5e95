package e2e_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/source"
)

// What install-docker.sh built from its checkout, an upgrade builds again.
func TestAdoptWhatWasBuilt(t *testing.T) {
	t.Parallel()
	i := foreign(t, "")
	i.put("app.py", "# OpenAlgo\n")
	i.put("Dockerfile", "FROM "+rehearsalRef(program)+"\nLABEL release=1\nLABEL "+baseLabel+"\n")
	i.composeUp("docker-compose.yaml", scriptFile)
	i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	i.addUser()
	keys := i.keys()
	out := i.run("adopt", "--now", "--yes")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "builds it from there")
	if saved := i.read("openalgo-install.yaml"); !strings.Contains(saved, "source: path") || !strings.Contains(saved, "dockerfile: theirs") {
		t.Fatalf("the saved answers say otherwise:\n%s", saved)
	}
	before := i.running().ImageID
	if out := i.run("upgrade", "--check"); out.code != 10 {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if out := i.run("upgrade", "--to", "2.0", "--now"); out.code != 2 || i.running().ImageID != before {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if out := i.run("upgrade", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	built := i.running().ImageID
	if built == before || i.report().Users != 1 || i.keys() != keys {
		t.Error("another image, the same data and keys are wanted")
	}
	if out := i.run("upgrade", "--check"); out.code != 0 {
		t.Errorf("exit %d\n%s%s", out.code, out.all(), whatWasBuilt(i.dir))
	}
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 || i.running().ImageID != before {
		t.Errorf("exit %d, %s\n%s", out.code, i.running().Image, out.all())
	}
	i.mustBeReady()
}

// whatWasBuilt shows the files of a checkout and the images of all builds.
func whatWasBuilt(dir string) string {
	files, _ := exec.Command("ls", "-la", "--full-time", dir).CombinedOutput()
	images, _ := exec.Command("docker", "images", "--no-trunc", source.Repository).CombinedOutput()
	return string(files) + string(images)
}

// What was built or loaded here and cannot be built again is not asked of a
// registry, which has another's image of its name.
func TestUpgradeOfAnImageOfNoRegistry(t *testing.T) {
	t.Parallel()
	i := foreign(t, "")
	address := sharedRegistry(t)
	ref := address + "/openalgo:1"
	release(t, ref, dockerConfig(t, map[string]any{}), "")
	removeTags(t, address+"/openalgo")
	if err := docker.Tag(t.Context(), rehearsalRef(program), ref); err != nil {
		t.Fatal(err)
	}
	// A Compose file with build:, and no checkout.
	i.put("docker-compose.yaml", fmt.Sprintf(scriptFile, ref, i.project, i.web, i.ws))
	dockerCompose(t, i.dir, "up", "-d")
	i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	if out := i.run("adopt", "--now", "--yes"); out.code != 0 || !strings.Contains(out.all(), "upgrade --to") {
		t.Fatal(out.all())
	}
	before := i.running().ID
	for _, args := range [][]string{{"upgrade", "--now"}, {"upgrade", "--check"}, {"upgrade", "--to", "latest", "--dry-run"}} {
		out := i.run(args...)
		if out.code != 3 || i.running().ID != before {
			t.Errorf("%v exits %d\n%s", args, out.code, out.all())
		}
		out.mustTell(t, "on this machine", "Nothing was changed")
	}
	if out := i.run("doctor"); strings.Contains(out.stdout, "newer image of") {
		t.Errorf("doctor advises to pull another's image:\n%s", out.stdout)
	}
}
