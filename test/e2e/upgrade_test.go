package e2e_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/templates"
)

// release pushes an image of the test app with further lines in its own
// .sample.env, and a newer ENV_CONFIG_VERSION.
func release(t *testing.T, ref, config, sample string) {
	t.Helper()
	if sample == "" {
		releaseOf(t, ref, config, templates.Env())
		return
	}
	releaseOf(t, ref, config, append(bytes.Clone(templates.Env()), "\n"+sample+"\n"...), "9.0")
}

// releaseOf pushes an image of the test app with this .sample.env; version
// replaces the beginning of its ENV_CONFIG_VERSION.
func releaseOf(t *testing.T, ref, config string, sample []byte, version ...string) {
	t.Helper()
	if len(version) > 0 {
		changed := bytes.Replace(sample, []byte("ENV_CONFIG_VERSION = '1.0"), []byte("ENV_CONFIG_VERSION = '"+version[0]), 1)
		if bytes.Equal(changed, sample) {
			t.Fatal("the base has no ENV_CONFIG_VERSION of that form")
		}
		sample = changed
	}
	// On the image that is there already: neither the engine nor the registry has the
	// program to pack and to keep once more.
	files := func(_ context.Context, to io.Writer) error {
		tw := tar.NewWriter(to)
		for name, content := range map[string][]byte{"Dockerfile": []byte("FROM " + rehearsalRef(program) + "\nCOPY .sample.env /app/.sample.env\n"), ".sample.env": sample} {
			if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
				return err
			}
			if _, err := tw.Write(content); err != nil {
				return err
			}
		}
		return tw.Close()
	}
	key, value, _ := strings.Cut(rehearsal.Label(pushedRef), "=")
	spec := engine.BuildSpec{Ref: ref, Context: files, Dockerfile: "Dockerfile", Classic: true, Labels: map[string]string{
		key: value, "release": strings.ToLower(rand.Text()[:8])}}
	if _, err := docker.Build(t.Context(), spec, engine.BuildWatch{}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker", "push", ref)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+config)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker push: %v\n%s", err, out)
	}
}

// removeTags takes the images of a repository off the engine when the test ends.
func removeTags(t *testing.T, repository string) {
	t.Cleanup(func() {
		for _, tag := range tagsOf(t, repository) {
			_ = exec.Command("docker", "image", "rm", "--force", repository+":"+tag).Run()
		}
	})
}

// tagsOf are the tags that the engine has of a repository.
func tagsOf(t *testing.T, repository string) []string {
	t.Helper()
	out, err := exec.Command("docker", "image", "ls", "--format", "{{.Tag}}", repository).Output()
	if err != nil {
		t.Error(err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(tag string) bool { return tag == "<none>" })
}

// users are the accounts in the stand-in's database.
func (i *instance) users() string {
	i.t.Helper()
	for _, v := range i.container().Mounts {
		if v.Target != "/app/db" {
			continue
		}
		volume, err := docker.Volume(i.t.Context(), v.Name)
		if err != nil {
			i.t.Fatal(err)
		}
		found, _ := filepath.Glob(filepath.Join(volume.Mountpoint, "*"))
		var names []string
		for _, path := range found {
			names = append(names, filepath.Base(path))
			var doc struct{ Users []string }
			if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &doc) == nil {
				names = append(names, doc.Users...)
			}
		}
		slices.Sort(names)
		return fmt.Sprint(names)
	}
	return ""
}

