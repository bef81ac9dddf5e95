package bytecode

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

const (
	volume = "openalgo_openalgo_bytecode"
	one    = "sha256:1111"
	two    = "sha256:2222"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// docker is one with two images, and a container of the first that reads bytecode.
func docker(t *testing.T) (*memory.Engine, engine.Container) {
	t.Helper()
	d := memory.New(t.TempDir())
	d.AddImage("openalgo:1", one)
	d.AddImage("openalgo:2", two)
	return d, web(t, d, "openalgo-web", "openalgo:1")
}

func web(t *testing.T, d *memory.Engine, name, image string) engine.Container {
	t.Helper()
	id, err := d.Create(t.Context(), engine.ContainerSpec{Name: name, Config: engine.Config{Image: image},
		Mounts: []engine.Mount{{Type: "volume", Source: volume, Target: compose.BytecodeDir, ReadOnly: true}}})
	must(t, err)
	c, err := d.Container(t.Context(), id)
	must(t, err)
	return c
}

// made leaves what build.py leaves.
func made(t *testing.T, d *memory.Engine, image string) {
	t.Helper()
	v, err := d.Volume(t.Context(), volume)
	must(t, err)
	name := strings.TrimPrefix(image, "sha256:")
	must(t, os.MkdirAll(filepath.Join(v.Mountpoint, name), 0o755))
	must(t, os.WriteFile(filepath.Join(v.Mountpoint, name, "image"), []byte(image), 0o644))
	_ = os.Remove(filepath.Join(v.Mountpoint, "now"))
	must(t, os.Symlink(name, filepath.Join(v.Mountpoint, "now")))
}

func builders(t *testing.T, d *memory.Engine) []engine.Container {
	t.Helper()
	all, err := d.Containers(t.Context(), Label+"="+volume)
	must(t, err)
	return all
}

func TestOf(t *testing.T) {
	t.Parallel()
	d, c := docker(t)
	if got := Of(t.Context(), d, c); got != Absent {
		t.Errorf("of nothing: %q", got)
	}
	made(t, d, two)
	if got := Of(t.Context(), d, c); got != Absent {
		t.Errorf("of another image's: %q", got)
	}
	made(t, d, one)
	if got := Of(t.Context(), d, c); got != Ready {
		t.Errorf("of its own: %q", got)
	}
	whole := c
	whole.Labels = map[string]string{openalgo.LabelBytecode: "1"}
	writable := c
	writable.Mounts = slices.Clone(c.Mounts)
	writable.Mounts[0].ReadOnly = false // a user's own: not this program's to fill
	for _, other := range []engine.Container{whole, writable, {}} {
		if got := Of(t.Context(), d, other); got != "" {
			t.Errorf("of %+v: %q", other, got)
		}
	}
}

// The Docker in memory ends a container with an entrypoint of its own at once.
func TestMakeTellsWhyNot(t *testing.T) {
	t.Parallel()
	d, c := docker(t)
	d.Says = func(engine.Container) string { return "less than 512 MiB are free in the volume\n" }
	err := Make(t.Context(), d, c)
	if err == nil || !strings.Contains(err.Error(), "512 MiB are free") {
		t.Errorf("err = %v", err)
	}
	if left := builders(t, d); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
}

func TestMakeWhatIsThere(t *testing.T) {
	t.Parallel()
	d, c := docker(t)
	made(t, d, one)
	must(t, Make(t.Context(), d, c))
	must(t, Begin(t.Context(), d, c))
	if left := builders(t, d); len(left) > 0 {
		t.Errorf("it was made again: %+v", left)
	}
}

// A killed run leaves a container that was not started, an upgrade one of the image
// before; neither keeps the next from its work. One that works is left alone.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	d, c := docker(t)
	_, err := d.Create(t.Context(), spec(volume, two, false))
	must(t, err)
	var started []string
	d.Hook = func(point string) {
		if all, _ := d.Containers(t.Context(), Label+"="+volume); point == "start" && len(all) == 1 {
			started = append(started, all[0].ImageID)
		}
	}
	must(t, Begin(t.Context(), d, c))
	d.Hook = nil
	if !slices.Equal(started, []string{one}) {
		t.Errorf("of these images: %v", started)
	}
	_, err = d.Create(t.Context(), spec(volume, one, true))
	must(t, err)
	must(t, End(t.Context(), d, volume))
	if left := builders(t, d); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
}

func TestWhatCompilesHasNoRights(t *testing.T) {
	t.Parallel()
	for _, awaited := range []bool{false, true} {
		s := spec(volume, one, awaited)
		if s.Host.NetworkMode != "none" || !s.Host.ReadonlyRootfs || len(s.Host.CapDrop) != 1 || s.Host.CapDrop[0] != "ALL" ||
			s.Host.Memory == 0 || s.Host.AutoRemove == awaited || s.Image != one || len(s.Mounts) != 1 || s.User != "0" {
			t.Errorf("awaited %t: %+v", awaited, s)
		}
	}
	if low, high := spec(volume, one, false), spec(volume, one, true); low.Host.CPUShares >= high.Host.CPUShares || high.Host.CPUShares >= 1024 {
		t.Error("it takes OpenAlgo's CPU")
	}
	if Longest > 10*time.Minute {
		t.Error("a command waits without end")
	}
}
