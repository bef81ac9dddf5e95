package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

const imageID = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

// box is a machine with an instance, a backup of it, and a Docker in memory.
type box struct {
	t      *testing.T
	dir    instance.Dir
	docker *memory.Engine
	file   string
	setup  bool                // the account that the copy says it has
	ran    engine.Container    // the copy
	had    map[string][]string // what is in each of its mounts
}

func newBox(t *testing.T) *box {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("files of the container's user are given to it by root alone")
	}
	root := t.TempDir()
	b := &box{t: t, dir: instance.Dir(filepath.Join(root, "openalgo")), docker: memory.New(filepath.Join(root, "docker")), setup: true, had: map[string][]string{}}
	must(t, os.MkdirAll(string(b.dir), 0o755))
	// A name of the test app's: such a start is proven sooner.
	must(t, b.docker.PutImage(engine.Image{ID: imageID, Ref: spec.TestRepository + ":1", User: "1000"}, nil))
	b.docker.OnStart = func(c engine.Container) {
		b.ran = c
		for _, m := range c.Mounts {
			entries, _ := os.ReadDir(m.Source)
			for _, e := range entries {
				b.had[m.Target] = append(b.had[m.Target], e.Name())
			}
		}
	}
	b.file = b.backup(root, true)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *box) backup(root string, setup bool) string {
	b.t.Helper()
	path := filepath.Join(root, fmt.Sprintf("backup-%v", setup))
	out, err := os.Create(path)
	must(b.t, err)
	var trees []backup.Tree
	for name, file := range map[string]string{"db": "openalgo.db", "strategies": "trades.py", "keys": "mcp.pem"} {
		at := filepath.Join(root, "source", name)
		must(b.t, os.MkdirAll(at, 0o755))
		must(b.t, os.WriteFile(filepath.Join(at, file), []byte("content of "+name), 0o640))
		trees = append(trees, backup.Tree{Name: name, Path: at})
	}
	w, err := backup.NewWriter(out, backup.Manifest{Project: "openalgo", Created: time.Now().Add(-26 * time.Hour), Setup: setup, Trees: trees,
		Image: backup.Image{ID: imageID, Ref: spec.TestRepository + ":1"}})
	must(b.t, err)
	for _, tree := range trees {
		must(b.t, w.Tree(b.t.Context(), tree))
	}
	must(b.t, errors.Join(w.File(instance.EnvName, []byte("BROKER_API_KEY = 'of-the-backup-only'\n")), w.Close(), out.Close()))
	return path
}

// door listens in place of the copy.
func (b *box) door(_ engine.Container, port int) (string, func(), error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if port == openalgo.WebPort {
			fmt.Fprintf(w, `{"needs_setup": %v}`, !b.setup)
		} else if conn, err := websocket.Accept(w, r, nil); err == nil {
			_ = conn.CloseNow()
		}
	}))
	return strings.TrimPrefix(server.URL, "http://"), server.Close, nil
}

func (b *box) run(ctx context.Context) (event.Result, error) {
	d := &Drill{Docker: b.docker, Dir: b.dir, Report: event.ReporterFunc(func(event.Event) {}), Now: time.Now, Door: b.door, Wait: 20 * time.Second}
	return d.Run(ctx, func(context.Context, string) (string, error) { return b.file, nil }, backup.Key{})
}

// nothingLeft wants neither a container nor a directory of a drill.
func (b *box) nothingLeft() {
	b.t.Helper()
	if all, err := b.docker.Containers(context.Background()); err != nil || len(all) > 0 {
		b.t.Errorf("%d containers are left, %v", len(all), err)
	}
	if _, err := os.Lstat(string(b.dir) + suffix); !errors.Is(err, os.ErrNotExist) || IsLeft(b.dir) {
		b.t.Errorf("its directory is left: %v", err)
	}
}

func TestDrill(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	result, err := b.run(t.Context())
	must(t, err)
	if d := result.Drill; d == nil || d.File != b.file || d.AgeSeconds < 26*3600 || d.RestoreSeconds <= 0 || d.StartSeconds > d.RestoreSeconds || result.Changed {
		t.Errorf("%+v: %+v", result, d)
	}
	if got := strings.Join(b.had["/app/db"], " "); got != "openalgo.db" {
		t.Errorf("its databases: %q", got)
	}
	if len(b.had["/app/strategies"]) > 0 || len(b.had["/app/keys"]) != 1 {
		t.Errorf("%q", b.had)
	}
	if len(b.ran.Ports) > 0 || len(b.ran.Networks) > 0 || stacks.IsOpenAlgo(b.ran) || b.ran.Labels[stacks.LabelCopy] != string(b.dir) {
		t.Errorf("%+v", b.ran)
	}
	b.nothingLeft()
}