// upgradable is an instance of a first release, with an account.
func upgradable(t *testing.T) (i *instance, repository, config string) {
	t.Helper()
	repository = sharedRegistry(t) + "/openalgo"
	config = dockerConfig(t, map[string]any{})
	release(t, repository+":1", config, "")
	i = newInstanceFrom(t, repository+":1")
	removeTags(t, repository)
	i.install(0)
	i.addUser()
	return i, repository, config
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	keys, users, before := i.keys(), i.users(), i.container()
	if out := i.run("upgrade", "--check"); out.code != 0 {
		t.Fatal(out.all())
	}
	if out := i.run("upgrade", "--now"); out.code != 0 || !strings.Contains(out.stdout, "Nothing to do") {
		t.Fatal(out.all())
	}
	release(t, repository+":2", config, "# What is new in this release\nNEW_IN_TWO = 'yes'")
	if err := docker.RemoveImage(t.Context(), repository+":2"); err != nil {
		t.Fatal(err)
	}
	if out := i.run("upgrade", "--check", "--to", "2"); out.code != 10 {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if out := i.run("upgrade", "--to", "2", "--dry-run"); out.code != 0 || !strings.Contains(out.stdout, repository+":2") || i.container().ID != before.ID {
		t.Error(out.all())
	}
	out := i.run("upgrade", "--to", "2", "--now")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "keep a copy of the databases", "from an image of")
	env := i.read(".env")
	if c := i.container(); c.Image != repository+":2" || c.ImageID == before.ImageID {
		t.Errorf("it runs %s", c.Image)
	}
	if i.keys() != keys || i.users() != users || !strings.Contains(env, "NEW_IN_TWO") || !strings.Contains(env, "ENV_CONFIG_VERSION = '9.0") || !strings.Contains(env, canaryKey) {
		t.Errorf("keys, data, new settings or own ones are not as they should be: %s, before %s", i.users(), users)
	}
	if !strings.Contains(i.read("openalgo-install.yaml"), repository+":2") {
		t.Error("the saved answers name the former image")
	}
	dockerCompose(t, i.dir, "up", "-d")
	if id := i.container().ImageID; id == before.ImageID {
		t.Error("docker compose went back")
	}
	i.mustBeReady()
	for to, want := range map[string]int{"no such tag": 2, "nonexistent": 1} {
		if out := i.run("upgrade", "--to", to, "--now"); out.code != want {
			t.Errorf("%s: exit %d, want %d\n%s", to, out.code, want, out.all())
		}
	}

	// The same tag, moved on: `latest` of every day.
	second := i.container().ImageID
	release(t, repository+":2", config, "NEW_IN_THREE = 'yes'")
	if err := docker.RemoveImage(t.Context(), repository+":2"); err != nil {
		t.Logf("%v", err)
	}
	if out := i.run("upgrade", "--dry-run"); out.code != 0 || !strings.Contains(out.stdout, repository+":2") || i.container().ImageID != second {
		t.Errorf("a dry run does not tell of the newer image:\n%s", out.all())
	}
	if out := i.run("upgrade", "--now"); out.code != 0 || i.container().ImageID == second {
		t.Fatal(out.all())
	}
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 || i.container().ImageID != second {
		t.Errorf("exit %d, %s runs\n%s", out.code, i.container().Image, out.all())
	}
	dockerCompose(t, i.dir, "up", "-d")
	if i.container().ImageID != second {
		t.Error("docker compose took the image that was rolled back")
	}
	i.mustBeReady()
}

// A release that does not start, or that migrates half-way, leaves the previous
// one with its own .env and its own data.
func TestUpgradeThatFails(t *testing.T) {
	t.Parallel()
	for name, sample := range map[string]string{
		"exits":               "OPENALGO_REHEARSAL_FAIL = 'exit'",
		"never listens":       "OPENALGO_REHEARSAL_FAIL = 'http500'",
		"half-run migrations": "OPENALGO_REHEARSAL_FAIL = 'half'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, repository, config := upgradable(t)
			env, users, before := i.read(".env"), i.users(), i.container().ID
			release(t, repository+":2", config, sample)
			out := i.run("upgrade", "--to", "2", "--now")
			if out.code != 4 {
				t.Fatalf("exit %d\n%s", out.code, out.all())
			}
			out.mustTell(t, "OpenAlgo runs as before")
			if i.container().ID != before || i.read(".env") != env || i.users() != users {
				t.Errorf("container, .env or data are others: %s, before %s", i.users(), users)
			}
			i.mustBeReady()
		})
	}
}

// Killed anywhere in an upgrade whose migrations run half-way: the next
// command brings the previous release and its data back.
func TestUpgradeKilled(t *testing.T) {
	t.Parallel()
	points := []string{"after-stop", "before-snapshot", "after-snapshot", "env-placed", "before-verify", "undo-removed-new", "undo-moving", "undo-moved", "undo-data"}
	fresh := func(t *testing.T) *instance {
		t.Helper()
		i, repository, config := upgradable(t)
		release(t, repository+":2", config, "OPENALGO_REHEARSAL_FAIL = 'half'")
		i.program = failing
		return i
	}
	inTurns(t, points, fresh, func(i *instance, point string) {
		users, keys, before := i.users(), i.keys(), i.container().ID
		i.kill(point, "upgrade", "--to", "2", "--now")
		if out := i.run("start"); out.code != 0 {
			i.t.Fatal(out.all())
		}
		if i.container().ID != before || i.users() != users || i.keys() != keys {
			i.t.Errorf("container, data or keys are others: %s, before %s", i.users(), users)
		}
		i.mustBeReady()
	})
}

