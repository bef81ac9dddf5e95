package ops_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
	"github.com/marketcalls/openalgo-install/templates"
)

// set is the edit KEY=VALUE.
func set(key, value string) ops.Command {
	return ops.Set(settings.Edit{Set: []settings.Var{{Key: key, Value: secret.New(value)}}})
}

// installed is a box with an OpenAlgo.
func installed(t *testing.T) *box {
	t.Helper()
	b := newBox(t)
	b.do(ops.Install(b.answers(""), 0))
	return b
}

func TestInstall(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	p, err := b.session().Plan(t.Context(), ops.Install(b.answers(""), 0))
	must(t, err)
	if p.Empty() || b.read(".env") != "" {
		t.Errorf("a plan of %d changes changed something", len(p.Changes))
	}
	result := b.do(ops.Install(b.answers(""), 0))
	if !result.Changed || b.container().State != "running" || b.journal() {
		t.Errorf("%+v, %+v, a journal is left: %v", result, b.container(), b.journal())
	}
	key := b.env("API_KEY_PEPPER")
	if again := b.do(ops.Install(b.answers(""), 0)); again.Changed || b.env("API_KEY_PEPPER") != key {
		t.Errorf("again: %+v", again)
	}
	if again := b.do(ops.InstallSaved()); again.Changed {
		t.Errorf("its own answers: %+v", again)
	}
	b.say("it is broken")
	if _, err := b.session().Do(t.Context(), ops.InstallSaved()); finding.KindOf(err) != finding.Failed {
		t.Errorf("nothing to do, and it does not answer: %v", err)
	}
}

func TestInstallThatFails(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.say("it is broken")
	if _, err := b.session().Do(t.Context(), ops.Install(b.answers(""), 0)); finding.KindOf(err) != finding.RolledBack {
		t.Errorf("%v", err)
	}
	if all, _ := b.docker.Containers(t.Context()); len(all) != 0 || b.journal() {
		t.Errorf("%d containers are left, a journal: %v", len(all), b.journal())
	}
	b.hangUp()
	b.say("")
	b.do(ops.Install(b.answers(""), 0))
}

func TestInstallWithNoImage(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	a := b.answers("")
	a.Image.Ref = "marketcalls/openalgo:none"
	if _, err := b.session().Do(t.Context(), ops.Install(a, 0)); finding.KindOf(err) != finding.Failed {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(b.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory is left: %v", err)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	before := b.container().ID
	if r := b.do(set("LOG_LEVEL", "DEBUG")); !r.Changed || b.env("LOG_LEVEL") != "DEBUG" || b.container().ID == before {
		t.Errorf("set: %+v, LOG_LEVEL is %s", r, b.env("LOG_LEVEL"))
	}
	if r := b.do(set("LOG_LEVEL", "DEBUG")); r.Changed {
		t.Errorf("the same again: %+v", r)
	}
	if _, err := b.session().Do(t.Context(), set("API_KEY_PEPPER", strings.Repeat("ab", 32))); finding.KindOf(err) != finding.Usage {
		t.Errorf("a key that is never changed: %v", err)
	}
	b.do(ops.Domain(ops.DomainOptions{Name: "algo.example.com", TLS: answers.TLS{Mode: "off"}, NoDNS: true}))
	if b.env("HOST_SERVER") != "https://algo.example.com" || b.env("LOG_LEVEL") != "DEBUG" {
		t.Errorf("HOST_SERVER is %s, LOG_LEVEL %s", b.env("HOST_SERVER"), b.env("LOG_LEVEL"))
	}
	b.do(ops.Domain(ops.DomainOptions{}))
	if b.env("HOST_SERVER") == "https://algo.example.com" {
		t.Error("it is still served as algo.example.com")
	}
	if _, err := b.session().Do(t.Context(), ops.MCP(answers.RemoteMCP{Enabled: true})); finding.KindOf(err) != finding.Usage || finding.IDOf(err) != "domain-needed" {
		t.Errorf("MCP without HTTPS: %v", err)
	}
	b.failsOnce()
	if _, err := b.session().Do(t.Context(), set("LOG_LEVEL", "INFO")); finding.KindOf(err) != finding.RolledBack || b.env("LOG_LEVEL") != "DEBUG" {
		t.Errorf("LOG_LEVEL is %s after %v", b.env("LOG_LEVEL"), err)
	}
}

// What another run did in between stays done: a wish is called again under the lock.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	b := installed(t)
	c, calls := set("LOG_LEVEL", "DEBUG"), 0
	wish := c.Wish
	c.Wish = func(o *world.Observation) (plan.Intent, error) {
		if calls++; calls == 1 {
			b.do(set("MY_OWN", "1"))
		}
		return wish(o)
	}
	b.do(c)
	if b.env("MY_OWN") != "1" || b.env("LOG_LEVEL") != "DEBUG" || !strings.Contains(b.read(instance.AnswersName), "MY_OWN") {
		t.Errorf("MY_OWN is %q, LOG_LEVEL %q", b.env("MY_OWN"), b.env("LOG_LEVEL"))
	}
}

func TestUpgradeAndRollback(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	if _, err := b.session().Do(t.Context(), ops.Rollback()); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("there is nothing to go back to: %v", err)
	}
	if newer, _, err := b.session().CheckUpgrade(t.Context(), ""); newer || err != nil {
		t.Errorf("%v, %v", newer, err)
	}
	if newer, _, err := b.session().CheckUpgrade(t.Context(), "2"); !newer || err != nil {
		t.Errorf("%v, %v", newer, err)
	}
	p, err := b.session().Plan(t.Context(), ops.Upgrade("2"))
	must(t, err)
	if p.Empty() || b.container().Image != first {
		t.Error("a plan upgrades")
	}
	b.do(ops.Upgrade("2"))
	if b.container().Image != second || b.env("NEW_IN_TWO") != "yes" {
		t.Errorf("%s runs, NEW_IN_TWO is %q", b.container().Image, b.env("NEW_IN_TWO"))
	}
	for _, want := range []string{first, second} {
		b.do(ops.Rollback())
		if b.container().Image != want {
			t.Errorf("%s runs, not %s", b.container().Image, want)
		}
	}
	if _, err := b.session().Do(t.Context(), ops.Upgrade("no such:tag:at all")); finding.KindOf(err) != finding.Usage {
		t.Errorf("%v", err)
	}
	must(t, b.docker.Stop(t.Context(), b.container().ID, 0))
	if _, err := b.session().Do(t.Context(), ops.Upgrade("1")); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("it is stopped: %v", err)
	}
}

