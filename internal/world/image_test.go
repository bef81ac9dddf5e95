package world

import (
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

func TestLookAtImage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.image("openalgo:bare", "", "1.0.0")
	l := b.looker()
	for ref, want := range map[string]string{"openalgo:1": saltySample, "openalgo:bare": "", "openalgo:none": ""} {
		o := &Observation{}
		must(t, l.LookAtImage(t.Context(), o, ref, false))
		if (o.Image != nil) != (ref != "openalgo:none") || string(o.Sample) != want {
			t.Errorf("%s: %+v, %q", ref, o.Image, o.Sample)
		}
	}
	if left, _ := b.docker.Containers(t.Context()); len(left) > 0 {
		t.Errorf("helpers are left: %v", left)
	}
	b.docker.Away = func() bool { return true }
	if err := l.LookAtImage(t.Context(), &Observation{}, "openalgo:1", false); err == nil {
		t.Error("a Docker that does not answer has an image")
	}
}

// A container keeps its image while the tag moves on, or goes.
func TestImageOfAMovedTag(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stack("openalgo", string(b.dir), "openalgo:1", nil)
	b.image("openalgo:2", saltySample, "2.0.0")
	moved, err := b.docker.Image(t.Context(), "openalgo:2")
	must(t, err)
	old, err := b.docker.Image(t.Context(), "openalgo:1")
	must(t, err)
	old.Ref = "kept"
	must(t, b.docker.PutImage(old, nil))
	moved.Ref = "openalgo:1"
	must(t, b.docker.PutImage(moved, nil))

	o := b.look()
	l := b.looker()
	must(t, l.LookAtImage(t.Context(), o, "openalgo:1", false))
	if o.Image.ID != old.ID || o.Image.Ref != "openalgo:1" || !o.Moved {
		t.Errorf("%+v, %v", o.Image, o.Moved)
	}
	o = b.look()
	must(t, l.LookAtImage(t.Context(), o, "openalgo:1", true))
	if o.Image.ID != moved.ID || o.Moved {
		t.Errorf("an upgrade means %+v", o.Image)
	}
	l.LookAtRelease(t.Context(), o, true, true)
	if o.Runs == nil || o.Runs.Version != "1.2.0" || o.ImageVersion != "2.0.0" || string(o.Runs.Sample) != saltySample {
		t.Errorf("from %+v to %s", o.Runs, o.ImageVersion)
	}
	o.Runs = nil
	if l.LookAtRelease(t.Context(), o, false, false); o.Runs != nil {
		t.Error("nobody asked for the release")
	}
}

func TestUserOfAnImage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for user, want := range map[string]string{"": "0", "root": "0", "1000:1000": "1000", "appuser": "1000", "nobody-known": ""} {
		if got := b.looker().images().user(t.Context(), "openalgo:1", user); got != want {
			t.Errorf("%q is %q, want %q", user, got, want)
		}
	}
	if got := b.looker().images().user(t.Context(), "openalgo:none", "appuser"); got != "" {
		t.Errorf("of no image: %q", got)
	}
	if _, err := b.looker().images().read(t.Context(), "openalgo:none", openalgo.Version); err == nil {
		t.Error("read from no image")
	}
}

func TestSaltOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.image("openalgo:old", saltlessBase, "1.0.0")
	l := b.looker()
	sound := "FERNET_SALT = '" + "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00" + "'\n"
	if value, _ := mustEnv(t, sound).Get(keys.FernetSalt); keys.SaltState(value) != keys.Sound {
		t.Fatal("the test's salt is not sound")
	}
	before, after := saltSince.AddDate(0, -1, 0), saltSince.AddDate(0, 1, 0)
	for name, c := range map[string]struct {
		env   string
		state instance.State
		image string
		made  time.Time
		want  string
	}{
		"in use stays in use":                   {sound, instance.State{FernetSalt: instance.SaltUsed}, "sha256:openalgo:old", before, instance.SaltUsed},
		"a release without it":                  {sound, instance.State{}, "sha256:openalgo:old", time.Time{}, instance.SaltIdle},
		"a release that knows it":               {sound, instance.State{}, "sha256:openalgo:1", time.Time{}, ""},
		"idle, and a release that knows it ran": {sound, instance.State{FernetSalt: instance.SaltIdle}, "sha256:openalgo:1", time.Time{}, instance.SaltUsed},
		"idle, and the same release":            {sound, instance.State{FernetSalt: instance.SaltIdle}, "sha256:openalgo:old", time.Time{}, instance.SaltIdle},
		"none in .env":                          {"A = 'b'\n", instance.State{}, "sha256:openalgo:old", time.Time{}, ""},
		"an image that is gone, made before":    {sound, instance.State{}, "sha256:gone", before, instance.SaltIdle},
		"an image that is gone, made since":     {sound, instance.State{FernetSalt: instance.SaltIdle}, "sha256:gone", after, instance.SaltUsed},
		"an image that is gone, nobody knows":   {sound, instance.State{}, "sha256:gone", time.Time{}, ""},
		"no image":                              {sound, instance.State{}, "", before, ""},
		"no image, idle":                        {sound, instance.State{FernetSalt: instance.SaltIdle}, "", after, instance.SaltIdle},
	} {
		if got := l.SaltOf(t.Context(), mustEnv(t, c.env), c.state, c.image, c.made); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := l.SaltOf(t.Context(), nil, instance.State{}, "sha256:openalgo:old", before); got != "" {
		t.Errorf("without .env: %q", got)
	}
	for sample, want := range map[string]string{saltySample: instance.SaltUsed, saltlessBase: instance.SaltIdle} {
		if got := settings.SaltAfter(instance.State{}, []byte(sample)); got != want {
			t.Errorf("after %q: %q", sample, got)
		}
	}
	if settings.SaltAfter(instance.State{}, nil) != instance.SaltUsed {
		t.Error("the built-in base has a salt")
	}
}

func mustEnv(t *testing.T, text string) *envfile.File {
	t.Helper()
	env, err := envfile.Parse([]byte(text))
	must(t, err)
	return env
}

func TestUse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.docker.Memory = 300 << 20
	c := b.stack("openalgo", string(b.dir), "openalgo:1", nil)
	must(t, b.docker.Put(c.ID, openalgo.Strategies, []byte(`{"a": {}, "b": {}}`)))
	if u := UseOf(t.Context(), b.docker, c); u.Memory != 300<<20 || u.Strategies != 2 || u.Shm != 0 {
		t.Errorf("%+v", u)
	}
	must(t, b.docker.Put(c.ID, openalgo.Strategies, []byte(`[`)))
	if u := UseOf(t.Context(), b.docker, engine.Container{ID: "none"}); u != (Use{}) {
		t.Errorf("of no container: %+v", u)
	}
}
