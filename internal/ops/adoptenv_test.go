package ops_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// What a panel gives the container as variables comes into .env, with the keys.
func TestAdoptOfAPanel(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.foreign()
	b.account()
	key, secret := b.env("API_KEY_PEPPER"), "panel-secret-4711"
	var left []string
	for line := range strings.Lines(b.read(".env")) {
		if !strings.HasPrefix(line, "API_KEY_PEPPER") && !strings.HasPrefix(line, "FERNET_SALT") && !strings.HasPrefix(line, "REDIRECT_URL") && !strings.HasPrefix(line, "BROKER_API_") {
			left = append(left, line)
		}
	}
	salt := b.env("FERNET_SALT")
	must(t, os.WriteFile(filepath.Join(b.dir, ".env"), []byte(strings.Join(left, "")), 0o600))
	b.again(func(s *engine.ContainerSpec) {
		s.Env = []string{"API_KEY_PEPPER=" + key, "FERNET_SALT=" + salt, "REDIRECT_URL=http://127.0.0.1:5000/dhan/callback", "BROKER_API_KEY=110:::abcdef", "BROKER_API_SECRET=" + secret, "COOLIFY_FQDN=x"}
	})
	p, err := b.session().Plan(t.Context(), ops.Adopt(false))
	must(t, err)
	told := strings.Join(p.Warnings, "\n")
	for _, c := range p.Changes {
		told += c.Diff + c.Reason
	}
	if strings.Contains(told, secret) || strings.Contains(told, "-e BROKER_API_KEY") || !strings.Contains(told, "-e COOLIFY_FQDN") || !strings.Contains(told, "API_KEY_PEPPER") {
		t.Errorf("%s", told)
	}
	b.do(ops.Adopt(false))
	for name, want := range map[string]string{"API_KEY_PEPPER": key, "FERNET_SALT": salt, "BROKER_API_SECRET": secret, "REDIRECT_URL": "http://127.0.0.1:5000/dhan/callback"} {
		if got := b.env(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if again := b.do(ops.InstallSaved()); again.Changed {
		t.Errorf("again: %+v", again)
	}
}

// again recreates the container of foreign.
func (b *box) again(change func(*engine.ContainerSpec)) {
	b.t.Helper()
	ctx := b.t.Context()
	c, err := b.docker.Container(ctx, "mine")
	must(b.t, err)
	must(b.t, b.docker.Remove(ctx, c.ID))
	spec := engine.ContainerSpec{Name: "mine", Config: engine.Config{Image: first}, Ports: c.Ports}
	for _, m := range c.Mounts {
		spec.Mounts = append(spec.Mounts, engine.Mount{Type: m.Type, Source: m.Source, Target: m.Target})
	}
	change(&spec)
	id, err := b.docker.Create(ctx, spec)
	must(b.t, err)
	must(b.t, b.docker.Start(ctx, id))
}

// A container without a .env of this machine is refused by name.
func TestAdoptWithoutAnEnv(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.foreign()
	b.again(func(s *engine.ContainerSpec) {
		s.Mounts = slices.DeleteFunc(s.Mounts, func(m engine.Mount) bool { return m.Target == openalgo.Env })
		s.Labels = map[string]string{"com.docker.compose.project": "panel", "com.docker.compose.service": "openalgo", "com.docker.compose.project.working_dir": b.dir}
	})
	_, err := b.session().Do(t.Context(), ops.Adopt(false))
	if finding.IDOf(err) != "env-in-container" || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "Coolify") {
		t.Errorf("%v", err)
	}
}
