package ops_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/inside"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func TestLogsHaveNoSecrets(t *testing.T) {
	t.Parallel()
	b := installed(t)
	key := b.env("API_KEY_PEPPER")
	b.docker.Says = func(engine.Container) string { return "it runs\nwith klmnopqrst and " + key + "\nwithout end" }
	var out strings.Builder
	must(t, inside.Logs(t.Context(), b.session(), inside.LogOptions{}, &out))
	if got := out.String(); !strings.Contains(got, "it runs\n") || !strings.HasSuffix(got, "without end\n") || strings.Contains(got, "klmnopqrst") || strings.Contains(got, key) {
		t.Errorf("%q", got)
	}
	b.docker.Away = func() bool { return true }
	if err := inside.Logs(t.Context(), b.session(), inside.LogOptions{}, &out); err == nil {
		t.Error("Docker does not answer")
	}
}

func TestInside(t *testing.T) {
	t.Parallel()
	b := installed(t)
	for _, terminal := range []*engine.Terminal{nil, {}} {
		if r, err := inside.Run(t.Context(), b.session(), inside.Shell, terminal, nil); err != nil || r.ExitCode != 0 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if _, err := inside.Run(t.Context(), b.session(), inside.Shell, nil, []byte("a word\n")); err != nil || !slices.Equal(b.docker.Told, []string{"a word\n"}) {
		t.Errorf("told %q, %v", b.docker.Told, err)
	}
	must(t, b.docker.Stop(t.Context(), b.container().ID, 0))
	if _, err := inside.Run(t.Context(), b.session(), inside.Shell, nil, nil); finding.IDOf(err) != "not-running" {
		t.Errorf("it is stopped: %v", err)
	}
	must(t, b.docker.Remove(t.Context(), b.container().ID))
	if _, err := inside.Run(t.Context(), b.session(), inside.Shell, nil, nil); finding.IDOf(err) != "container-missing" {
		t.Errorf("it is gone: %v", err)
	}
}

func TestEnvText(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	if _, err := b.session().EnvText(t.Context()); finding.IDOf(err) != "env-missing" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("%v", err)
	}
	b.do(ops.Install(b.answers(""), 0))
	if text, err := b.session().EnvText(t.Context()); err != nil || string(text) != b.read(".env") {
		t.Errorf("%v", err)
	}
}

func TestSavedAnswers(t *testing.T) {
	t.Parallel()
	b := installed(t)
	name := filepath.Join(b.dir, instance.AnswersName)
	a, problems, ok := ops.SavedAnswers(b.dir, name)
	if !ok || len(problems) > 0 || a.Broker.APISecret.Reveal() != "klmnopqrst" || a.Ports.Web != b.web {
		t.Errorf("%+v, %v, %v", a, problems, ok)
	}
	other := filepath.Join(t.TempDir(), instance.AnswersName)
	must(t, os.WriteFile(other, []byte(b.read(instance.AnswersName)), 0o600))
	if _, _, ok := ops.SavedAnswers(b.dir, other); ok {
		t.Error("a file elsewhere is taken for what an install left")
	}
	must(t, os.WriteFile(name, []byte("version: 77\n"), 0o600))
	if _, problems, ok := ops.SavedAnswers(b.dir, name); !ok || len(problems) == 0 {
		t.Errorf("%v, %v", problems, ok)
	}
	if _, err := b.session().Do(t.Context(), ops.InstallSaved()); finding.IDOf(err) != "answers-invalid" {
		t.Errorf("%v", err)
	}
	must(t, os.Remove(name))
	if _, err := b.session().Do(t.Context(), ops.InstallSaved()); finding.IDOf(err) != "answers-unreadable" {
		t.Errorf("%v", err)
	}
}

// A free port is chosen where the answers leave that open.
func TestFreePorts(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	a := b.answers("")
	a.Ports.AutoWeb, a.Ports.AutoWebSocket = true, true
	b.do(ops.Install(a, 0))
	_, web := b.container().Published(5000)
	if web == 0 || b.container().State != "running" {
		t.Errorf("%+v", b.container())
	}
	b.session().Note("said")
	if !b.said("said") || b.session().Dir() != instance.Dir(b.dir) {
		t.Error("a note is not told")
	}
}