func TestUpgradeThatFails(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	before := b.read(".env")
	b.wait = shortWait
	b.docker.OnStart = func(c engine.Container) {
		b.begin(c)
		b.say("")
		if c.Image == second {
			b.say("it is broken")
		}
	}
	if _, err := b.session().Do(t.Context(), ops.Upgrade("2")); finding.KindOf(err) != finding.RolledBack {
		t.Errorf("%v", err)
	}
	if b.container().Image != first || b.read(".env") != before || b.container().State != "running" {
		t.Errorf("%+v", b.container())
	}
}

func TestResize(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	shm := b.env("SHM_SIZE")
	p, err := b.session().Plan(t.Context(), ops.Resize(ops.ResizeOptions{RAMMiB: 32768, Cores: 8}))
	must(t, err)
	if p.Empty() {
		t.Fatal("nothing is due")
	}
	if r := b.do(ops.Resize(ops.ResizeOptions{RAMMiB: 32768, Cores: 8})); !r.Changed || b.env("SHM_SIZE") == shm {
		t.Errorf("%+v, SHM_SIZE is still %s", r, shm)
	}
	if r := b.do(ops.Resize(ops.ResizeOptions{RAMMiB: 32768, Cores: 8})); r.Changed {
		t.Errorf("again: %+v", r)
	}
	b.asked = nil
	if b.do(ops.Resize(ops.ResizeOptions{RAMMiB: 2048, Cores: 1, Force: true})); len(b.asked) == 0 {
		t.Error("nobody was asked whether OpenAlgo may get less")
	}
}

