package e2e_test

import (
	"context"
	"encoding/json"
	"flag"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// makeProblems has each problem that the watch tells made to happen; make problems does,
// on an engine of its own.
var makeProblems = flag.Bool("problems", false, "make each problem of the watch happen")

// heard is an event of a message, as the receiver got it.
type heard struct{ Event, Instance, State, Severity, Title, Text, Command string }

// receiver is a webhook on loopback that can be away for a while.
type receiver struct {
	t       *testing.T
	address string
	server  *http.Server

	lock    sync.Mutex
	events  []heard
	letters int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, address: "127.0.0.1:0"}
	r.open()
	t.Cleanup(r.close)
	return r
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	var doc struct{ Events []heard }
	if err := json.NewDecoder(req.Body).Decode(&doc); err != nil {
		r.t.Error(err)
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.letters++
	r.events = append(r.events, doc.Events...)
}

// open listens, on the port of before.
func (r *receiver) open() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.address = listener.Addr().String()
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }()
}

func (r *receiver) close() { _ = r.server.Close() }

// take returns what came since it was asked last.
func (r *receiver) take() []heard {
	r.lock.Lock()
	defer r.lock.Unlock()
	out := r.events
	r.events = nil
	return out
}

// watched is an instance that is watched by a clock of the test's.
type watched struct {
	*instance
	receiver *receiver
	now      time.Time
	known    []string // events that were told before a problem was made
	noUser   bool     // its admin account is still to be made
}

// newWatched prepares one, with its admin account, and nothing told that is the
// machine's.
func newWatched(t *testing.T, prepare ...func(*watched)) *watched {
	t.Helper()
	if !*makeProblems {
		t.Skip("make problems does this")
	}
	w := &watched{instance: newInstance(t), receiver: newReceiver(t), now: time.Now()}
	w.program = failing // whose clock a test may set
	w.alone()
	for _, f := range prepare {
		f(w)
	}
	w.install(0)
	if !w.noUser {
		w.addUser()
	}
	add := w.command("notify", "add", "webhook")
	add.Stdin = strings.NewReader("http://" + w.receiver.address + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if w.noUser {
		return w
	}
	w.rounds(3)
	for _, h := range w.receiver.take() {
		w.known = append(w.known, h.Event)
		t.Logf("told before: %s: %s", h.Title, h.Text)
	}
	return w
}

// rounds makes rounds, two minutes after one another.
func (w *watched) rounds(n int) {
	w.t.Helper()
	for range n {
		w.now = w.now.Add(2 * time.Minute)
		w.round()
	}
}

func (w *watched) round() outcome {
	w.t.Helper()
	before := w.env
	w.env = append(slices.Clone(before), "OPENALGO_NOW="+w.now.Format(time.RFC3339))
	defer func() { w.env = before }()
	out := w.run("watch", "run", "--preopen=off")
	if out.code != 0 || strings.Contains(out.all(), "Another round") {
		w.t.Fatalf("exits %d\n%s", out.code, out.all())
	}
	return out
}

// later lets time pass, after which slower checks are made again.
func (w *watched) later(d time.Duration) { w.now = w.now.Add(d) }

// news are the messages since it was asked last, without those of this machine that
// were told before.
func (w *watched) news() (out []heard) {
	for _, h := range w.receiver.take() {
		if h.Instance == w.project || !slices.Contains(w.known, h.Event) {
			out = append(out, h)
		}
	}
	return out
}

// problem is one that a test makes.
type problem struct {
	event     string
	of        string        // "machine": of this machine
	begin     func()        // makes it
	end       func()        // ends it; nil: it has no end
	after     time.Duration // after which its check is made again
	noEnd     bool          // no message tells its end
	says      string        // a part of the text
	otherwise []string      // what else may be told of it
}

// happens makes a problem, and wants one message, one of its end, and no other.
func (w *watched) happens(p problem) {
	w.t.Helper()
	told := func(when, state string, want int) {
		w.t.Helper()
		got := w.news()
		got = slices.DeleteFunc(got, func(h heard) bool { return slices.Contains(p.otherwise, h.Event) })
		ok := len(got) == want
		for _, h := range got {
			instance := w.project
			if p.of == "machine" {
				instance = ""
			}
			ok = ok && h.Event == p.event && h.Instance == instance && (h.State == "ended") == (state == "ended") && strings.Contains(h.Title+" "+h.Text, p.says)
		}
		if !ok {
			w.t.Errorf("%s, %s: want %d of it, told %+v", p.event, when, want, got)
		}
	}
	p.begin()
	w.later(p.after)
	w.rounds(3)
	told("begun", "", 1)
	w.later(p.after)
	w.rounds(4)
	told("going on", "", 0)
	if p.end == nil {
		return
	}
	p.end()
	w.later(p.after)
	w.rounds(3)
	p.says = ""
	want := 1
	if p.noEnd {
		want = 0
	}
	told("over", "ended", want)
	w.later(p.after)
	w.rounds(3)
	told("over for long", "", 0)
}

// docker runs the docker command.
func (w *watched) docker(args ...string) string {
	w.t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("docker %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// fault has the test app fail; "" is not any more.
func (w *watched) fault(kind string) {
	w.t.Helper()
	w.setLine("OPENALGO_REHEARSAL_FAIL", kind)
	w.docker("restart", "--time=1", w.project+"-web")
	if kind == "" {
		w.isReady()
	}
}

// setLine writes a line of .env, or removes it. It is written in its place, since the
// container has this very file.
func (w *watched) setLine(name, value string) {
	w.t.Helper()
	var lines []string
	for line := range strings.Lines(w.read(".env")) {
		if !strings.HasPrefix(line, name) {
			lines = append(lines, line)
		}
	}
	if value != "" {
		lines = append(lines, name+" = '"+value+"'\n")
	}
	if err := os.WriteFile(w.path(".env"), []byte(strings.Join(lines, "")), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// isReady waits until the instance is ready.
func (w *watched) isReady() {
	w.t.Helper()
	eventually(w.t, "OpenAlgo is ready", func() bool {
		return strings.Contains(w.run("status", "--json").stdout, `"ready": true`)
	})
}

// ownNamespaces skips what needs an engine and namespaces of the test's own.
func ownNamespaces(t *testing.T) {
	t.Helper()
	if os.Getenv("OPENALGO_OWN_ENGINE") == "" || os.Geteuid() != 0 {
		t.Skip("this needs namespaces of its own: make problems")
	}
}

// mustRun runs a command of this machine.
func mustRun(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// smallDisk mounts a file system in memory at a directory, until the test ends.
func smallDisk(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir)
	t.Cleanup(func() { _ = exec.Command("umount", "--lazy", dir).Run() })
}
