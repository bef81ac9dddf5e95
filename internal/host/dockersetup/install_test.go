package dockersetup_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/host/dockersetup"
)

const (
	aptUpdate  = "env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get update"
	aptInstall = "env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get install"
)

// machine is a pretended one: a directory for its files, a runner that only
// notes what it is told, and a daemon that answers once a command starts it.
type machine struct {
	t       *testing.T
	options dockersetup.Options
	ran     []string // without sudo
	written map[string]string
	fails   map[string]string // the command's beginning, and what it prints
	starts  string            // the command that starts the daemon

	mu  sync.Mutex
	out []string
}

func newMachine(t *testing.T) *machine {
	// Unix socket paths are short; t.TempDir may not be.
	dir, err := os.MkdirTemp("", "dock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &machine{t: t, written: map[string]string{}, fails: map[string]string{}, starts: "systemctl enable --now docker"}
	m.options = dockersetup.Options{
		Out:    m.print,
		User:   "asha",
		Runner: m,
		HTTP:   &http.Client{Transport: roundTrip(m.dockerCom)},
		Socket: filepath.Join(dir, "d.sock"),
		Root:   dir,
		Poll:   time.Millisecond,
	}
	return m
}

func (m *machine) print(line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out = append(m.out, line)
}

func (m *machine) Run(_ context.Context, c dockersetup.Command, out func(string)) error {
	line := strings.TrimPrefix(strings.Join(c.Args, " "), "sudo -n ")
	if line == "true" { // asks whether sudo works
		return nil
	}
	if path, found := strings.CutPrefix(line, "install -D -m 0644 /dev/stdin "); found {
		m.written[path] = string(c.Stdin)
		return nil
	}
	m.ran = append(m.ran, line)
	for beginning, text := range m.fails {
		if strings.HasPrefix(line, beginning) {
			for l := range strings.Lines(text) {
				out(strings.TrimSpace(l))
			}
			return errors.New("exit status 100")
		}
	}
	if strings.HasPrefix(line, m.starts) {
		m.daemon()
	}
	return nil
}

func (m *machine) daemon() {
	listener, err := net.Listen("unix", m.options.Socket)
	if err != nil {
		m.t.Error(err)
		return
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"Version":"28.5.2","ApiVersion":"1.51"}`))
	})}}
	server.Start()
	m.t.Cleanup(server.Close)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dockerCom knows bookworm and noble.
func (m *machine) dockerCom(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch r.URL.Path {
	case "/linux/debian/dists/bookworm/Release", "/linux/ubuntu/dists/noble/Release":
	case "/linux/debian/gpg", "/linux/ubuntu/gpg":
		w.Write(read(m.t, "testdata/docker-deb.asc"))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func (m *machine) file(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.options.Root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) install(f host.Facts) (dockersetup.Report, error) {
	return dockersetup.Install(m.t.Context(), f, m.options)
}

// ranOne reports whether a command with both words was run.
func (m *machine) ranOne(words ...string) bool {
	return slices.ContainsFunc(m.ran, func(line string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
	})
}

func TestInstallFromDockersRepository(t *testing.T) {
	m := newMachine(t)
	report, err := m.install(facts(mint))
	if err != nil {
		t.Fatal(err)
	}
	if !report.Changed || report.Version != "28.5.2" {
		t.Errorf("report: %+v", report)
	}
	if key := m.written["/etc/apt/keyrings/docker.asc"]; key != string(read(t, "testdata/docker-deb.asc")) {
		t.Errorf("key: %q", key)
	}
	list := m.written["/etc/apt/sources.list.d/docker.sources"]
	if !strings.Contains(list, "linux/ubuntu\nSuites: noble\n") || !strings.Contains(list, "Signed-By: /etc/apt/keyrings/docker.asc") {
		t.Errorf("list:\n%s", list)
	}
	if !m.ranOne("apt-get install", "docker-ce ") || !m.ranOne("systemctl enable --now docker") {
		t.Errorf("ran %q", m.ran)
	}
	notes := strings.Join(report.Notes, "\n")
	if !strings.Contains(notes, "usermod -aG docker asha") || !strings.Contains(notes, "all that root can") {
		t.Errorf("notes:\n%s", notes)
	}

	// And again: nothing to do.
	m.ran = nil
	report, err = m.install(facts(mint))
	if err != nil || report.Changed || len(m.ran) != 0 || !strings.Contains(report.Notes[0], "running already") {
		t.Errorf("second run: %+v, %v, ran %q", report, err, m.ran)
	}
}

func TestInstallFromDistribution(t *testing.T) {
	sid := host.OS{ID: "debian", Pretty: "Debian GNU/Linux forky/sid"}
	forky := host.OS{ID: "debian", Codename: "forky"}
	unreachable := func(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") }
	for name, c := range map[string]struct {
		os      host.OS
		prepare func(*machine)
		why     string
	}{
		"unreachable":          {debian, func(m *machine) { m.options.HTTP = &http.Client{Transport: roundTrip(unreachable)} }, "cannot be reached"},
		"codename not there":   {forky, nil, "no packages for debian forky yet"},
		"no codename":          {sid, nil, "does not tell its Linux release"},
		"derivative unknown":   {host.OS{ID: "pop", Like: []string{"ubuntu", "debian"}, Pretty: "Pop"}, nil, "no repository for Pop"},
		"asked for":            {debian, func(m *machine) { m.options.Source = dockersetup.FromDistribution }, "asked for"},
		"containerd installed": {debian, func(m *machine) { m.file("var/lib/dpkg/status", dpkgStatus) }, "the installed package containerd"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			if c.prepare != nil {
				c.prepare(m)
			}
			report, err := m.install(facts(c.os))
			if err != nil {
				t.Fatal(err)
			}
			if !m.ranOne("apt-get install", "docker.io") || len(m.written) != 0 {
				t.Errorf("ran %q, wrote %v", m.ran, m.written)
			}
			if !strings.Contains(report.Notes[0], c.why) {
				t.Errorf("notes: %q", report.Notes)
			}
		})
	}
}

const dpkgStatus = `Package: runc
Status: deinstall ok config-files
Version: 1

Package: containerd
Status: install ok installed
Version: 1.6
`

func TestInstallKeepsTheUsersRepositoryEntry(t *testing.T) {
	m := newMachine(t)
	m.file("etc/apt/sources.list.d/docker.list", "deb [signed-by=/usr/share/keyrings/docker.gpg] https://download.docker.com/linux/debian bookworm stable\n")
	if _, err := m.install(facts(debian)); err != nil {
		t.Fatal(err)
	}
	if len(m.written) != 0 || !m.ranOne("apt-get install", "docker-ce ") {
		t.Errorf("ran %q, wrote %v", m.ran, m.written)
	}
}

func TestInstallRefusesAnotherKey(t *testing.T) {
	m := newMachine(t)
	m.options.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		if strings.HasSuffix(r.URL.Path, "/gpg") {
			w.Write(read(t, "testdata/other.asc"))
		}
		return w.Result(), nil
	})}
	_, err := m.install(facts(debian))
	if err == nil || !strings.Contains(err.Error(), "499F76CDAA607B30FF0B3358BEAE1C7098EC3026") {
		t.Error(err)
	}
	if len(m.ran) != 0 || len(m.written) != 0 {
		t.Errorf("ran %q, wrote %v", m.ran, m.written)
	}
}

func TestInstalledButStopped(t *testing.T) {
	m := newMachine(t)
	m.file("usr/sbin/dockerd", "")
	report, err := m.install(facts(debian))
	if err != nil || !report.Changed || len(m.ran) != 1 || m.ran[0] != "systemctl enable --now docker" {
		t.Errorf("%+v, %v, ran %q", report, err, m.ran)
	}
}

func TestStartWithoutSystemd(t *testing.T) {
	plain := facts(debian)
	plain.Systemd = false
	for name, c := range map[string]struct {
		prepare func(*machine)
		byHand  bool
		note    bool
	}{
		"service starts it": {func(m *machine) {
			m.starts = "service docker start"
			m.file("etc/rc3.d/S01docker", "")
		}, false, false},
		"service fails": {func(m *machine) {
			m.starts = "sh -c setsid dockerd"
			m.fails["service docker start"] = "ulimit: error setting limit (Operation not permitted)"
		}, true, true},
		"the package started it": {func(m *machine) { m.starts = aptInstall }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.options.Source = dockersetup.FromDistribution
			m.file("usr/sbin/service", "")
			c.prepare(m)
			report, err := m.install(plain)
			if err != nil {
				t.Fatal(err)
			}
			if m.ranOne("setsid dockerd") != c.byHand {
				t.Errorf("ran %q", m.ran)
			}
			if note := strings.Contains(strings.Join(report.Notes, "\n"), "next boot"); note != c.note {
				t.Errorf("notes: %q", report.Notes)
			}
		})
	}
}

func TestFailureShowsTheLastLines(t *testing.T) {
	m := newMachine(t)
	m.fails[aptInstall] = strings.Repeat("Get: something\n", 50) + "E: You don't have enough free space in /var/cache/apt/archives/."
	_, err := m.install(facts(debian))
	var failed *dockersetup.CommandError
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if !strings.Contains(err.Error(), "enough free space") || len(failed.Tail) > 20 {
		t.Error(err)
	}
	if m.ranOne("systemctl") {
		t.Error("went on after the failure")
	}
}

func TestBrokenThirdPartySourceIsAWarning(t *testing.T) {
	m := newMachine(t)
	m.fails[aptUpdate] = "E: The repository 'http://ppa.example noble Release' does not have a Release file."
	if _, err := m.install(facts(ubuntu)); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.out, func(l string) bool {
		return strings.HasPrefix(l, "warning:") && strings.Contains(l, "ppa.example")
	}) {
		t.Errorf("said %q", m.out)
	}
}

func TestDaemonThatDoesNotAnswer(t *testing.T) {
	m := newMachine(t)
	m.file("usr/sbin/dockerd", "")
	m.file("var/log/dockerd.log", "first\nfailed to start daemon: Devices cgroup isn't mounted\n")
	m.starts = "never"
	m.options.Wait = time.Millisecond
	plain := facts(debian)
	plain.Systemd = false
	_, err := m.install(plain)
	if err == nil || !strings.Contains(err.Error(), "Devices cgroup isn't mounted") {
		t.Error(err)
	}
}

// The lock is really held, through an open file description so that this same
// process sees it, and let go when the countdown has been seen.
func TestWaitsForTheAptLock(t *testing.T) {
	m := newMachine(t)
	release := lockApt(m)
	m.options.Out = func(line string) {
		m.print(line)
		if strings.Contains(line, "finished with apt") && strings.Contains(line, "left") {
			if len(m.ran) != 0 {
				t.Errorf("ran %q under the lock", m.ran)
			}
			release()
		}
	}
	if _, err := m.install(facts(debian)); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.out, func(l string) bool { return strings.HasPrefix(l, "waiting until ") }) {
		t.Errorf("said %q", m.out)
	}
}

func TestGivesUpOnTheAptLock(t *testing.T) {
	m := newMachine(t)
	defer lockApt(m)()
	m.options.LockWait = time.Millisecond
	_, err := m.install(facts(debian))
	if err == nil || !strings.Contains(err.Error(), "still uses apt") || len(m.ran) != 0 {
		t.Errorf("%v, ran %q", err, m.ran)
	}
}

func lockApt(m *machine) (release func()) {
	m.file("var/lib/dpkg/lock-frontend", "")
	f, err := os.OpenFile(filepath.Join(m.options.Root, "var/lib/dpkg/lock-frontend"), os.O_RDWR, 0)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		m.t.Fatal(err)
	}
	return func() { f.Close() }
}

func TestCancelled(t *testing.T) {
	m := newMachine(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer lockApt(m)()
	m.options.Out = func(line string) {
		if strings.HasPrefix(line, "waiting until ") {
			cancel()
		}
	}
	if _, err := dockersetup.Install(ctx, facts(debian), m.options); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSnapIsExplained(t *testing.T) {
	m := newMachine(t)
	m.file("snap/bin/docker", "")
	m.daemon()
	if _, err := m.install(facts(ubuntu)); !errors.Is(err, dockersetup.ErrSnap) || len(m.ran) != 0 {
		t.Errorf("%v, ran %q", err, m.ran)
	}
}

// A file keeps its mode under a tight umask, and a command that is cancelled
// or fails says so: the real runner, on commands that harm nothing.
func TestRealRunner(t *testing.T) {
	var lines []string
	run := dockersetup.SystemRunner.Run
	out := func(l string) { lines = append(lines, l) }

	target := filepath.Join(t.TempDir(), "keyrings", "docker.asc")
	script := `umask 077 && install -D -m 0644 /dev/stdin "$0"`
	if err := run(t.Context(), dockersetup.Command{Args: []string{"sh", "-c", script, target}, Stdin: []byte("key")}, out); err != nil {
		t.Fatal(err, lines)
	}
	info, err := os.Stat(target)
	if err != nil || info.Mode().Perm() != 0o644 || string(read(t, target)) != "key" {
		t.Error(info, err)
	}
	if dir, err := os.Stat(filepath.Dir(target)); err != nil || dir.Mode().Perm()&0o555 != 0o555 {
		t.Error("the directory cannot be read by apt's own user:", dir.Mode(), err)
	}

	lines = nil
	err = run(t.Context(), dockersetup.Command{Args: []string{"sh", "-c", `printf '10%%\r50%%\r\nlast'; echo bad >&2; exit 3`}}, out)
	if err == nil || !slices.Contains(lines, "10%") || !slices.Contains(lines, "50%") || !strings.Contains(strings.Join(lines, "\n"), "bad") {
		t.Error(err, lines)
	}

	ctx, cancel := context.WithCancel(t.Context())
	err = run(ctx, dockersetup.Command{Args: []string{"sh", "-c", `trap 'echo stopped; exit 1' INT; echo ready; while :; do :; done`}}, func(l string) {
		out(l)
		if l == "ready" {
			cancel()
		}
	})
	if err == nil || lines[len(lines)-1] != "stopped" {
		t.Error(err, lines)
	}
}
