package ops_test

import (
	"testing"

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
