package e2e_test

import (
	"strings"
	"testing"
)

// state is what Docker says of the container.
func (i *instance) state() string {
	i.t.Helper()
	c, err := docker.Container(i.t.Context(), i.container().ID)
	if err != nil {
		i.t.Fatal(err)
	}
	return c.State
}

// A backup that is killed while OpenAlgo is frozen leaves one that runs: what watches
// over the freeze thaws it, and the next command knows.
func TestKilledWhileFrozen(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	i.program = failing
	id, began := i.container().ID, i.startedAt(i.container().ID)
	for _, point := range []string{"freezing", "frozen", "thawed"} {
		i.kill(point, "backup", "--now")
		i.until("it is thawed after "+point, func() bool { return i.state() == "running" })
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	i.backedUp()
	if !i.startedAt(id).Equal(began) {
		t.Error("it was stopped")
	}
}

// A container that is frozen is told of, and thawed by `start`.
func TestFrozenContainerIsKnown(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	mustDocker(t, "pause", i.container().ID)
	if out := i.run("status"); !strings.Contains(out.stdout, "it is frozen") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if out := i.run("doctor"); out.code == 0 || !strings.Contains(out.stdout, "is frozen") || strings.Contains(out.stdout, "says unhealthy") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if out := i.run("doctor"); strings.Contains(out.stdout, "says unhealthy") {
		t.Errorf("Docker's word of a frozen container is a finding: %s", out.all())
	}
	mustDocker(t, "pause", i.container().ID)
	if out := i.run("stop", "--now"); out.code != 0 || i.state() != "exited" {
		t.Errorf("it is %s\n%s", i.state(), out.all())
	}
}
