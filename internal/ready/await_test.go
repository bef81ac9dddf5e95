package ready

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// began is when the container of every test was started.
var began = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// app is an OpenAlgo over HTTP, with its WebSocket on the same port.
type app struct {
	*httptest.Server

	mu     sync.Mutex
	status int    // of every answer; 0: it does not answer
	body   string // of CheckSetup
	socket bool
	asked  int
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{status: http.StatusOK, body: `{"needs_setup": false}`, socket: true}
	a.Server = httptest.NewUnstartedServer(a)
	a.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(func() { a.Close() })
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	status, body, socket := a.status, a.body, a.socket
	a.asked++
	a.mu.Unlock()
	switch {
	case status == 0:
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	case r.Header.Get("Upgrade") != "":
		if !socket {
			w.WriteHeader(http.StatusNotFound)
		} else if conn, err := websocket.Accept(w, r, nil); err == nil {
			<-conn.CloseRead(r.Context()).Done()
		}
	case r.URL.Path == openalgo.AppInfo:
		fmt.Fprint(w, `{"version": "2.0.2.1"}`)
	default:
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// set changes the app while it is asked.
func (a *app) set(change func(*app)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *app) port() int { return a.Listener.Addr().(*net.TCPAddr).Port }

// docker is an engine with one container.
type docker struct {
	mu     sync.Mutex
	local  bool
	c      engine.Container
	err    error  // of every look at the container
	log    string // of the container; it then goes on without a line
	follow func(io.Writer)
	looks  int
	look   func(d *docker) // called at every look
}

func newDocker(a *app) *docker {
	return &docker{local: true, c: engine.Container{ID: "id", Name: "openalgo-web", State: "running", StartedAt: began, Ports: []engine.PortBinding{
		{HostIP: "0.0.0.0", HostPort: a.port(), ContainerPort: openalgo.WebPort}, {HostPort: a.port(), ContainerPort: openalgo.WebSocketPort}}}}
}

func (d *docker) Info() engine.Info { return engine.Info{Local: d.local} }

func (d *docker) Container(context.Context, string) (engine.Container, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	if d.look != nil {
		d.look(d)
	}
	return d.c, d.err
}

func (d *docker) ReadFile(context.Context, string, string, int64) ([]byte, error) {
	return []byte("    (\"a.py\", \"A\"),\n    (\"b.py\", \"B\"),\n"), nil
}

func (d *docker) Logs(ctx context.Context, _ string, o engine.LogOptions, out, _ io.Writer) error {
	if !o.Follow {
		return errors.New("the log is not followed")
	}
	_, _ = io.WriteString(out, d.log)
	if d.follow != nil {
		d.follow(out)
	}
	<-ctx.Done()
	return ctx.Err()
}

// quick are times in which a test ends. A start may stand still for longer than a busy
// machine keeps a process waiting.
func quick() *times {
	return &times{poll: time.Millisecond, still: 3 * time.Second, whole: time.Minute, patience: 20 * time.Millisecond,
		steady: time.Millisecond, say: 5 * time.Millisecond, https: time.Second}
}

// events keeps what was reported.
type events struct {
	mu  sync.Mutex
	all []event.Event
}

func (e *events) Report(one event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, one)
}

func (e *events) texts(kind string) (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range e.all {
		if one.Type == kind {
			out = append(out, one.Message)
		}
	}
	return out
}

func start(t *testing.T) (*app, *docker, *Prober, *events) {
	t.Helper()
	a := newApp(t)
	a.Start()
	d, e := newDocker(a), &events{}
	return a, d, &Prober{Engine: d, Report: e, times: quick()}, e
}

func TestReady(t *testing.T) {
	t.Parallel()
	a, d, p, _ := start(t)
	for _, body := range []bool{true, false} {
		a.set(func(a *app) { a.body = fmt.Sprintf(`{"needs_setup": %v}`, body) })
		needsSetup, err := p.Await(t.Context(), p.TargetOf(d.c))
		if err != nil || needsSetup != body {
			t.Errorf("%v, %v; want %v", needsSetup, err, body)
		}
	}
	if needsSetup, err := p.Await(t.Context(), Target{Name: "openalgo-web", Local: true, Web: Address("", a.port())}); err != nil || needsSetup {
		t.Errorf("by its name, without a WebSocket: %v, %v", needsSetup, err)
	}
	if v := Version(t.Context(), Address("", a.port())); v != "2.0.2.1" {
		t.Errorf("version %q", v)
	}
}

// A start that takes long, gets further, and is called unhealthy meanwhile, ends
// well.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	a, d, p, e := start(t)
	a.set(func(a *app) { a.status = 0 })
	d.c.Health = "unhealthy"
	d.c.StartedAt = time.Now()
	d.follow = func(out io.Writer) {
		fmt.Fprintln(out, "[OpenAlgo] Running database migrations...")
		for range 18 { // longer in all than it may stand still
			fmt.Fprintln(out, "Script: a.py")
			time.Sleep(p.times.still / 16)
		}
		fmt.Fprintln(out, "[OpenAlgo] Starting application on port 5000")
		a.set(func(a *app) { a.status = http.StatusOK })
	}
	if _, err := p.Await(t.Context(), p.TargetOf(d.c)); err != nil {
		t.Error(err)
	}
	said := strings.Join(e.texts(event.TypeProgress), "\n")
	for _, want := range []string{"running the migrations", "migrations 1 of 2", "starting the web server"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

func TestStartThatStandsStill(t *testing.T) {
	t.Parallel()
	a, d, p, e := start(t)
	a.set(func(a *app) { a.status = 0 })
	d.log = "hello\n"
	d.c.StartedAt = time.Now()
	_, err := p.Await(t.Context(), p.TargetOf(d.c))
	mustNotBeReady(t, err, "was not ready after", "no answer from http://127.0.0.1:")
	if log := LogOf(err); len(log) != 1 || log[0] != "hello" {
		t.Errorf("the log is %q", log)
	}
	if said := strings.Join(e.texts(event.TypeProgress), "\n"); !strings.Contains(said, "waiting for OpenAlgo's first answer") {
		t.Errorf("nobody is told of the wait: %q", said)
	}
}

func mustNotBeReady(t *testing.T, err error, words ...string) {
	t.Helper()
	notReady := (*NotReadyError)(nil)
	if !errors.As(err, &notReady) {
		t.Errorf("%v, want a NotReadyError", err)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%v: %q is missing", err, word)
		}
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*app, *docker, *Target)
		want   string
	}{
		"an error of the server": {func(a *app, _ *docker, _ *Target) { a.status = 500 }, "answers 500"},
		"another program":        {func(a *app, _ *docker, _ *Target) { a.body = "<html>" }, "Is another program on this port?"},
		"other JSON":             {func(a *app, _ *docker, _ *Target) { a.body = `{"status": "ok"}` }, "no needs_setup"},
		"no WebSocket":           {func(a *app, _ *docker, _ *Target) { a.socket = false }, "the WebSocket proxy on"},
		"an empty database":      {func(a *app, _ *docker, t *Target) { a.body, t.SetupDone = `{"needs_setup": true}`, true }, "with an empty database"},
		"no port":                {func(_ *app, _ *docker, t *Target) { t.Web = "" }, "port 5000 of the container is not published"},
		"it exits":               {func(_ *app, d *docker, _ *Target) { d.c.State, d.c.ExitCode = "exited", 7 }, "exited with status 7"},
		"it is dead":             {func(_ *app, d *docker, _ *Target) { d.c.State = "dead" }, "exited with status"},
		"it restarts":            {func(_ *app, d *docker, _ *Target) { d.c.State, d.c.ExitCode = "restarting", 1 }, "right after each start"},
		"it restarted": {func(a *app, d *docker, _ *Target) {
			a.status = 0
			d.look = func(d *docker) { d.c.RestartCount = d.looks }
		}, "right after each start"},
		"out of memory": {func(_ *app, d *docker, _ *Target) { d.c.State, d.c.OOMKilled = "exited", true }, "ran out of memory"},
		"it is removed": {func(_ *app, d *docker, _ *Target) { d.err = engine.ErrNotFound }, "was removed"},
		"a fatal line":  {func(a *app, d *docker, _ *Target) { a.status, d.log = 0, "Error: .env file not found.\n" }, "cannot read its .env"},
		"a fatal ending": {func(_ *app, d *docker, _ *Target) {
			d.c.State, d.log = "exited", "Error: LOG_LEVEL must be one of: DEBUG\n"
		}, "LOG_LEVEL must be one of"},
		"ill and too old": {func(a *app, d *docker, _ *Target) {
			a.status, d.c.Health, d.c.HealthLog = 0, "unhealthy", "a\ncurl: (7)\n"
		}, "health check fails: curl: (7)"},
		"elsewhere, unhealthy": {func(_ *app, d *docker, t *Target) {
			t.Local, d.c.Health, d.c.StartedAt = false, "unhealthy", time.Now()
		}, `the health check reports "unhealthy"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, d, p, _ := start(t)
			target := p.TargetOf(d.c)
			c.change(a, d, &target)
			_, err := p.Await(t.Context(), target)
			mustNotBeReady(t, err, c.want)
		})
	}
}

// The WebSocket may come later than the web interface, and a wrong answer once
// is no failure.
func TestWrongAnswersForAWhile(t *testing.T) {
	t.Parallel()
	a, d, p, _ := start(t)
	p.times.patience = 5 * time.Second
	a.set(func(a *app) { a.status = http.StatusBadGateway })
	d.look = func(d *docker) {
		if d.looks > 5 {
			a.set(func(a *app) { a.status = http.StatusOK })
		}
	}
	if _, err := p.Await(t.Context(), p.TargetOf(d.c)); err != nil {
		t.Error(err)
	}
}

// An app that answers once and falls over is not ready: the right answers must
// last, in one run of the container.
func TestAnswersThatDoNotLast(t *testing.T) {
	t.Parallel()
	a, d, p, _ := start(t)
	d.look = func(d *docker) {
		d.c.StartedAt = began.Add(time.Duration(d.looks) * time.Second)
		if d.looks > 5 {
			d.c.State, d.c.ExitCode = "exited", 3
		}
	}
	_, err := p.Await(t.Context(), p.TargetOf(d.c))
	mustNotBeReady(t, err, "status 3")
	if a.asked == 0 {
		t.Error("it was not asked")
	}
}

func TestAwaitEnds(t *testing.T) {
	t.Parallel()
	a, d, p, _ := start(t)
	a.set(func(a *app) { a.status = 0 })
	p.times.still = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	d.look = func(d *docker) {
		if d.looks > 3 {
			cancel()
		}
	}
	if _, err := p.Await(ctx, p.TargetOf(d.c)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	d.look, d.err = nil, engine.ErrUnreachable
	if _, err := p.Await(t.Context(), p.TargetOf(d.c)); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("%v, want that Docker is gone", err)
	}
	d.err, p.Wait = nil, 20*time.Millisecond
	_, err := p.Await(t.Context(), p.TargetOf(d.c))
	mustNotBeReady(t, err, "was not ready after")
	_, err = p.Await(t.Context(), Target{Name: "x", Local: true})
	mustNotBeReady(t, err)
}

func TestNow(t *testing.T) {
	t.Parallel()
	a, d, p, _ := start(t)
	p.Report = nil
	for name, c := range map[string]struct {
		c    engine.Container
		app  int
		want State
	}{
		"ready":            {engine.Container{State: "running"}, 200, State{Ready: true}},
		"stopped":          {engine.Container{State: "exited", ExitCode: 7}, 200, State{Reason: "the container ended with status 7"}},
		"stopped in order": {engine.Container{State: "exited", ExitCode: 143, Restart: "unless-stopped"}, 200, State{Reason: "OpenAlgo was stopped", Stopped: true}},
		"ended alone":      {engine.Container{State: "exited", ExitCode: 143, Restart: "no"}, 200, State{Reason: "the container ended with status 143"}},
		"failed":           {engine.Container{State: "exited", ExitCode: 1, Restart: "unless-stopped"}, 200, State{Reason: "the container ended with status 1"}},
		"out of memory":    {engine.Container{State: "exited", ExitCode: 137, OOMKilled: true}, 200, State{Reason: "the container ended with status 137: it ran out of memory"}},
		"created":          {engine.Container{State: "created"}, 200, State{Reason: "the container is created"}},
		"starting":         {engine.Container{State: "running", StartedAt: time.Now()}, 0, State{Starting: true, Reason: "ago and does not answer yet"}},
		"too long":         {engine.Container{State: "running", StartedAt: began.AddDate(-2, 0, 0)}, 0, State{Reason: "no answer from"}},
		"wrong answers":    {engine.Container{State: "running", StartedAt: time.Now()}, 500, State{Reason: "answers 500"}},
	} {
		a.set(func(a *app) { a.status = c.app })
		c.c.Ports = d.c.Ports
		got := p.Now(t.Context(), c.c)
		if got.Ready != c.want.Ready || got.Stopped != c.want.Stopped || got.Starting != c.want.Starting || !strings.Contains(got.Reason, c.want.Reason) || c.want.Reason == "" && got.Reason != "" {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
