package ops_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/internal/testinstall"
)

// nothingOfIt tells what is left of rehearsals.
func (b *box) nothingOfIt() {
	b.t.Helper()
	if left, _ := filepath.Glob(b.dir + "-rehearsal*"); len(left) > 0 {
		b.t.Errorf("%v are left", left)
	}
	all, err := b.docker.Containers(b.t.Context())
	must(b.t, err)
	for _, c := range all {
		if strings.HasPrefix(c.Image, rehearsal.Repository) {
			b.t.Errorf("%s is left", c.Name)
		}
	}
	images, err := b.docker.Images(b.t.Context(), "")
	must(b.t, err)
	for _, image := range images {
		if strings.HasPrefix(image.Ref, rehearsal.Repository) {
			b.t.Errorf("%s is left", image.Ref)
		}
	}
}

func TestRehearse(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	r, report, err := testinstall.Run(t.Context(), b.session(), b.answers(""))
	if err != nil || r.Changed || len(report) == 0 {
		t.Errorf("%+v, %s, %v", r, report, err)
	}
	b.nothingOfIt()
	if c, v, n := b.things(); c+v+n != 0 || b.hasDir() {
		t.Errorf("%d containers, %d volumes, %d networks; a directory: %v", c, v, n, b.hasDir())
	}
}

// OpenAlgo that runs already goes on, and the rehearsal has ports of its own.
func TestRehearseBesideIt(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	before := b.container()
	_, _, err := testinstall.Run(t.Context(), b.session(), b.answers(""))
	must(t, err)
	b.nothingOfIt()
	if now := b.container(); now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) || b.traded() != "some" {
		t.Errorf("%+v", now)
	}
}

func TestRehearseThatFails(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.say("it is broken")
	if _, _, err := testinstall.Run(t.Context(), b.session(), b.answers("")); finding.KindOf(err) != finding.RolledBack {
		t.Errorf("%v", err)
	}
	b.nothingOfIt()
}

// What a rehearsal left that was killed goes with the next one; OpenAlgo in a
// directory of such a name stays.
func TestRehearseAfterAKill(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.docker.OnStart = func(c engine.Container) {
		b.docker.OnStart = b.begin
		panic(killed{})
	}
	func() {
		defer func() { _ = recover() }()
		_, _, _ = testinstall.Run(t.Context(), b.session(), b.answers(""))
	}()
	if left, _ := filepath.Glob(b.dir + "-rehearsal*"); len(left) != 1 {
		t.Fatalf("%v are left", left)
	}
	_, _, err := testinstall.Run(t.Context(), b.session(), b.answers(""))
	must(t, err)
	b.nothingOfIt()
}

func TestRehearsalsHTTPS(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	_, _, err := testinstall.Run(t.Context(), b.session(), b.answers("domain: algo.example.com\ntls: {mode: auto, email: a@example.com}\n"))
	if err == nil {
		t.Error("there is no image of an edge, and it went well")
	}
	b.nothingOfIt()
}
