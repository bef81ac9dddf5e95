package ops_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func TestStopStartRestart(t *testing.T) {
	t.Parallel()
	b := installed(t)
	id := b.container().ID
	for _, c := range []struct {
		command ops.Command
		state   string
		changed bool
	}{
		{ops.Start(), "running", false}, {ops.Stop(), "exited", true}, {ops.Stop(), "exited", false}, {ops.Start(), "running", true}, {ops.Restart(), "running", true},
	} {
		r := b.do(c.command)
		if now := b.container(); r.Changed != c.changed || now.State != c.state || now.ID != id || b.journal() {
			t.Errorf("%s: %+v, and it is %s", c.command.Name, r, now.State)
		}
	}
	b.say("it is broken")
	if _, err := b.session().Do(t.Context(), ops.Restart()); finding.KindOf(err) != finding.Failed || b.journal() {
		t.Errorf("it does not answer: %v", err)
	}
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	b := installed(t)
	key := b.env("API_KEY_PEPPER")
	b.do(ops.Uninstall(ops.RemovalOptions{}))
	if all, _ := b.docker.Containers(t.Context()); len(all) != 0 || b.env("API_KEY_PEPPER") != key || b.journal() {
		t.Errorf("%d containers are left, a journal: %v", len(all), b.journal())
	}
	b.hangUp()
	b.do(ops.Start())
	if b.container().State != "running" || b.env("API_KEY_PEPPER") != key {
		t.Error("it does not run with its keys")
	}
	b.do(ops.Uninstall(ops.RemovalOptions{}))
	must(t, b.docker.RemoveVolume(t.Context(), "openalgo_openalgo_db"))
	if _, err := b.session().Do(t.Context(), ops.Start()); finding.IDOf(err) != "data-missing" {
		t.Errorf("its data is gone: %v", err)
	}
	b.do(ops.Uninstall(ops.RemovalOptions{Purge: true}))
	if volumes, _ := b.docker.Volumes(t.Context()); len(volumes) != 0 {
		t.Errorf("left: %v", volumes)
	}
	if _, err := os.Stat(b.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is left: %v", err)
	}
	if r := b.do(ops.Uninstall(ops.RemovalOptions{Purge: true})); r.Changed {
		t.Errorf("there is nothing: %+v", r)
	}
}

// Whatever command comes after a purge that was killed, it deletes the rest first:
// no data stays without its keys, and an install begins with new ones.
func TestPurgeKilled(t *testing.T) {
	t.Parallel()
	b := installed(t)
	key := b.env("API_KEY_PEPPER")
	b.kill("removed volume", ops.Uninstall(ops.RemovalOptions{Purge: true}))
	if !b.journal() || b.env("API_KEY_PEPPER") != key {
		t.Error("there is no journal, or the keys went before the data")
	}
	b.hangUp()
	b.do(ops.Install(b.answers(""), 0))
	if now := b.env("API_KEY_PEPPER"); now == key || now == "" || b.container().State != "running" || b.journal() {
		t.Errorf("the key is %q", now)
	}
}

// kill ends a command's process at a call of Docker.
func (b *box) kill(at string, c ops.Command) {
	b.t.Helper()
	type killed struct{}
	defer func() {
		b.docker.Hook = nil
		if r := recover(); r != (killed{}) {
			b.t.Fatalf("not killed at %s: %v", at, r)
		}
	}()
	b.docker.Hook = func(point string) {
		if point == at {
			panic(killed{})
		}
	}
	_, err := b.session().Do(b.t.Context(), c)
	b.t.Fatal(err)
}
