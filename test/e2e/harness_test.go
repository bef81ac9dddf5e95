// Package e2e runs the built program against a real Docker Engine, with the
// rehearsal image in OpenAlgo's place. Every test has its own project,
// directory and ports, and leaves nothing behind.
package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/templates"
)

// program and failing are the built binaries; failing has the tag failpoint.
var program, failing string

// docker is the engine under test; nil without one.
var docker *engine.Engine

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	_ = os.Setenv(publicip.Off, "1") // no test asks the internet
	dir, err := os.MkdirTemp("", "openalgo-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program, failing = filepath.Join(dir, "openalgo-install"), filepath.Join(dir, "openalgo-install-failpoint")
	for path, tags := range map[string]string{program: "nethttpomithttp2", failing: "nethttpomithttp2,failpoint"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags="+tags, "-o", path, "../../cmd/openalgo-install")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
			return 1
		}
	}
	docker, err = engine.Connect(context.Background(), engine.Options{})
	if err != nil && os.Getenv("OPENALGO_E2E") == "require" {
		fmt.Fprintf(os.Stderr, "OPENALGO_E2E=require, and there is no engine: %v\n", err)
		return 1
	}
	if docker != nil {
		if err := holdRehearsalImages(); err != nil {
			fmt.Fprintf(os.Stderr, "making the rehearsal images: %v\n", err)
			return 1
		}
	}
	code := m.Run()
	if registry.stop != nil {
		registry.stop()
	}
	if docker != nil {
		for _, id := range held {
			_ = docker.Remove(context.Background(), id)
		}
		removeBuilds()
		removeRehearsalImages()
		removeCaddyImage()
		_ = docker.Close()
	}
	return code
}

// held are containers that keep the images of the two binaries: made again and
// again by tests beside each other, their tags would move under containers.
var held []string

func holdRehearsalImages() error {
	for _, binary := range []string{program, failing} {
		file, err := os.Open(binary)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		reader, writer := io.Pipe()
		go func() {
			writer.CloseWithError(rehearsal.WriteImage(writer, file, info.Size(), info.ModTime(), templates.Env()))
		}()
		ref := rehearsalRef(binary)
		image, err := docker.Import(context.Background(), ref, reader, rehearsal.ImageChanges("rehearsal", ref))
		if err != nil {
			return err
		}
		id, err := docker.Create(context.Background(), engine.ContainerSpec{
			Name:   fmt.Sprintf("oae2e-hold-%d-%d", os.Getpid(), len(held)),
			Config: engine.Config{Image: image.ID, Entrypoint: []string{"/none"}},
			Host:   engine.HostConfig{NetworkMode: "none"},
		})
		if err != nil {
			return err
		}
		held = append(held, id)
	}
	return nil
}

// pushedRef labels the images that this process has pushed to registries of
// its own: pulled again they can end up without a name.
var pushedRef = fmt.Sprintf("pushed:by-%d", os.Getpid())

// removeRehearsalImages removes the images of the two binaries built here, and
// those that were pushed.
func removeRehearsalImages() {
	for _, ref := range []string{rehearsalRef(program), rehearsalRef(failing), pushedRef} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		made, _ := docker.Images(ctx, rehearsal.Label(ref))
		for _, image := range made {
			_ = docker.RemoveImage(ctx, image.ID)
		}
		cancel()
	}
}

// instance is one OpenAlgo of a test.
type instance struct {
	t       *testing.T
	dir     string
	project string
	web, ws int
	answers string // path of the answers file
	env     []string
	program string
}

// newInstance prepares an instance with ports of its own and takes all of it
// away at the end of the test.
func newInstance(t *testing.T) *instance {
	t.Helper()
	if docker == nil {
		t.Skip("no Docker Engine; OPENALGO_E2E=require makes this a failure")
	}
	project := "oae2e" + strings.ToLower(rand.Text()[:10])
	root := t.TempDir()
	i := &instance{t: t, dir: filepath.Join(root, project), project: project, program: program,
		answers: filepath.Join(root, "answers.yaml")}
	for _, port := range []*int{&i.web, &i.ws} {
		*port = freePort(t)
	}
	i.write("")
	t.Cleanup(func() { removeProject(t, project) })
	return i
}

// lastPort is the port that was handed out last. It begins somewhere, so that
// two suites beside each other seldom meet.
var lastPort = struct {
	sync.Mutex
	port int
}{port: firstPort + int(time.Now().UnixNano()%ports)}

// Ports below those that the kernel hands out by itself: one of its own choice
// may be taken by somebody's connection a moment later.
const (
	firstPort = 20000
	ports     = 12000
	// portsApart leaves room after each port: the program takes the next free one where
	// its own is taken, and must not meet one that another test has yet to use.
	portsApart = 8
)

// freePort finds a port that is free and that no other test here was given.
func freePort(t *testing.T) int {
	t.Helper()
	lastPort.Lock()
	defer lastPort.Unlock()
	for range ports / portsApart {
		lastPort.port = firstPort + (lastPort.port-firstPort+portsApart)%ports
		if holder, err := host.PortHolder(t.Context(), "127.0.0.1", lastPort.port); err == nil && holder.Free {
			return lastPort.port
		}
	}
	t.Fatal("no free port")
	return 0
}

