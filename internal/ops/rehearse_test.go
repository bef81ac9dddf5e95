package ops_test

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
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
	_, _, err := testinstall.Run(t.Context(), b.session(), b.answers(""))
	if finding.KindOf(err) != finding.RolledBack {
		t.Errorf("%v", err)
	}
	// The advice is not about what is gone.
	for _, h := range finding.HintsOf(err) {
		if h.Args != nil && h.Dir == "" || strings.Contains(h.Dir+h.Do+strings.Join(h.Args, " "), "-rehearsal-") {
			t.Errorf("advises %+v", h)
		}
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

// A rehearsal says what it showed and what it could not, and nothing about what is
// gone when it ends.
func TestRehearseProves(t *testing.T) {
	t.Parallel()
	const domain = "domain: algo.example.com\ntls: {mode: 'off'}\n"
	for name, tt := range map[string]struct {
		answers string
		prepare func(b *box)
		id      string // of the error
		says    []string
		ends    string
	}{
		"all of it":        {says: []string{"shown: the registry has " + first + " for linux/amd64"}, ends: "this machine can run OpenAlgo"},
		"no such image":    {answers: "", prepare: func(b *box) { b.docker.Withdraw(first) }, id: "image-missing"},
		"another platform": {prepare: func(b *box) { b.docker.Publish(first, engine.Image{Ref: first, Arch: "riscv64"}) }, id: "image-platform"},
		"a domain": {answers: domain, says: []string{"not shown: that algo.example.com points to this machine", "not shown: that the internet reaches ports 80 and 443"},
			ends: "except for the lines"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			b.docker.Facts.OS, b.docker.Facts.Arch = "linux", "amd64"
			if tt.prepare != nil {
				tt.prepare(b)
			}
			s := b.session()
			s.Resolver = nowhere{}
			r, _, err := testinstall.Run(t.Context(), s, b.answers(tt.answers))
			if finding.IDOf(err) != tt.id || err != nil && finding.KindOf(err) != finding.HostNotReady || !strings.Contains(r.Message, tt.ends) {
				t.Fatalf("%+v, %v", r, err)
			}
			for _, want := range tt.says {
				if !b.said(want) {
					t.Errorf("it does not say %q: %+v", want, b.events)
				}
			}
			for _, e := range b.events {
				if e.Type == event.TypeNote && (strings.Contains(e.Message, "-rehearsal-") || strings.Contains(e.Message, "next: open") || strings.Contains(e.Message, "redirect URL")) {
					t.Errorf("it speaks of what is gone: %s", e.Message)
				}
			}
			b.nothingOfIt()
		})
	}
}

// nowhere is a DNS that knows no domain.
type nowhere struct{}

func (nowhere) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
