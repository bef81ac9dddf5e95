package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// here is the digest of the image on this machine.
var here = "sha256:" + strings.Repeat("a", 64)

// docker is a Docker of which a test says what it answers.
type docker struct {
	mu         sync.Mutex
	containers []engine.Container
	load       engine.Load
	err        error
	hangs      bool // it answers when the caller gives up
	remote     string
	events     chan engine.Event
	asked      int // questions to Docker
}

func (d *docker) Exec(context.Context, string, []string, string) (engine.ExecResult, error) {
	return engine.ExecResult{}, nil
}

func (d *docker) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func (d *docker) answer(ctx context.Context) error {
	d.mu.Lock()
	hangs, err := d.hangs, d.err
	d.asked++
	d.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func (d *docker) Info() engine.Info { return engine.Info{Local: true} }

func (d *docker) Containers(ctx context.Context, _ ...string) ([]engine.Container, error) {
	err := d.answer(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]engine.Container(nil), d.containers...), err
}

// Sketches are the containers without what only a look at each one tells.
func (d *docker) Sketches(ctx context.Context) (out []engine.Container, err error) {
	all, err := d.Containers(ctx)
	for _, c := range all {
		c.StartedAt, c.ShmBytes, c.ExitCode = time.Time{}, 0, 0
		out = append(out, c)
	}
	return out, err
}

func (d *docker) Container(ctx context.Context, id string) (engine.Container, error) {
	all, err := d.Containers(ctx)
	for _, c := range all {
		if c.ID == id || c.Name == id {
			return c, err
		}
	}
	return engine.Container{}, errors.New("no such container")
}

func (d *docker) ReadFile(context.Context, string, string, int64) ([]byte, error) {
	return nil, errors.New("no such file")
}

func (d *docker) Logs(context.Context, string, engine.LogOptions, io.Writer, io.Writer) error {
	return nil
}

func (d *docker) VolumeBytes(context.Context) (map[string]int64, error) {
	return nil, errors.New("nobody needs the sizes")
}

func (d *docker) Image(ctx context.Context, _ string) (engine.Image, error) {
	return engine.Image{ID: "sha256:1", Digests: []string{"marketcalls/openalgo@" + here}}, d.answer(ctx)
}

