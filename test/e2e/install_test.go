package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// rehearsalRef is the image that a binary makes of itself.
func rehearsalRef(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return ""
	}
	return rehearsal.ImageRef(hex.EncodeToString(sum.Sum(nil)))
}

// report asks the stand-in app what it sees.
func (i *instance) report() rehearsal.Report {
	i.t.Helper()
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/rehearsal/report", i.web))
	if err != nil {
		i.t.Fatal(err)
	}
	defer res.Body.Close()
	var report rehearsal.Report
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil {
		i.t.Fatal(err)
	}
	return report
}

func TestInstall(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.alone()
	out := i.install(0)
	if !strings.Contains(out.stdout, fmt.Sprintf("http://127.0.0.1:%d", i.web)) {
		t.Errorf("the URL is missing:\n%s", out.stdout)
	}
	out.mustTell(t, fmt.Sprintf("ssh -N -L %d:127.0.0.1:%[1]d -L %d:127.0.0.1:%[2]d ", i.web, i.ws), fmt.Sprintf("and open http://127.0.0.1:%d in the browser there: ssh", i.web))
	i.mustBeReady()

	info, err := os.Stat(i.path(".env"))
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if info.Mode().Perm() != 0o600 || (os.Geteuid() == 0 && (stat.Uid != 1000 || stat.Gid != 1000)) {
		t.Errorf(".env is %s %d:%d, want 0600 1000:1000", info.Mode(), stat.Uid, stat.Gid)
	}
	i.mustBeSized()

	t.Run("docker compose has nothing to do", func(t *testing.T) {
		before := i.container().ID
		dockerCompose(t, i.dir, "up", "-d")
		if after := i.container().ID; after != before {
			t.Errorf("docker compose up -d recreated the container: %s, then %s", before, after)
		}
	})
	t.Run("again", func(t *testing.T) {
		id, files, keys := i.container().ID, snapshot(t, i.dir), i.keys()
		out := i.install(0)
		if !strings.Contains(strings.ToLower(out.all()), "nothing to do") {
			t.Errorf("no \"nothing to do\":\n%s", out.all())
		}
		if i.container().ID != id || i.keys() != keys {
			t.Error("container or keys changed")
		}
		if now := snapshot(t, i.dir); now != files {
			t.Errorf("files were written:\nbefore\n%s\nafter\n%s", files, now)
		}
	})
}

// mustBeSized compares what the app sees with what `size` says.
func (i *instance) mustBeSized() {
	i.t.Helper()
	var size struct {
		Threads           int
		ShmMiB            int `json:"shm_mib"`
		StrategyMemoryMiB int `json:"strategy_memory_mib"`
	}
	out := i.run("size", "--json")
	if err := json.Unmarshal([]byte(out.stdout), &size); err != nil {
		i.t.Fatalf("%v\n%s", err, out.all())
	}
	seen := i.report()
	if seen.UID != 1000 || seen.ShmBytes>>20 != int64(size.ShmMiB) {
		i.t.Errorf("uid %d, shm %d MiB; want 1000 and %d", seen.UID, seen.ShmBytes>>20, size.ShmMiB)
	}
	for _, s := range seen.Settings {
		want := fmt.Sprint(size.Threads)
		switch s.Key {
		case "SHM_SIZE":
			continue
		case "STRATEGY_MEMORY_LIMIT_MB":
			want = fmt.Sprint(size.StrategyMemoryMiB)
		}
		if s.InForce == nil || *s.InForce != want {
			i.t.Errorf("%s in the container is not %s: %+v", s.Key, want, s)
		}
	}
	volumes := 0
	for _, d := range seen.Directories {
		if !d.Writable {
			i.t.Errorf("%s cannot be written", d.Path)
		}
	}
	for _, m := range i.container().Mounts {
		if m.Type == "volume" {
			volumes++
		}
	}
	if volumes != 5 {
		i.t.Errorf("%d volumes, want 5", volumes)
	}
}

