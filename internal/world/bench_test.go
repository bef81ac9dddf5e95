package world

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// at is when the tests look.
var at = time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)

const (
	saltySample  = "API_KEY_PEPPER = 'x'\nFERNET_SALT = 'y'\n"
	saltlessBase = "API_KEY_PEPPER = 'x'\n"
)

// bench is a machine with a Docker in memory, and one directory on it.
type bench struct {
	*testing.T
	root   string
	dir    instance.Dir
	docker *memory.Engine
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	b := &bench{T: t, root: root, dir: instance.Dir(filepath.Join(root, "openalgo")), docker: memory.New(filepath.Join(root, "docker"))}
	b.docker.Facts.RootDir = root
	_, err = b.dir.Create()
	must(t, err)
	b.image("openalgo:1", saltySample, "1.2.0")
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// image makes one known, with an ID that is made from its reference.
func (b *bench) image(ref, sample, version string) {
	b.Helper()
	files := map[string]string{openalgo.Version: "VERSION = \"" + version + "\"\n", "/etc/passwd": "root:x:0:0::/:/bin/sh\nappuser:x:1000:1000::/app:/bin/sh\n"}
	if sample != "" {
		files[openalgo.Sample] = sample
	}
	must(b.T, b.docker.PutImage(engine.Image{ID: "sha256:" + ref, Ref: ref, User: "appuser", Env: []string{"PATH=/bin"}}, files))
}

func (b *bench) write(path, text string) {
	b.Helper()
	must(b.T, os.MkdirAll(filepath.Dir(path), 0o755))
	must(b.T, os.WriteFile(path, []byte(text), 0o600))
}

// stack creates the container of a stack for a directory, and starts it.
func (b *bench) stack(project, dir, image string, change func(*engine.ContainerSpec)) engine.Container {
	b.Helper()
	b.write(filepath.Join(dir, ".env"), "API_KEY_PEPPER = '"+strings.Repeat("a71e", 16)+"'\nBROKER_API_KEY = 'account'\n")
	volume := project + "_openalgo_db"
	_, err := b.docker.CreateVolume(b.Context(), engine.VolumeSpec{Name: volume, Labels: map[string]string{stacks.LabelDir: dir, compose.LabelProject: project}})
	must(b.T, err)
	spec := engine.ContainerSpec{
		Name:   compose.ContainerName(project),
		Config: engine.Config{Image: image, Labels: map[string]string{compose.LabelProject: project, compose.LabelService: compose.Service, compose.LabelWorkingDir: dir}},
		Mounts: []engine.Mount{
			{Type: "volume", Source: volume, Target: openalgo.DB},
			{Type: "bind", Source: filepath.Join(dir, ".env"), Target: openalgo.Env},
		},
	}
	if change != nil {
		change(&spec)
	}
	id, err := b.docker.Create(b.Context(), spec)
	must(b.T, err)
	must(b.T, b.docker.Start(b.Context(), id))
	c, err := b.docker.Container(b.Context(), id)
	must(b.T, err)
	return c
}

func (b *bench) looker() *Looker {
	return &Looker{Engine: b.docker, Dir: b.dir, Now: func() time.Time { return at }}
}

func (b *bench) look() *Observation {
	b.Helper()
	o, err := b.looker().Look(b.Context(), false)
	must(b.T, err)
	return o
}
