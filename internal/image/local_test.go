package image

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// registry has what is named in it; asking for some fails as it is told.
type registry struct {
	containerd, podman bool
	has                map[string]error
}

func (r registry) Info() engine.Info { return engine.Info{Containerd: r.containerd, Podman: r.podman} }

func (r registry) RemoteDigest(_ context.Context, ref string) (string, error) {
	err, named := r.has[ref]
	if !named {
		err = engine.ErrImageNotFound
	}
	return "sha256:any", err
}

func TestIsLocal(t *testing.T) {
	t.Parallel()
	const repository = "registry.example:5000/team/openalgo"
	id, other := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	named := repository + "@" + id
	has := func(err error) registry { return registry{containerd: true, has: map[string]error{named: err}} }
	for name, c := range map[string]struct {
		digests  []string
		registry registry
		want     bool
	}{
		"built":                              {nil, registry{}, true},
		"of another registry":                {[]string{"other.example/openalgo@" + other}, registry{}, true},
		"pulled":                             {[]string{repository + "@" + other}, registry{}, false},
		"built, in containerd's store":       {[]string{named}, registry{containerd: true}, true},
		"pulled into containerd's store":     {[]string{named}, has(nil), false},
		"pulled there, its name moved on":    {nil, has(nil), false},
		"pulled by Podman":                   {[]string{repository + "@" + other}, registry{podman: true}, false},
		"of another registry, in Podman":     {[]string{"localhost/openalgo@" + other}, registry{podman: true}, true},
		"of a registry that does not answer": {[]string{named}, has(errors.New("no route to host")), false},
		"of a registry that wants a login":   {[]string{named}, has(engine.ErrLoginNeeded), false},
	} {
		i := engine.Image{ID: id, Digests: c.digests}
		if got := IsLocal(t.Context(), c.registry, i, repository+":1"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		certain := i.DigestIn(repository) != "" && !c.registry.podman && (!c.registry.containerd || c.registry.has[named] == nil && len(c.registry.has) > 0)
		if got := InRegistry(t.Context(), c.registry, i, repository); got != certain {
			t.Errorf("%s: it can be pulled again: %v", name, got)
		}
	}
	built := engine.Image{ID: id, Digests: []string{"localhost/openalgo@" + other}}
	if !IsLocal(t.Context(), registry{podman: true}, built, "localhost/openalgo:1") {
		t.Error("an image that Podman built and named counts as pulled")
	}
}
