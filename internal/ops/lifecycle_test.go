package ops_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func TestLifecycle(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	b.do(ops.Stop())
	if b.container().State == "running" {
		t.Error("it runs after a stop")
	}
	b.do(ops.Start())
	if b.container().State != "running" {
		t.Error("it does not run after a start")
	}
	b.do(ops.Restart())
	if b.container().State != "running" || b.journal() {
		t.Error("it does not run after a restart")
	}
	key := b.env("API_KEY_PEPPER")
	must(t, b.docker.Stop(t.Context(), b.container().ID, 0))
	must(t, b.docker.Remove(t.Context(), b.container().ID))
	b.hangUp()
	if b.do(ops.Start()); b.container().State != "running" || b.env("API_KEY_PEPPER") != key {
		t.Error("a start does not recreate the container with its keys")
	}
}

// What does not answer after a start is not undone: it is said, and left to look at.
func TestLifecycleThatFails(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	b.say("it is broken")
	if _, err := b.session().Do(t.Context(), ops.Restart()); finding.IDOf(err) != "not-ready" || finding.KindOf(err) != finding.Failed {
		t.Errorf("restart: %v", err)
	}
	b.say("")
	b.do(ops.Stop())
	if r := b.do(ops.Stop()); r.Changed {
		t.Errorf("stopped again: %+v", r)
	}
	b.say("it is broken")
	if _, err := b.session().Do(t.Context(), ops.Start()); finding.IDOf(err) != "not-ready" {
		t.Errorf("start: %v", err)
	}
	if b.journal() {
		t.Error("a journal is left")
	}
	b.docker.Away = func() bool { return true }
	if _, err := b.session().Do(t.Context(), ops.Stop()); err == nil {
		t.Error("Docker does not answer, and it stopped")
	}
}

// Where the data is gone, a start does not begin with an empty database.
func TestStartWithoutData(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	b.do(ops.Uninstall(ops.RemovalOptions{}))
	volumes, err := b.docker.Volumes(t.Context())
	must(t, err)
	for _, v := range volumes {
		must(t, b.docker.RemoveVolume(t.Context(), v.Name))
	}
	if _, err := b.session().Do(t.Context(), ops.Start()); finding.IDOf(err) != "data-missing" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("%v", err)
	}
}
