package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// begin notes what a command that is about to run may bring back later.
func (l *life) begin(command string) {
	switch command {
	case "upgrade", "rollback", "restore", "backup":
		l.pasts[l.rows] = true
	}
}

// addRow adds an account to the running app.
func (l *life) addRow(name string) {
	l.t.Helper()
	res, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/setup", l.web), "application/json", strings.NewReader(`{"username":"`+name+`"}`))
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		l.t.Fatalf("POST /setup: %s", res.Status)
	}
	l.rows = l.readRows()
}

// readRows are the accounts in the database on the disk.
func (l *life) readRows() string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.data, "openalgo.db"))
	var doc struct{ Users []string }
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		l.t.Fatalf("the database: %v", err)
	}
	return strings.Join(doc.Users, " ")
}

// leftOver are names of what only a run that has not ended has.
var leftOver = regexp.MustCompile(`(^|/)(journal\.json|tmp|\.env[.-].*|\.openalgo-install-.*)$|\.partial|\.tmp|-check-`)

// look wants everything there, and nothing more.
func (l *life) look(mayGoBack bool) {
	l.t.Helper()
	l.mustBeReady()
	if keys := l.instance.keys(); keys != l.keys {
		l.t.Error("LOST: the keys changed")
	}
	switch rows := l.readRows(); {
	case rows == l.rows:
	case mayGoBack && l.pasts[rows]:
		l.pasts[l.rows] = true
		l.rows = rows
	default:
		l.t.Errorf("LOST: rows are %q, were %q", rows, l.rows)
	}
	for _, mark := range l.marks {
		if _, err := os.Stat(mark); err != nil {
			l.t.Errorf("LOST: %v", err)
		}
	}
	l.lookAtTheEngine()
	for _, dir := range []string{l.dir, l.backups, l.temp} {
		l.lookFor(dir)
	}
	if files, _ := filepath.Glob(filepath.Join(l.backups, "*.tar.zst")); len(files) > 0 {
		l.backup = slices.Max(files)
	}
}

func (l *life) lookAtTheEngine() {
	l.t.Helper()
	all, err := docker.Containers(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	var own []string
	for _, c := range all {
		switch {
		case c.Labels["io.openalgo.install.probe"] == l.dir:
			l.t.Errorf("LEFT: the helper container %s, %s", c.Name, c.State)
		case strings.Contains(c.Name, l.project), c.Labels[compose.LabelProject] == l.project:
			own = append(own, c.Name+" "+c.State)
		}
	}
	if len(own) != 1 || !strings.HasSuffix(own[0], " running") || strings.Contains(own[0], "-new") || strings.Contains(own[0], "-old") {
		l.t.Errorf("containers: %v", own)
	}
	label := compose.LabelProject + "=" + l.project
	if networks, err := docker.Networks(l.t.Context(), label); err != nil || len(networks) > 1 {
		l.t.Errorf("LEFT: %d networks, %v", len(networks), err)
	}
	if volumes, err := docker.Volumes(l.t.Context(), label); err != nil || !l.adopted && len(volumes) != 5 {
		l.t.Errorf("LOST: %d volumes, want 5, %v", len(volumes), err)
	}
}

// lookFor looks for what a run left in a directory.
func (l *life) lookFor(dir string) {
	l.t.Helper()
	_ = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		name := strings.TrimPrefix(path, dir+"/")
		switch {
		case err != nil:
			return err
		case path == dir:
		case info.IsDir() && (name == "db" || name == "data" || name == "log" || name == "keys" || name == "strategies" || name == "tmp"):
			return filepath.SkipDir // of the app
		case dir == l.temp, leftOver.MatchString(name):
			l.t.Errorf("LEFT: %s", path)
		}
		return nil
	})
}

// ownEngine is a dockerd that nobody else uses, so that it may be killed.
type ownEngine struct {
	args, env []string
}

const ownEnginePID = "/run/docker.pid"

// theOwnEngine is the one that test/engines.sh started in these namespaces.
func theOwnEngine(t *testing.T) *ownEngine {
	t.Helper()
	if os.Getenv("OPENALGO_OWN_ENGINE") == "" {
		t.Fatal("-killloop.engine kills dockerd: run test/killloop --engine, which starts one for it")
	}
	pid := enginePID(t)
	return &ownEngine{args: fields(t, pid, "cmdline"), env: fields(t, pid, "environ")}
}

func enginePID(t *testing.T) int {
	t.Helper()
	var pid int
	text, err := os.ReadFile(ownEnginePID)
	if err == nil {
		_, err = fmt.Sscan(string(text), &pid)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func fields(t *testing.T, pid int, file string) []string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
}

// killAndStart kills dockerd and starts it again, and waits until it answers.
func (e *ownEngine) killAndStart(t *testing.T) {
	t.Helper()
	_ = syscall.Kill(enginePID(t), syscall.SIGKILL)
	_ = os.Remove(ownEnginePID)
	path := e.args[0]
	if !filepath.IsAbs(path) {
		for _, pair := range e.env {
			if dirs, ok := strings.CutPrefix(pair, "PATH="); ok {
				for dir := range strings.SplitSeq(dirs, ":") {
					if _, err := os.Stat(filepath.Join(dir, path)); err == nil && !filepath.IsAbs(path) {
						path = filepath.Join(dir, path)
					}
				}
			}
		}
	}
	process, err := os.StartProcess(path, e.args, &os.ProcAttr{Env: e.env, Files: []*os.File{nil, nil, nil}, Sys: &syscall.SysProcAttr{Setsid: true}})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = process.Wait() }()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if _, err := docker.Containers(t.Context()); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the engine did not come up again")
}
