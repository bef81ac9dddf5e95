package status

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// docker has some containers, none of which runs.
type docker struct {
	Docker
	containers []engine.Container
}

func (d docker) Info() engine.Info { return engine.Info{Local: true} }
func (d docker) Containers(context.Context, ...string) ([]engine.Container, error) {
	return d.containers, nil
}
func (d docker) VolumeBytes(context.Context) (map[string]int64, error) {
	return map[string]int64{"openalgo_db": 3 << 20}, nil
}

func (d docker) Image(context.Context, string) (engine.Image, error) {
	return engine.Image{}, engine.ErrNotFound
}

func containerOf(dir, project string) engine.Container {
	return engine.Container{
		ID: project, Name: project, Image: "marketcalls/openalgo:latest", ImageID: "sha256:1", State: "exited", ExitCode: 1, ShmBytes: 256 << 20,
		Env:    []string{"OPENBLAS_NUM_THREADS=2", "STRATEGY_MEMORY_LIMIT_MB=300"},
		Labels: map[string]string{compose.LabelProject: project, compose.LabelService: compose.Service, compose.LabelWorkingDir: dir},
		Mounts: []engine.Mount{{Type: "volume", Name: "openalgo_db", Target: openalgo.DB}, {Type: "bind", Source: filepath.Join(dir, ".env"), Target: openalgo.Env}},
	}
}

var machine = sizing.Machine{RAMMiB: 7900, Cores: 4}

func TestLook(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	for _, at := range []string{dir, other} {
		if err := os.WriteFile(filepath.Join(at, ".env"), []byte("HOST_SERVER = 'https://algo.example.com'\nSTRATEGY_MEMORY_LIMIT_MB = '512'\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	strange := engine.Container{Name: "db", State: "running"}
	d := docker{containers: []engine.Container{containerOf(other, "other"), containerOf(dir, "openalgo"), strange}}
	all, err := Look(t.Context(), d, machine, "")
	if err != nil || len(all.Instances) != 2 {
		t.Fatal(all, err)
	}
	one, err := Look(t.Context(), d, machine, dir)
	if err != nil || len(one.Instances) != 1 {
		t.Fatal(one, err)
	}
	i := one.Instances[0]
	if i.Name != "openalgo" || i.Dir != dir || i.Ready || i.Starting || i.Reason != "the container ended with status 1" || i.URL != "https://algo.example.com" {
		t.Errorf("%+v", i)
	}
	// .env beats the container's environment; shared memory is the container's.
	if s := i.Sizing.InForce; s.StrategyMemoryMiB != 512 || s.ShmMiB != 256 || i.Sizing.Due.RAMMiB != machine.RAMMiB || !i.Sizing.ResizeDue {
		t.Errorf("%+v", i.Sizing)
	}
	if len(i.Volumes) != 1 || i.Volumes[0] != (Volume{"openalgo_db", openalgo.DB, 3 << 20}) {
		t.Errorf("%+v", i.Volumes)
	}
}

// A run that was interrupted leaves two containers of one instance.
func TestOneContainerOfEachInstance(t *testing.T) {
	t.Parallel()
	in := func(dir, project, state string) engine.Container {
		c := containerOf(dir, project)
		c.State = state
		return c
	}
	got := current([]engine.Container{in("/a", "a", "created"), in("/b", "b", "exited"), in("/a", "a", "running"), in("/b", "b", "created"), in("/b", "other", "exited"), {State: "running"}, {State: "running"}})
	var names []string
	for _, c := range got {
		names = append(names, c.Name+" "+c.State)
	}
	if want := "a running, b exited, other exited,  running,  running"; strings.Join(names, ", ") != want {
		t.Errorf("%q, want %q", strings.Join(names, ", "), want)
	}
}

func TestLookWithoutAContainer(t *testing.T) {
	t.Parallel()
	dir := instance.Dir(t.TempDir())
	none, err := Look(t.Context(), docker{}, machine, string(dir))
	if err != nil || len(none.Instances) != 0 || none.Dir != string(dir) {
		t.Fatal(none, err)
	}
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	if err := dir.SaveState(instance.State{Project: "openalgo"}); err != nil {
		t.Fatal(err)
	}
	gone, err := Look(t.Context(), docker{}, machine, string(dir))
	if err != nil || len(gone.Instances) != 1 || !strings.Contains(gone.Instances[0].Reason, "it has no container") {
		t.Fatal(gone, err)
	}
}

func TestHTTPSText(t *testing.T) {
	t.Parallel()
	if got := (*HTTPS)(nil).String(); got != "" {
		t.Error(got)
	}
	h := &HTTPS{By: "caddy", Domain: "algo.example.com", Until: "2026-12-01T00:00:00Z"}
	if got, want := h.String(), "algo.example.com by caddy, certificate until 2026-12-01"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
