package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A run that was interrupted: where OpenAlgo is down since, or the machine has started
// again, the watch completes or undoes it; else it is told.
func TestProblemOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	settled := func(when string) {
		t.Helper()
		w.rounds(4)
		got := w.news()
		if len(got) != 1 || got[0].Event != "recovered" {
			t.Errorf("%s: told %+v", when, got)
		}
		w.isReady()
		w.mustBeTidy()
	}
	w.write("env: {LOG_LEVEL: DEBUG}\nsizing: {threads: 1}")
	w.kill("after-stop")
	settled("OpenAlgo is down")

	w.write("env: {LOG_LEVEL: WARNING}\nsizing: {threads: 2}")
	w.kill("before-stop")
	journal := w.path(".openalgo-install/journal.json")
	w.happens(problem{event: "interrupted", begin: func() {}, end: func() {
		if out := w.run("start"); out.code != 0 {
			t.Fatal(out.all())
		}
	}})

	w.write("env: {LOG_LEVEL: ERROR}\nsizing: {threads: 1}")
	w.kill("before-stop")
	long := time.Now().AddDate(-1, 0, 0)
	if err := os.Chtimes(journal, long, long); err != nil {
		t.Fatal(err)
	}
	settled("after a boot")
}

// A network that is away: messages wait, come later, each once, in their order.
func TestProblemsWithoutANetwork(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	name := w.project + "-web"
	w.receiver.close()
	w.docker("stop", "--time=1", name)
	w.rounds(3)
	var list struct{ Targets []struct{ Waiting int } }
	if err := json.Unmarshal([]byte(w.run("notify", "list", "--json").stdout), &list); err != nil || len(list.Targets) != 1 || list.Targets[0].Waiting != 1 {
		t.Errorf("%v: %+v", err, list)
	}
	if out := w.run("status"); !strings.Contains(out.stdout, "webhook") {
		t.Errorf("status does not say that messages wait:\n%s", out.stdout)
	}
	w.run("start")
	w.rounds(3)
	before := w.receiver.letters
	w.receiver.open()
	w.rounds(1)
	got := w.news()
	if len(got) != 2 || got[0].Event != "down" || got[0].State == "ended" || got[1].State != "ended" || w.receiver.letters != before+1 {
		t.Errorf("%d letters, %+v", w.receiver.letters-before, got)
	}
	if w.rounds(3); len(w.news()) > 0 {
		t.Error("sent again")
	}
}

// A new release is told once; a registry that is away is none.
func TestProblemOfANewRelease(t *testing.T) {
	t.Parallel()
	if !*makeProblems {
		t.Skip("make problems does this")
	}
	repository := sharedRegistry(t) + "/openalgo"
	config := dockerConfig(t, map[string]any{})
	release(t, repository+":base", config, "")
	versioned(t, repository+":1", repository+":base", config, "2.0.2.1")
	removeTags(t, repository)
	w := newWatched(t, func(w *watched) { w.from(repository + ":1") })
	t.Cleanup(func() { removeProject(t, w.project) })
	w.happens(problem{event: "image-newer", after: 24 * time.Hour, noEnd: true, otherwise: []string{"holidays-unknown"},
		begin: func() { versioned(t, repository+":1", repository+":base", config, "2.0.3.0") },
		end: func() {
			if out := w.run("upgrade", "--now", "--yes"); out.code != 0 {
				t.Fatal(out.all())
			}
		}})
}

// between stands between the program and Docker: it answers late, or not at all.
type between struct {
	path  string
	delay atomic.Int64
	// silent is a part of the paths of requests that are never answered.
	silent atomic.Value
	asked  atomic.Int64
	looked atomic.Int64 // inspects of containers
}

// answered is a part of no path.
const answered = "\x00"

func newBetween(t *testing.T, to string) *between {
	t.Helper()
	b := &between{path: filepath.Join(shortDir(t), "d.sock")}
	b.silent.Store(answered)
	listener, err := net.Listen("unix", b.path)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.FlushInterval = -1
	proxy.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", to)
	}}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		if path := r.URL.Path; strings.Contains(path, "/containers/") && strings.HasSuffix(path, "/json") && !strings.HasSuffix(path, "/containers/json") {
			b.looked.Add(1)
		}
		if strings.Contains(r.URL.Path, b.silent.Load().(string)) {
			<-r.Context().Done()
			return
		}
		select {
		case <-time.After(time.Duration(b.delay.Load())):
			proxy.ServeHTTP(out, r)
		case <-r.Context().Done():
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return b
}

