package image

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// registry has what is named in it; others fail as they are told.
type registry map[string]error

func (r registry) RemoteDigest(_ context.Context, ref string) (string, error) {
	err, named := r[ref]
	if !named {
		err = engine.ErrImageNotFound
	}
	return "sha256:any", err
}

func TestIsLocal(t *testing.T) {
	t.Parallel()
	const ref = "registry.example:5000/team/openalgo:1"
	id, other := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	named := "registry.example:5000/team/openalgo@" + id
	for name, c := range map[string]struct {
		digests  []string
		registry registry
		want     bool
	}{
		"built":                              {nil, registry{}, true},
		"of another registry":                {[]string{"other.example/openalgo@" + other}, registry{}, true},
		"pulled":                             {[]string{"registry.example:5000/team/openalgo@" + other}, registry{}, false},
		"built, in containerd's store":       {[]string{named}, registry{}, true},
		"pulled into containerd's store":     {[]string{named}, registry{named: nil}, false},
		"of a registry that does not answer": {[]string{named}, registry{named: errors.New("no route to host")}, false},
		"of a registry that wants a login":   {[]string{named}, registry{named: engine.ErrLoginNeeded}, false},
	} {
		i := engine.Image{ID: id, Ref: ref, Digests: c.digests}
		if got := IsLocal(t.Context(), c.registry, i, ref); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
