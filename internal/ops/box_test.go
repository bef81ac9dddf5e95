package ops_test

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/templates"
)

// box is a machine with a Docker in memory. An OpenAlgo that starts there answers
// on its ports, and keeps a database.
type box struct {
	t         *testing.T
	dir       string
	docker    *memory.Engine
	web, sock int
	wait      time.Duration // for a start
	events    []event.Event
	asked     []plan.Ask

	mu     sync.Mutex
	broken string // why OpenAlgo does not answer
	setup  bool   // it has an account
	open   map[int]*http.Server
}

const (
	first  = "marketcalls/openalgo:1"
	second = "marketcalls/openalgo:2"
)

// A test mostly waits until OpenAlgo has answered for a while.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newBox(t *testing.T) *box {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("files of the container's user are given to it by root alone")
	}
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755))
	b := &box{t: t, wait: time.Minute, dir: filepath.Join(root, "openalgo"), docker: memory.New(filepath.Join(root, "docker")), open: map[int]*http.Server{}}
	b.docker.Facts.OS, b.docker.Facts.Arch, b.docker.Facts.RootDir = "linux", runtime.GOARCH, root
	b.docker.OnStart = b.begin
	b.web, b.sock = freePort(), freePort()
	b.image(first, "1", "")
	b.image(second, "2", "NEW_IN_TWO = 'yes'\n")
	return b
}

// freePort is one that no other box has, and that no connection gets by itself.
func freePort() int {
	for {
		port := firstPort + int(lastPort.Add(apart))%ports
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = listener.Close()
			return port
		}
	}
}

// Ports that neither the kernel hands out nor the end-to-end tests, which may run
// at the same time. A second OpenAlgo beside the first takes the next ones, so
// those of two boxes are apart.
const firstPort, ports, apart = 10000, 10000, 16

// lastPort begins somewhere: these tests may run twice at once.
var lastPort atomic.Int32

func init() { lastPort.Store(int32(os.Getpid() % ports)) }

// image is a release of OpenAlgo, whose .sample.env has more than the built-in one.
func (b *box) image(ref, release, more string) {
	b.t.Helper()
	made := engine.Image{ID: "sha256:" + strings.Repeat(release, 64), Ref: ref, OS: "linux", Arch: runtime.GOARCH, User: "1000",
		Created: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Digest: "sha256:" + strings.Repeat("d"+release, 32)}
	made.Digests = []string{"marketcalls/openalgo@" + made.Digest}
	b.docker.Publish(ref, made)
	sample := string(templates.Env())
	if more != "" {
		sample = regexp.MustCompile(`ENV_CONFIG_VERSION = .*`).ReplaceAllString(sample, "ENV_CONFIG_VERSION = '99.0.0'") + more
	}
	must(b.t, b.docker.PutImage(made, map[string]string{openalgo.Sample: sample}))
}

// begin is the start of OpenAlgo.
func (b *box) begin(c engine.Container) {
	for _, m := range c.Mounts {
		if m.Target == openalgo.DB {
			_ = os.WriteFile(filepath.Join(m.Source, "openalgo.db"), []byte(c.ImageID), 0o644)
		}
	}
	for _, port := range c.Ports {
		b.listen(port.HostPort, port.ContainerPort == openalgo.WebPort)
	}
}

func (b *box) listen(port int, web bool) {
	if b.open[port] != nil {
		return
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		b.t.Errorf("port %d: %v", port, err)
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		broken, setup := b.broken, b.setup
		b.mu.Unlock()
		switch {
		case broken != "":
			http.Error(w, broken, http.StatusInternalServerError)
		case web:
			fmt.Fprintf(w, `{"needs_setup": %v}`, !setup)
		default:
			if conn, err := websocket.Accept(w, r, nil); err == nil {
				_ = conn.CloseNow()
			}
		}
	})}
	b.open[port] = server
	go func() { _ = server.Serve(listener) }()
	b.t.Cleanup(func() { _ = server.Close() })
}

func (b *box) session() *ops.Session {
	b.t.Helper()
	s, err := ops.New(b.dir, b.docker, sizing.Machine{RAMMiB: 4096, Cores: 2}, event.ReporterFunc(func(e event.Event) { b.events = append(b.events, e) }))
	must(b.t, err)
	s.Wait, s.Guard = b.wait, freeze.NoGuard
	s.Confirm = func(p *plan.Plan) (bool, error) {
		b.asked = append(b.asked, p.Asks...)
		return false, nil
	}
	return s
}

// answers are those of an install, with more of them.
func (b *box) answers(more string) answers.Answers {
	b.t.Helper()
	text := fmt.Sprintf("version: 1\nbroker: {name: zerodha, api_key: abcdefghij, api_secret: klmnopqrst}\n"+
		"image: {source: registry, ref: '%s'}\nports: {web: %d, websocket: %d}\n%s", first, b.web, b.sock, more)
	a, problems := answers.Parse([]byte(text), answers.Lookup{})
	if len(problems) > 0 {
		b.t.Fatal(problems)
	}
	return a
}

// do carries a command out, which has to go well.
func (b *box) do(c ops.Command) event.Result {
	b.t.Helper()
	result, err := b.session().Do(b.t.Context(), c)
	if err != nil {
		b.t.Fatalf("%s: %v", c.Name, err)
	}
	return result
}

func (b *box) container() engine.Container {
	b.t.Helper()
	c, err := b.docker.Container(b.t.Context(), "openalgo-web")
	must(b.t, err)
	return c
}

func (b *box) env(key string) string {
	b.t.Helper()
	for line := range strings.Lines(b.read(".env")) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && k == key {
			return strings.Trim(v, "'")
		}
	}
	return ""
}

func (b *box) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *box) journal() bool { return instance.Dir(b.dir).HasJournal() }

func (b *box) said(text string) bool {
	for _, e := range b.events {
		if strings.Contains(e.Message, text) {
			return true
		}
	}
	return false
}

// say makes OpenAlgo answer with an error; "" is that it works.
func (b *box) say(broken string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
	if b.wait = time.Minute; broken != "" {
		b.wait = shortWait
	}
}

// shortWait is for a start that fails: others have the time that a busy machine takes.
const shortWait = 3 * time.Second

// failsOnce makes the next start of OpenAlgo fail, and no other.
func (b *box) failsOnce() {
	starts := 0
	b.wait = shortWait
	b.docker.OnStart = func(c engine.Container) {
		b.begin(c)
		b.say("")
		if starts++; starts == 1 {
			b.say("it is broken")
		}
	}
}

// account makes the first account.
func (b *box) account() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.setup = true
}

// place is where a mount of the container is on this machine.
func (b *box) place(target string) string {
	for _, m := range b.container().Mounts {
		if m.Target == target {
			return m.Source
		}
	}
	return ""
}

// hangUp frees the ports.
func (b *box) hangUp() {
	for port, server := range b.open {
		_ = server.Close()
		delete(b.open, port)
	}
}