// shortDir is a directory whose sockets have short names.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "oa")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// A Docker that does not answer, or late: each round ends, one message, and no second
// round beside one that waits.
func TestProblemsOfASilentDocker(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string]struct {
		path  string
		delay time.Duration
		event string
	}{
		"from the first question":      {path: "_ping", event: "engine-unusable"},
		"when it lists containers":     {path: "/containers/json", event: "engine-unusable"},
		"when it shows one":            {path: "-web/json", event: "engine-unusable"}, // replaced below by the ID
		"when it answers after a time": {path: answered, delay: 15 * time.Second, event: "engine-unusable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b *between
			w := newWatched(t, func(w *watched) {
				if !*makeProblems {
					return
				}
				b = newBetween(t, engineView{projects: []string{w.project}}.serve(t))
				w.env = []string{"DOCKER_HOST=unix://" + b.path}
			})
			if strings.HasSuffix(silent.path, "-web/json") {
				silent.path = w.container().ID + "/json"
			}
			round := func() *exec.Cmd {
				w.now = w.now.Add(2 * time.Minute)
				ctx, cancel := context.WithTimeout(t.Context(), 160*time.Second) // of looking and of telling
				t.Cleanup(cancel)
				cmd := exec.CommandContext(ctx, w.program, "--dir", w.dir, "watch", "run", "--preopen=off")
				cmd.Env = append(append(os.Environ(), "XDG_STATE_HOME="+w.dir+"-state", "OPENALGO_NOW="+w.now.Format(time.RFC3339)), w.env...)
				return cmd
			}
			b.silent.Store(silent.path)
			b.delay.Store(int64(silent.delay))
			for n := range 4 {
				began := b.asked.Load()
				cmd := round()
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if n == 1 {
					eventually(t, "it asks", func() bool { return b.asked.Load() > began })
					if second, err := round().CombinedOutput(); err != nil || !strings.Contains(string(second), "Another round") {
						t.Errorf("a second round: %v\n%s", err, second)
					}
				}
				if err := cmd.Wait(); err != nil {
					t.Fatalf("%v\n%s", err, out.String())
				}
			}
			if got := w.news(); len(got) != 1 || got[0].Event != silent.event || got[0].State == "ended" {
				t.Errorf("told %+v", got)
			}
			b.silent.Store(answered)
			b.delay.Store(0)
			w.rounds(4)
			if got := w.news(); len(got) != 1 || got[0].Event != silent.event || got[0].State != "ended" {
				t.Errorf("told at its end: %+v", got)
			}
		})
	}
}

// What a round costs with one instance, and with many: its questions grow with their
// number, and not with its square.
func TestCostOfARound(t *testing.T) { // alone, so that the CPU is its own
	if !*makeProblems {
		t.Skip("make problems does this")
	}
	state := t.TempDir()
	var all []*instance
	b := newBetween(t, engineView{projects: []string{"oae2ecost"}}.serve(t))
	for _, count := range []int{1, 6, 20} {
		for len(all) < count {
			i := newInstance(t)
			i.project = fmt.Sprintf("oae2ecost%d", len(all))
			i.dir = filepath.Join(filepath.Dir(i.dir), i.project)
			t.Cleanup(func() { removeProject(t, i.project) })
			i.program = failing
			i.env = []string{"DOCKER_HOST=unix://" + dockerSocket(t)}
			i.install(0)
			all = append(all, i)
		}
		_ = os.RemoveAll(filepath.Join(state, "openalgo-install"))
		now := time.Now()
		for n, what := range []string{"first", "second", "third", "fourth", "fifth", "sixth", "usual", "usual", "usual"} {
			asked, looked := b.asked.Load(), b.looked.Load()
			now = now.Add(2 * time.Minute)
			cmd := exec.CommandContext(t.Context(), failing, "watch", "run")
			cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+state, "OPENALGO_NOW="+now.Format(time.RFC3339), "DOCKER_HOST=unix://"+b.path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			asked, looked = b.asked.Load()-asked, b.looked.Load()-looked
			cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			t.Logf("%2d instances, %s round: %d questions to Docker, %d of them inspects; %d ms of CPU", count, what, asked, looked, cpu.Milliseconds())
			if n > 5 && looked > int64(2*count+2) || looked > int64(6*count+60) {
				t.Errorf("%d inspects", looked)
			}
		}
	}
}
