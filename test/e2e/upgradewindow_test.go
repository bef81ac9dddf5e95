package e2e_test

import (
	"archive/tar"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// versioned pushes an image of a release with a version of its own.
func versioned(t *testing.T, ref, from, config, version string) {
	t.Helper()
	files := func(_ context.Context, to io.Writer) error {
		tw := tar.NewWriter(to)
		for name, content := range map[string]string{"version.py": "VERSION = '" + version + "'\n",
			"Dockerfile": "FROM " + from + "\nENV OPENALGO_REHEARSAL_VERSION=" + version + "\nCOPY version.py /app/utils/version.py\n"} {
			if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
				return err
			}
			if _, err := tw.Write([]byte(content)); err != nil {
				return err
			}
		}
		return tw.Close()
	}
	if _, err := docker.Build(t.Context(), engine.BuildSpec{Ref: ref, Context: files, Dockerfile: "Dockerfile", Classic: true}, engine.BuildWatch{}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker", "push", ref)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+config)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker push: %v\n%s", err, out)
	}
}

// A release is announced on the evening before and installed in the window, by the
// digest that was announced; an upgrade by hand follows the tag then. One that fails is
// rolled back, told, and not tried again.
func TestUpgradeInItsWindow(t *testing.T) {
	t.Parallel()
	repository := sharedRegistry(t) + "/openalgo"
	config := dockerConfig(t, map[string]any{})
	release(t, repository+":base", config, "")
	versioned(t, repository+":1", repository+":base", config, "2.0.2.1")
	i := newInstanceFrom(t, repository+":1")
	removeTags(t, repository)
	i.install(0)
	i.addUser()
	i.program = failing // whose clock a test may set
	told := newReceiver(t)
	i.alone()
	add := i.command("notify", "add", "webhook")
	add.Stdin = strings.NewReader("http://" + told.address + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	state := filepath.Join(i.dir, ".openalgo-install", "autoupgrade.json")
	if out := i.run("upgrade", "--hold"); out.code != 2 || !strings.Contains(out.stderr, "--auto") {
		t.Error(out.all())
	}
	if out := i.run("upgrade", "--auto=Monday 10:00-12:00"); out.code != 2 {
		t.Error(out.all())
	}
	if err := os.WriteFile(state, []byte(`{"on": true, "window": {"day": "Saturday", "from": "06:00", "to": "08:00"}, "days": 0}`), 0o600); err != nil {
		t.Fatal(err)
	}
	before := i.container()
	versioned(t, repository+":1", repository+":base", config, "2.0.3.0")
	env := slices.Clone(i.env)
	due := func(now, want string) {
		t.Helper()
		i.env = append(slices.Clone(env), "OPENALGO_NOW="+now)
		if out := i.run("upgrade", "--due"); out.code != 0 || !strings.Contains(out.all(), want) {
			t.Fatalf("%s: exit %d\n%s", now, out.code, out.all())
		}
		i.env = env
	}
	due("2030-01-03T18:00:00+05:30", "Nothing to do")
	due("2030-01-04T18:00:00+05:30", "OpenAlgo 2.0.3.0 will be installed on Sat 5 Jan")
	if i.container().ID != before.ID {
		t.Error("it did not wait for its window")
	}
	due("2030-01-05T06:00:00+05:30", "OpenAlgo 2.0.3.0 was installed")
	if c := i.container(); c.ImageID == before.ImageID || !strings.HasPrefix(c.Image, repository+"@sha256:") {
		t.Errorf("%s runs", c.Image)
	}
	var kept struct {
		Follow, Pinned string
		Done           struct{ Digest string }
	}
	text, _ := os.ReadFile(state)
	if err := json.Unmarshal(text, &kept); err != nil || kept.Follow != repository+":1" || !strings.HasSuffix(kept.Pinned, kept.Done.Digest) {
		t.Errorf("%+v, %v", kept, err)
	}
	if out := i.run("status"); !strings.Contains(out.stdout, "2.0.3.0 was installed") {
		t.Error(out.all())
	}
	if _, err := os.Stat(filepath.Join(i.dir, ".openalgo-install", "calendar.json")); err != nil {
		t.Errorf("the calendar of the markets was not asked for: %v", err)
	}
	due("2030-01-12T06:00:00+05:30", "runs the newest release")
	if out := i.run("upgrade", "--check"); out.code != 0 {
		t.Errorf("an upgrade by hand does not follow the tag: %s", out.all())
	}

	good := i.container()
	release(t, repository+":bad", config, "OPENALGO_REHEARSAL_FAIL = 'exit'")
	versioned(t, repository+":1", repository+":bad", config, "2.0.4.0")
	due("2030-01-18T18:00:00+05:30", "OpenAlgo 2.0.4.0 will be installed on Sat 19 Jan")
	if got := told.take(); len(got) == 0 || !strings.Contains(got[len(got)-1].Title+got[len(got)-1].Text, "2.0.4.0") {
		t.Errorf("told on Friday: %+v", got)
	}
	i.env = append(slices.Clone(env), "OPENALGO_NOW=2030-01-19T06:00:00+05:30")
	if out := i.run("upgrade", "--due"); out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	i.env = env
	if c := i.container(); c.ImageID != good.ImageID || c.State != "running" {
		t.Errorf("%s is %s", c.Image, c.State)
	}
	if out := i.run("status"); !strings.Contains(out.stdout, "ready") {
		t.Error(out.all())
	}
	due("2030-01-26T06:00:00+05:30", "failed on")
	var events []string
	for _, h := range told.take() {
		events = append(events, h.Event)
	}
	if !slices.Equal(events, []string{"upgrade-failed"}) {
		t.Errorf("told %v", events)
	}
}