// foreign makes an OpenAlgo as docker run does.
func (b *box) foreign() {
	b.t.Helper()
	must(b.t, os.MkdirAll(filepath.Join(b.dir, "db"), 0o755))
	must(b.t, os.Chown(filepath.Join(b.dir, "db"), openalgo.User, openalgo.User))
	var env strings.Builder
	own := map[string]string{"API_KEY_PEPPER": strings.Repeat("a71e", 16), "APP_KEY": strings.Repeat("0c3d", 16), "FERNET_SALT": strings.Repeat("5d0b", 8),
		"BROKER_API_KEY": "abcdefghij", "BROKER_API_SECRET": "klmnopqrst", "REDIRECT_URL": "http://127.0.0.1:5000/zerodha/callback"}
	for line := range strings.Lines(string(templates.Env())) {
		if key, _, ok := strings.Cut(line, " = "); ok && own[key] != "" {
			line = key + " = '" + own[key] + "'\n"
		}
		env.WriteString(line)
	}
	must(b.t, os.WriteFile(filepath.Join(b.dir, ".env"), []byte(env.String()), 0o600))
	must(b.t, os.Chown(filepath.Join(b.dir, ".env"), openalgo.User, openalgo.User))
	id, err := b.docker.Create(b.t.Context(), engine.ContainerSpec{Name: "mine", Config: engine.Config{Image: first},
		Ports: []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: b.web, ContainerPort: openalgo.WebPort}, {HostIP: "127.0.0.1", HostPort: b.sock, ContainerPort: openalgo.WebSocketPort}},
		Mounts: []engine.Mount{{Type: "bind", Source: filepath.Join(b.dir, ".env"), Target: openalgo.Env},
			{Type: "bind", Source: filepath.Join(b.dir, "db"), Target: openalgo.DB}}})
	must(b.t, err)
	_, err = b.docker.Pull(b.t.Context(), first, nil)
	must(b.t, err)
	must(b.t, b.docker.Start(b.t.Context(), id))
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.foreign()
	b.account()
	if dirs, err := world.Adoptable(t.Context(), b.docker); err != nil || len(dirs) != 1 || dirs[0] != b.dir {
		t.Errorf("%v, %v", dirs, err)
	}
	if _, err := b.session().Do(t.Context(), set("LOG_LEVEL", "DEBUG")); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("it is another tool's: %v", err)
	}
	if r := b.do(ops.Adopt(false)); !r.Changed || !b.said("found mine") || b.env("API_KEY_PEPPER") != strings.Repeat("a71e", 16) {
		t.Errorf("%+v", r)
	}
	if c := b.container(); c.Labels[compose.LabelProject] == "" || b.place(openalgo.DB) != filepath.Join(b.dir, "db") {
		t.Errorf("%+v", c)
	}
	if _, err := b.session().Do(t.Context(), ops.Adopt(false)); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("it is adopted already: %v", err)
	}
}

func TestAdoptIntoVolumes(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.foreign()
	b.do(ops.Adopt(true))
	if place := b.place(openalgo.DB); place == filepath.Join(b.dir, "db") || place == "" {
		t.Errorf("the databases are in %q", place)
	}
}

func TestResizeOfAnothersStack(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.foreign()
	if r := b.do(ops.Resize(ops.ResizeOptions{RAMMiB: 32768, Cores: 8})); !r.Changed {
		t.Errorf("%+v", r)
	}
	if dirs, err := world.Adoptable(t.Context(), b.docker); err != nil || len(dirs) != 1 {
		t.Errorf("it is no longer another tool's: %v, %v", dirs, err)
	}
}

// A survey sees what the plans of all commands need, and changes nothing.
func TestSurvey(t *testing.T) {
	t.Parallel()
	b := installed(t)
	o, err := b.session().Survey(t.Context())
	must(t, err)
	if o.Image == nil || o.Runs == nil || o.Kept == nil || o.Answered.Databases.Bytes == 0 || b.journal() {
		t.Errorf("%+v", o)
	}
	must(t, os.Remove(filepath.Join(b.dir, ".env")))
	if o, err := b.session().Survey(t.Context()); err != nil || o.Env != nil {
		t.Errorf("without .env: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(b.dir, ".openalgo-install", "state.json"), []byte("{"), 0o600))
	if _, err := b.session().Survey(t.Context()); finding.IDOf(err) != "state-damaged" {
		t.Errorf("%v", err)
	}
	none := newBox(t)
	if o, err := none.session().Survey(t.Context()); err != nil || o.Container() != nil {
		t.Errorf("nothing is there: %v", err)
	}
}

// What fails for no reason of ours says in what state the machine is.
func TestPlainErrorsTellTheState(t *testing.T) {
	t.Parallel()
	b := installed(t)
	c := ops.Command{Name: "set", Wish: func(*world.Observation) (plan.Intent, error) { return plan.Intent{}, os.ErrInvalid }}
	_, done := b.session().Do(t.Context(), c)
	_, planned := b.session().Plan(t.Context(), c)
	for _, err := range []error{done, planned} {
		if finding.EndOf(err) != finding.Unchanged {
			t.Errorf("%v: %q", err, finding.EndOf(err))
		}
	}
}