// What the copy says may have secrets that the instance never had.
func TestDrillSaysNoSecretOfTheBackup(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.docker.Says = func(engine.Container) string { return "the key of-the-backup-only and of-the-instance are wrong\n" }
	dead := func(engine.Container, int) (string, func(), error) { return "127.0.0.1:1", func() {}, nil }
	d := &Drill{Docker: b.docker, Dir: b.dir, Report: event.ReporterFunc(func(event.Event) {}), Now: time.Now, Door: dead, Wait: 2 * time.Second,
		Redact: secret.NewRedactor(secret.New("of-the-instance"))}
	_, err := d.Run(t.Context(), func(context.Context, string) (string, error) { return b.file, nil }, backup.Key{})
	e := (*finding.Error)(nil)
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	said := fmt.Sprint(err, e.Log)
	if !strings.Contains(said, "are wrong") || strings.Contains(said, "of-the-") {
		t.Errorf("%s", said)
	}
	b.nothingLeft()
}

// A backup that does not prove itself is said to be one, and nothing of it stays.
func TestDrillFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*box)
		want   string
	}{
		"no account":  {func(b *box) { b.setup = false }, "drill-failed"},
		"no backup":   {func(b *box) { b.file += ".missing" }, "backup-missing"},
		"damaged":     {func(b *box) { must(b.t, os.Truncate(b.file, 100)) }, "backup-unusable"},
		"no image":    {func(b *box) { must(b.t, b.docker.RemoveImage(b.t.Context(), spec.TestRepository+":1")) }, "image-missing"},
		"other's dir": {func(b *box) { must(b.t, os.MkdirAll(filepath.Join(string(b.dir)+suffix, "mine"), 0o755)) }, "drill-place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			test.change(b)
			_, err := b.run(t.Context())
			if finding.IDOf(err) != test.want {
				t.Errorf("%v (%s)", err, finding.IDOf(err))
			}
			if name == "other's dir" {
				_, err := os.Stat(filepath.Join(string(b.dir)+suffix, "mine"))
				must(t, err)
				return
			}
			b.nothingLeft()
		})
	}
}

// Whoever is killed leaves what the next one removes, the container first.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"create", "created", "start", "started"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			away := false
			b.docker.Away = func() bool { return away }
			b.docker.Hook = func(now string) {
				if now == point {
					away = true // it changes nothing from here on
					cancel()
				}
			}
			if _, err := b.run(ctx); err == nil {
				t.Error("no error")
			}
			away, b.docker.Hook = false, nil
			if removed, err := Sweep(t.Context(), b.docker, b.dir); err != nil || !removed {
				t.Error(removed, err)
			}
			b.nothingLeft()
			_, err := b.run(t.Context())
			must(t, err)
		})
	}
}

// One that runs is left alone.
func TestAnotherRuns(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	p, err := enter(t.Context(), b.docker, b.dir)
	must(t, err)
	if removed, err := Sweep(t.Context(), b.docker, b.dir); removed || finding.IDOf(err) != "drill-runs" {
		t.Error(removed, err)
	}
	if _, err := b.run(t.Context()); finding.IDOf(err) != "drill-runs" {
		t.Error(err)
	}
	instance.Funlock(p.lock) // killed while it removed all, the container first
	if removed, err := Sweep(t.Context(), b.docker, b.dir); !removed {
		t.Error(err)
	}
	b.nothingLeft()
}

// A port of this machine's own network is reached as one of a container's is.
func TestDoor(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("root alone enters a network")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "inside") }))
	defer server.Close()
	address, shut, err := door(engine.Container{Pid: os.Getpid(), State: "running"}, server.Listener.Addr().(*net.TCPAddr).Port)
	must(t, err)
	defer shut()
	for range 3 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://" + address)
		must(t, err)
		_ = r.Body.Close()
		if r.ContentLength != int64(len("inside")) {
			t.Error(r.Status)
		}
	}
}