// removeProject removes every container, network and volume of a project.
func removeProject(t *testing.T, project string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	label := compose.LabelProject + "=" + project
	containers, err := docker.Containers(ctx, label)
	if err != nil {
		t.Errorf("cleaning up: %v", err)
	}
	for _, c := range containers {
		_ = docker.Kill(ctx, c.ID, "KILL")
		_ = docker.Remove(ctx, c.ID)
	}
	networks, _ := docker.Networks(ctx, label)
	for _, n := range networks {
		_ = docker.RemoveNetwork(ctx, n.Name)
	}
	volumes, _ := docker.Volumes(ctx, label)
	for _, v := range volumes {
		_ = docker.RemoveVolume(ctx, v.Name)
	}
	image.DropTags(ctx, docker, project, nil)
}

// canaries are secrets that must never be seen outside .env.
const (
	canaryKey    = "canary-key-5b1e7d"
	canarySecret = "canary-secret-9f2c4a"
)

// write makes the answers file; more is YAML that is added to it.
func (i *instance) write(more string) {
	i.t.Helper()
	text := fmt.Sprintf(`version: 1
broker:
  name: zerodha
  api_key: %s
  api_secret: %s
image: {source: rehearsal}
ports: {web: %d, websocket: %d}
%s
`, canaryKey, canarySecret, i.web, i.ws, more)
	if err := os.WriteFile(i.answers, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// outcome is how a run of the program ended.
type outcome struct {
	stdout, stderr string
	code           int
}

func (o outcome) all() string { return o.stdout + o.stderr }

// run runs the program with --dir and the given arguments.
func (i *instance) run(args ...string) outcome {
	i.t.Helper()
	cmd := i.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		i.t.Fatal(err)
	}
	out := outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	for _, canary := range []string{canaryKey, canarySecret} {
		if strings.Contains(out.all(), canary) {
			i.t.Errorf("%v printed a secret:\n%s", args, out.all())
		}
	}
	return out
}

func (i *instance) command(args ...string) *exec.Cmd {
	args = i.whileAMarketIsOpen(args)
	ctx, cancel := context.WithTimeout(i.t.Context(), 8*time.Minute) // one that hangs does not hold up the suite
	i.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, i.program, append([]string{"--dir", i.dir}, args...)...)
	cmd.Env = append(append(os.Environ(), "XDG_STATE_HOME="+i.dir+"-state"), i.env...) // answers that are kept
	return cmd
}

// whileAMarketIsOpen lets a test whose subject is not the market take the
// instance down at whatever time it runs.
func (i *instance) whileAMarketIsOpen(args []string) []string {
	asks := func(arg string) bool { return arg == "stop" || arg == "restart" || arg == "uninstall" }
	about := func(pair string) bool { return strings.HasPrefix(pair, "OPENALGO_NOW=") }
	if !slices.ContainsFunc(args, asks) || slices.ContainsFunc(i.env, about) {
		return args
	}
	return append(slices.Clone(args), "--now")
}

// install runs an unattended install and wants the exit code.
func (i *instance) install(want int, more ...string) outcome {
	i.t.Helper()
	out := i.run(append([]string{"--answers", i.answers}, more...)...)
	if out.code != want {
		i.t.Fatalf("install exits %d, want %d\n%s", out.code, want, out.all())
	}
	return out
}

// container is the one container of the instance.
func (i *instance) container() engine.Container {
	i.t.Helper()
	all := i.containers()
	if len(all) != 1 {
		i.t.Fatalf("%d containers of the project %s, want 1", len(all), i.project)
	}
	return all[0]
}

func (i *instance) containers() []engine.Container {
	i.t.Helper()
	all, err := docker.Containers(i.t.Context(), compose.LabelProject+"="+i.project)
	if err != nil {
		i.t.Fatal(err)
	}
	return all
}

func (i *instance) path(name string) string { return filepath.Join(i.dir, name) }

func (i *instance) read(name string) string {
	i.t.Helper()
	data, err := os.ReadFile(i.path(name))
	if err != nil {
		i.t.Fatal(err)
	}
	return string(data)
}

// keys are the three lines of .env that open the database.
func (i *instance) keys() string {
	i.t.Helper()
	var out []string
	for line := range strings.Lines(i.read(".env")) {
		for _, key := range []string{"APP_KEY", "API_KEY_PEPPER", "FERNET_SALT"} {
			if strings.HasPrefix(line, key) {
				out = append(out, strings.TrimSpace(line))
			}
		}
	}
	if len(out) != 3 {
		i.t.Fatalf("%d key lines in .env, want 3", len(out))
	}
	return strings.Join(out, "\n")
}

// mustBeReady asks `status` and fails the test when the instance is not ready.
func (i *instance) mustBeReady() {
	i.t.Helper()
	out := i.run("status", "--json")
	var doc struct {
		Instances []struct {
			Ready  bool
			Reason string
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &doc); err != nil {
		i.t.Fatalf("status --json: %v\n%s", err, out.all())
	}
	if len(doc.Instances) != 1 || !doc.Instances[0].Ready {
		i.t.Fatalf("the instance is not ready:\n%s", out.stdout)
	}
}

// snapshot lists every file below a directory with time, size and mode.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s %s %d %s\n", path, info.Mode(), info.Size(), info.ModTime().Format(time.RFC3339Nano))
		return nil
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out.String()
}
