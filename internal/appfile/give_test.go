package appfile

import (
	"io/fs"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Whose .env is, for each kind of engine: by the numbers of the container, and by
// those of this machine where they are known.
func TestEnvOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		info     engine.Info
		want     Owner
		uid, gid int // here; -1: only Docker knows
	}{
		"plain":                 {engine.Info{Local: true}, Owner{1000, 1000, 0o600}, 1000, 1000},
		"rootless, from inside": {engine.Info{Local: true, Rootless: true, Inside: true}, Owner{0, 1000, 0o660}, 0, 1000},
		"rootless, outside":     {engine.Info{Local: true, Rootless: true}, Owner{0, 1000, 0o660}, -1, -1},
		"podman without root":   {engine.Info{Local: true, Rootless: true, Podman: true, Inside: true, UserNS: true}, Owner{0, 1000, 0o660}, 0, 1000},
		"userns-remap":          {engine.Info{Local: true, UserNS: true, UserBase: 231072}, Owner{1000, 1000, 0o600}, 232072, 232072},
		"userns-remap, unknown": {engine.Info{Local: true, UserNS: true}, Owner{1000, 1000, 0o600}, -1, -1},
		"remote":                {engine.Info{}, Owner{1000, 1000, 0o600}, -1, -1},
		"Docker Desktop":        {engine.Info{Desktop: true}, Owner{1000, 1000, 0o600}, -1, -1},
		"SELinux":               {engine.Info{Local: true, SELinux: true}, Owner{1000, 1000, 0o600}, 1000, 1000},
	} {
		if got := EnvOwner(c.info); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		for n, want := range map[int]int{c.want.UID: c.uid, c.want.GID: c.gid} {
			got, known := c.info.UserHere(n)
			if !known {
				got = -1
			}
			if got != want {
				t.Errorf("%s: user %d is %d here, want %d", name, n, got, want)
			}
		}
	}
	if _, known := (engine.Info{Local: true, UserNS: true, UserBase: 231072}).UserHere(65536); known {
		t.Error("a user beyond the range has a number")
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	alone, shared := Owner{1000, 1000, 0o600}, Owner{0, 1000, 0o660}
	for _, c := range []struct {
		owner Owner
		mode  fs.FileMode
		want  bool
	}{
		{alone, 0o600, true}, {alone, 0o400, true}, {alone, 0o640, false}, {alone, 0o604, false},
		{shared, 0o660, true}, {shared, 0o640, true}, {shared, 0o600, true}, {shared, 0o670, false}, {shared, 0o664, false}, {shared, 0o666, false},
	} {
		if c.owner.IsPrivate(c.mode) != c.want {
			t.Errorf("%+v %04o: %v", c.owner, c.mode, !c.want)
		}
	}
}