// dockerCompose runs the Docker Compose that `make test` builds.
func dockerCompose(t *testing.T, dir string, args ...string) string {
	t.Helper()
	referee := os.Getenv("OPENALGO_COMPOSE")
	if referee == "" {
		if os.Getenv("OPENALGO_E2E") == "require" {
			t.Fatal("OPENALGO_COMPOSE names no Docker Compose; `make test` builds one")
		}
		t.Skip("OPENALGO_COMPOSE names no Docker Compose")
	}
	cmd := exec.CommandContext(t.Context(), referee, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker compose %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	text := i.install(0, "--dry-run")
	for _, want := range []string{".env", compose.FileName, i.project + "_openalgo_db", i.project + "-web", "threads"} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("the plan does not name %s:\n%s", want, text.stdout)
		}
	}
	doc := i.plan()
	kinds := map[string]int{}
	for _, c := range doc.Changes {
		kinds[c.Kind]++
	}
	if kinds["file"] != 3 || kinds["volume"] != 5 || kinds["network"] != 1 || kinds["container"] != 1 {
		t.Errorf("changes by kind: %v", kinds)
	}
	if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
		t.Error("a dry run made the directory")
	}
	if n := len(i.containers()); n != 0 {
		t.Errorf("a dry run left %d containers", n)
	}

	i.install(0)
	before := snapshot(t, i.dir)
	if doc := i.plan(); len(doc.Changes) != 0 {
		t.Errorf("after the install there are still changes: %+v", doc.Changes)
	}
	i.write("env: {LOG_LEVEL: DEBUG}")
	doc = i.plan()
	found := map[string]string{}
	for _, c := range doc.Changes {
		found[c.Kind+" "+c.Action] = c.Diff
	}
	if diff, ok := found["file update"]; !ok || !strings.Contains(diff, "+") {
		t.Errorf("no diff of the changed file: %+v", doc.Changes)
	}
	if _, ok := found["container recreate"]; !ok {
		t.Errorf("the container is not recreated: %+v", doc.Changes)
	}
	if now := snapshot(t, i.dir); now != before {
		t.Error("a dry run wrote files")
	}
}

// planDoc is `--dry-run --json`.
type planDoc struct {
	Changes []struct{ Kind, Name, Action, Reason, Diff string }
	Sizing  struct{ Threads int }
}

func (i *instance) plan() planDoc {
	i.t.Helper()
	out := i.install(0, "--dry-run", "--json")
	var doc planDoc
	if err := json.Unmarshal([]byte(out.stdout), &doc); err != nil {
		i.t.Fatalf("--dry-run --json: %v\n%s", err, out.stdout)
	}
	return doc
}

func TestChange(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	i.addUser()
	id, keys := i.container().ID, i.keys()

	i.write("env: {LOG_LEVEL: DEBUG}\nsizing: {threads: 1, shm_size: 300m}")
	i.install(0)
	if i.container().ID == id {
		t.Error("the container was not recreated")
	}
	if i.keys() != keys {
		t.Error("the keys changed")
	}
	seen := i.report()
	if seen.ShmBytes>>20 != 300 || seen.Users != 1 {
		t.Errorf("shm %d MiB, %d users; want 300 and 1", seen.ShmBytes>>20, seen.Users)
	}
	id = i.container().ID
	dockerCompose(t, i.dir, "up", "-d")
	if i.container().ID != id {
		t.Error("docker compose up -d recreated the container")
	}
	if c := i.container(); c.Name != i.project+"-web" {
		t.Errorf("the container is called %s", c.Name)
	}
}

// addUser makes the first account: from here on there is data to lose.
func (i *instance) addUser() {
	i.t.Helper()
	res, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/setup", i.web), "application/json", strings.NewReader(`{"username":"trader"}`))
	if err != nil {
		i.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		i.t.Fatalf("POST /setup: %s", res.Status)
	}
}

func TestEventsAreJSONLines(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	out := i.install(0, "--json")
	var last struct {
		Type    string
		OK      bool
		Exit    *int
		Changed bool
		URL     string
		Message string
	}
	for line := range strings.Lines(out.stdout) {
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
	}
	if last.Type != "result" || !last.OK || last.Exit == nil || *last.Exit != 0 || !last.Changed || last.URL == "" || last.Message == "" {
		t.Errorf("the last event is %+v", last)
	}
	if !strings.Contains(out.stderr, "ok") {
		t.Errorf("no text for people on stderr:\n%s", out.stderr)
	}
}