func (d *docker) Load(ctx context.Context, _ string) (engine.Load, error) {
	err := d.answer(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.load.At = d.load.At.Add(2 * time.Second)
	d.load.CPU += time.Second
	d.load.NetIn += 2000
	return d.load, err
}

func (d *docker) Events(context.Context, ...string) (<-chan engine.Event, <-chan error) {
	return d.events, nil
}

func (d *docker) RemoteDigest(ctx context.Context, _ string) (string, error) {
	return d.remote, d.answer(ctx)
}

// app is an OpenAlgo that answers; stop ends it.
func app(t *testing.T) (port int, stop func()) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"needs_setup":false}`) }))
	t.Cleanup(s.Close)
	_, text, _ := net.SplitHostPort(s.Listener.Addr().String())
	port, _ = strconv.Atoi(text)
	return port, s.Close
}

// stack is the container of an instance.
func stack(t *testing.T, name string, port int) engine.Container {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	env := filepath.Join(dir, ".env")
	if err := os.WriteFile(env, []byte("REDIRECT_URL = 'https://a.example.com/zerodha/callback'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return engine.Container{
		ID: "id-" + name, Name: name + "-web", Image: "marketcalls/openalgo:latest", ImageID: "sha256:1", State: "running", StartedAt: time.Now().Add(-time.Hour),
		Labels: map[string]string{compose.LabelProject: name, compose.LabelWorkingDir: dir, compose.LabelService: compose.Service},
		Mounts: []engine.Mount{{Type: "volume", Name: name + "_db", Target: openalgo.DB}, {Type: "bind", Source: env, Target: openalgo.Env}},
		Ports:  []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: port, ContainerPort: openalgo.WebPort}},
	}
}

// watching runs a Watcher to the end of the test, which fails where that does not end.
func watching(t *testing.T, d *docker, o Options) *Watcher {
	t.Helper()
	d.events = make(chan engine.Event)
	o.Docker, o.Machine = d, sizing.Machine{RAMMiB: 4000, Cores: 2}
	w := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("something goes on after the end")
		}
	})
	return w
}

// until waits for a Snapshot that is as wanted.
func until(t *testing.T, w *Watcher, want func(Snapshot) bool) Snapshot {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		if s := w.Snapshot(); want(s) {
			return s
		}
		select {
		case <-w.Changed():
		case <-timeout:
			t.Fatalf("this does not come: %+v", w.Snapshot())
		}
	}
}

func TestWatcher(t *testing.T) {
	t.Parallel()
	port, stop := app(t)
	d := &docker{containers: []engine.Container{stack(t, "alpha", port)}, load: engine.Load{At: time.Now(), Memory: 1 << 30, Limit: 4 << 30, Shared: 64 << 20}, remote: "sha256:there"}
	w := watching(t, d, Options{
		Public:  func(context.Context) string { return "203.0.113.7" },
		Examine: func(context.Context, string) []Problem { return []Problem{{ID: "clock-off", Text: "the clock is off"}} },
	})
	if err := w.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := until(t, w, func(s Snapshot) bool {
		i := s.Instances[0]
		return i.State == Ready && i.Load.Known() && len(i.Load.CPU) > 0 && i.Status != nil && s.Public != "" && i.NewerImage && slices.ContainsFunc(i.Problems, func(p Problem) bool { return p.ID == "clock-off" })
	})
	i := s.Instances[0]
	if i.Name != "alpha" || i.Broker != "Zerodha" || i.Redirect != "https://a.example.com/zerodha/callback" || !slices.ContainsFunc(i.Problems, func(p Problem) bool { return p.ID == "clock-off" }) {
		t.Errorf("%+v", i)
	}
	if cpu, net := Last(i.Load.CPU), Last(i.Load.Net); cpu < 24 || cpu > 26 || net != 1000 {
		t.Errorf("CPU %v, net %v", cpu, net)
	}

	// What happens to the container is seen by an event.
	stop()
	d.set(func() { d.containers[0].State, d.containers[0].ExitCode = "exited", 137 })
	d.events <- engine.Event{Type: "container", Action: "exec_die"}
	d.events <- engine.Event{Type: "container", Action: "die"}
	s = until(t, w, func(s Snapshot) bool { return s.Instances[0].State == Stopped })
	if p := s.Instances[0].Problems[0]; p.ID != "not-running" || p.Fix[0] != "start" {
		t.Errorf("%+v", p)
	}
	d.set(func() { d.containers = nil })
	w.Refresh()
	until(t, w, func(s Snapshot) bool { return len(s.Instances) == 0 })
}

// A Docker that does not answer keeps nobody waiting, and what was seen stays.
func TestDockerThatHangs(t *testing.T) {
	t.Parallel()
	port, _ := app(t)
	d := &docker{containers: []engine.Container{stack(t, "alpha", port)}}
	w := watching(t, d, Options{})
	if err := w.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.set(func() { d.hangs = true })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.List(ctx); err == nil {
		t.Error("a Docker that hangs answers")
	}
	s := until(t, w, func(s Snapshot) bool { return s.Trouble != "" })
	if len(s.Instances) != 1 || s.Silent.IsZero() {
		t.Errorf("%+v", s)
	}
	d.set(func() { d.hangs = false })
	if err := w.List(t.Context()); err != nil || w.Snapshot().Trouble != "" {
		t.Errorf("%v, %+v", err, w.Snapshot())
	}
}

// A measurement that a Snapshot shows does not change.
func TestPush(t *testing.T) {
	var values []float64
	for n := range 3 * kept {
		before := append([]float64(nil), values...)
		next := push(values, float64(n))
		if fmt.Sprint(before) != fmt.Sprint(values) || len(next) > kept || Last(next) != float64(n) {
			t.Fatal(n, values, next)
		}
		values = next
	}
}

// A mistake in one look is told, and keeps nothing else from being looked at.
func TestMistake(t *testing.T) {
	t.Parallel()
	port, _ := app(t)
	d := &docker{containers: []engine.Container{stack(t, "alpha", port)}}
	w := watching(t, d, Options{Examine: func(context.Context, string) []Problem { panic("a mistake") }})
	if err := w.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := until(t, w, func(s Snapshot) bool { return s.Broken != "" })
	if s.Broken != "a mistake" || s.Instances[0].State != Ready {
		t.Errorf("%+v", s)
	}
}

// The first frame waits for one answer of Docker, however many instances there are,
// and what it cannot know from that comes after it.
func TestSketch(t *testing.T) {
	t.Parallel()
	port, _ := app(t)
	d := &docker{}
	for n := range 20 {
		c := stack(t, fmt.Sprintf("i%02d", n), port)
		if n == 19 {
			c.State, c.ExitCode = "exited", 137
		}
		d.containers = append(d.containers, c)
	}
	w := New(Options{Docker: d})
	if err := w.Sketch(t.Context()); err != nil || d.asked != 1 {
		t.Fatalf("%d questions: %v", d.asked, err)
	}
	s := w.Snapshot()
	if len(s.Instances) != 20 || s.Instances[0].State != Checking || s.Instances[0].URL == "" || s.Instances[19].State != Stopped || s.Instances[19].Reason != "" {
		t.Fatalf("%+v", s.Instances)
	}
	if found := w.running(); len(found) != 0 {
		t.Errorf("%d are asked by what a list says of them", len(found))
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); w.Run(ctx) }()
	defer func() { cancel(); <-over }()
	until(t, w, func(s Snapshot) bool {
		return s.Instances[0].State == Ready && strings.Contains(s.Instances[19].Reason, "137")
	})
}

// With many instances a few are measured in each round, and each of them in its turn.
func TestMeasuredInTurn(t *testing.T) {
	t.Parallel()
	for n, rounds := range map[int]int{0: 1, 1: 1, 6: 1, 7: 2, 20: 4} {
		d := &docker{}
		for k := range n {
			d.containers = append(d.containers, stack(t, fmt.Sprintf("i%02d", k), 1))
		}
		w := New(Options{Docker: d})
		if err := w.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for range rounds {
			some := inTurn(w)
			if len(some) > atOneRound {
				t.Errorf("%d of %d at once", len(some), n)
			}
			for _, c := range some {
				seen[c.Name] = true
			}
		}
		if len(seen) != n {
			t.Errorf("%d of %d after %d rounds", len(seen), n, rounds)
		}
	}
}
