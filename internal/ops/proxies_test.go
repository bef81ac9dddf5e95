package ops_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// The new container has the proxies that Docker Compose would give it, and the plan
// says what becomes of a config without exceptions. No file has them.
func TestProxiesOfDocker(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.docker.Facts.Proxies = map[string]string{"HTTP_PROXY": "http://me:word@10.1.1.1:3128", "NO_PROXY": "localhost,127.0.0.1,::1"}
	b.docker.Facts.ProxiesLackLoopback = true
	p, err := b.session().Plan(t.Context(), ops.Install(b.answers(""), 0))
	must(t, err)
	warned := slices.ContainsFunc(p.Findings, func(w *finding.Error) bool { return w.ID == "proxy-without-loopback" })
	b.do(ops.Install(b.answers(""), 0))
	env := b.container().Env
	if !warned || !slices.Contains(env, "HTTP_PROXY=http://me:word@10.1.1.1:3128") || !slices.Contains(env, "NO_PROXY=localhost,127.0.0.1,::1") {
		t.Errorf("%v, %q", warned, env)
	}
	if again := b.do(ops.InstallSaved()); again.Changed {
		t.Errorf("again: %+v", again)
	}
	must(t, filepath.WalkDir(b.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if text, _ := os.ReadFile(path); strings.Contains(string(text), "me:word") {
				t.Errorf("%s has the proxy's password", path)
			}
		}
		return err
	}))
}