func TestUpgradeOfTheStandIn(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	if out := i.run("upgrade", "--now"); out.code != 3 {
		t.Error(out.all())
	}
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/auth/check-setup", i.web))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// retag makes one tag of a registry what another is, and removes that here.
func retag(t *testing.T, repository, from, to string) {
	t.Helper()
	host, name, _ := strings.Cut(repository, "/")
	base := "http://" + host + "/v2/" + name + "/manifests/"
	const form = "application/vnd.docker.distribution.manifest.v2+json"
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, base+from, http.NoBody)
	req.Header.Set("Accept", form)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	put, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, base+to, res.Body)
	put.Header.Set("Content-Type", form)
	done, err := http.DefaultClient.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	_ = done.Body.Close()
	if done.StatusCode/100 != 2 {
		t.Fatalf("%s: %s", base+to, done.Status)
	}
	if err := docker.RemoveImage(t.Context(), repository+":"+from); err != nil {
		t.Fatal(err)
	}
}

// TestRollback goes back, forward and back again; each time image, .env and
// data are of one moment.
func TestRollback(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	if out := i.run("rollback", "--now", "--yes"); out.code != 3 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	first := i.container().ImageID
	data, env := i.data(), i.read(".env")
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	retag(t, repository, "2", "1") // the same tag, moved on
	if out := i.run("upgrade", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.place(i.volume("/app/db")+"/made-since", 300, 0)
	later, laterEnv := i.data(), i.read(".env")
	if tags := tagsOf(t, repository); len(tags) != 2 || !strings.Contains(strings.Join(tags, " "), "openalgo-install-"+i.project) {
		t.Errorf("the image of before has no name: %v", tags)
	}
	if out := i.run("rollback", "--dry-run"); out.code != 0 || !strings.Contains(out.stdout, "NEW_IN_TWO") {
		t.Error(out.all())
	}
	if out := i.run("rollback", "--now"); out.code != 2 || i.data() != later {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	mustBe := func(image bool, wantData, wantEnv string) {
		t.Helper()
		i.mustBeReady()
		if (i.container().ImageID == first) != image || i.data() != wantData || i.read(".env") != wantEnv {
			t.Errorf("first image: %v, want %v\n%s\nwant\n%s", i.container().ImageID == first, image, i.data(), wantData)
		}
	}
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	mustBe(true, data, env)
	dockerCompose(t, i.dir, "up", "-d")
	mustBe(true, data, env)
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	mustBe(false, later, laterEnv)
	i.program = failing
	for _, point := range []string{"env-placed", "swapped-half"} {
		i.kill(point, "rollback", "--now", "--yes")
		if out := i.run("start"); out.code != 0 {
			t.Fatal(out.all())
		}
		if point != "swapped-half" { // verified before
			mustBe(false, later, laterEnv)
		}
	}
	mustBe(true, data, env)
	if out := i.run("upgrade", "--to", "1", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 {
		t.Fatal(out.all())
	}
	if tags := tagsOf(t, repository); slices.ContainsFunc(tags, func(tag string) bool { return strings.HasPrefix(tag, "openalgo-install-") }) {
		t.Errorf("left over: %v", tags)
	}
}

// An upgrade is killed, and Docker is removed and installed again without its
// volumes: what is left of the databases comes back.
func TestUpgradeKilledAndDockerLostTheVolumes(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	users, keys := i.users(), i.keys()
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	i.program = failing
	i.kill("before-verify", "upgrade", "--to", "2", "--now")
	mustDocker(t, "rm", "--force", i.project+"-web", i.project+"-web-new")
	label := "label=com.docker.compose.project=" + i.project
	volumes, err := exec.Command("docker", "volume", "ls", "--quiet", "--filter", label).Output()
	if err != nil {
		t.Fatal(err)
	}
	mustDocker(t, append([]string{"volume", "rm"}, strings.Fields(string(volumes))...)...)
	if out := i.run("start"); out.code != 0 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if i.users() != users || i.keys() != keys {
		t.Errorf("the data or the keys are others: %s, before %s", i.users(), users)
	}
	i.mustBeReady()
	if out := i.run("uninstall", "--purge="+i.project, "--yes"); out.code != 0 {
		t.Error(out.all())
	}
	if _, err := docker.Volume(t.Context(), i.project+"_openalgo_db"); err == nil {
		t.Error("the volume is not known as this instance's")
	}
}
