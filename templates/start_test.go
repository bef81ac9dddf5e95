package templates_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/templates"
)

// app is a directory with start.sh, and stubs of what it starts.
type app struct {
	t   *testing.T
	dir string
	env []string
}

// stubs write what happens to them into events.
const (
	pythonStub = `#!/bin/bash
case "$1 ${2:-}" in
"-m websocket_proxy.server")
  trap 'echo proxy-term >>"$EVENTS"; exit "${PROXY_EXIT:-0}"' TERM
  echo "proxy-start $$" >>"$EVENTS"
  [[ -e ${PROXY_DIES:-/nonexistent} ]] && { rm "$PROXY_DIES"; exit 7; }
  while :; do sleep 0.05; done ;;
*openalgo-migrate.py*) echo "migrate" >>"$EVENTS"; exit "${MIGRATE_EXIT:-0}" ;;
esac
`
	gunicornStub = `#!/bin/bash
trap 'echo web-term >>"$EVENTS"; sleep "${WEB_DRAIN:-0}"; exit "${WEB_EXIT:-0}"' TERM
echo "web-start $*" >>"$EVENTS"
[[ -n ${WEB_DIES:-} ]] && exit "$WEB_DIES"
while :; do sleep 0.05; done
`
)

func newApp(t *testing.T) *app {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash here")
	}
	// Not t.TempDir: its parents are closed to the plain user that the script runs as.
	dir, err := os.MkdirTemp("", "start-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &app{t: t, dir: dir}
	a.write("start.sh", string(templates.StartScript()), 0o755)
	a.write(".sample.env", string(templates.Env()), 0o644)
	a.write(".venv/bin/python", pythonStub, 0o755)
	a.write(".venv/bin/gunicorn", gunicornStub, 0o755)
	a.write("upgrade/migrate_all.py", "", 0o644)
	a.write("events", "", 0o644)
	a.env = []string{"PATH=" + os.Getenv("PATH"), "EVENTS=" + a.path("events"), "OPENALGO_RUN_DIR=" + a.path("run"), "HOME=" + dir}
	return a
}

func (a *app) path(name string) string { return filepath.Join(a.dir, name) }

func (a *app) write(name, text string, mode os.FileMode) {
	a.t.Helper()
	if err := os.MkdirAll(filepath.Dir(a.path(name)), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(a.path(name), []byte(text), mode); err != nil {
		a.t.Fatal(err)
	}
}

func (a *app) read(name string) string {
	text, _ := os.ReadFile(a.path(name))
	return string(text)
}

const soundEnv = "APP_KEY = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\nAPI_KEY_PEPPER = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'\nFERNET_SALT = 'cccccccccccccccccccccccccccccccc'\n"

// command runs the script as user 1000 does, also where the tests are root's.
func (a *app) command(args ...string) *exec.Cmd {
	a.t.Helper()
	cmd := exec.Command("bash", append([]string{a.path("start.sh")}, args...)...)
	cmd.Env, cmd.Dir = a.env, "/"
	if os.Geteuid() == 0 {
		err := filepath.WalkDir(a.dir, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, 1000, 1000)
		})
		if err != nil {
			a.t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	}
	return cmd
}

// run runs the script to its end.
func (a *app) run(args ...string) (out string, status int) {
	a.t.Helper()
	cmd := a.command(args...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		a.t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func (a *app) with(env ...string) *app {
	a.env = append(a.env, env...)
	return a
}

func TestEnvFileStates(t *testing.T) {
	t.Run("missing", func(t *testing.T) {
		out, status := newApp(t).run()
		want(t, out, status, 1, "There is no", "/.env", "FERNET_SALT")
	})
	t.Run("empty", func(t *testing.T) {
		a := newApp(t)
		a.write(".env", "", 0o600)
		out, status := a.run()
		want(t, out, status, 1, "is empty")
	})
	t.Run("a directory", func(t *testing.T) {
		a := newApp(t)
		if err := os.Mkdir(a.path(".env"), 0o755); err != nil {
			t.Fatal(err)
		}
		out, status := a.run()
		want(t, out, status, 1, "is a directory")
	})
	t.Run("unreadable, on a cloud platform too", func(t *testing.T) {
		a := newApp(t).with("HOST_SERVER=https://x.example")
		a.write(".env", soundEnv, 0o600)
		cmd := a.command()
		if err := os.Chmod(a.path(".env"), 0); err != nil {
			t.Fatal(err)
		}
		text, _ := cmd.CombinedOutput()
		want(t, string(text), cmd.ProcessState.ExitCode(), 1, "may not read it", "chown 1000:1000")
	})
}

func want(t *testing.T, out string, status, wantStatus int, texts ...string) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("status %d, want %d\n%s", status, wantStatus, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

// Leaked values are put together here, as in internal/keys: no scanner shall
// find one.
var leaked = map[string]string{
	"APP_KEY placeholder":  "OPENALGO_PLACEHOLDER_APP_KEY_REGENERATE_BEFORE_USE",
	"APP_KEY of the app":   "3daa0403ce2501ee7432b75bf100048e" + "3cf510d63d2754f952e93d88bf07ea84",
	"APP_KEY of start.sh":  "3daa0403ce2501ee7432b75bf100048e" + "3cf510d63d2754f952729a991d8e2417",
	"API_KEY_PEPPER stub":  "OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE",
	"API_KEY_PEPPER":       "a25d94718479b170c16278e321ea6c98" + "9358bf499a658fd20c90033cef8ce772",
	"API_KEY_PEPPER of 24": "change_this_to_a_random_string_" + "during_setup_e8a4b3f9d2",
}

func TestLeakedKeys(t *testing.T) {
	for name, value := range leaked {
		key := strings.Fields(name)[0]
		for _, quote := range []string{"'", `"`, ""} {
			t.Run(name+quote, func(t *testing.T) {
				a := newApp(t).with("WEB_DIES=0")
				a.write(".env", soundEnv+key+" = "+quote+value+quote+"\n", 0o600)
				out, status := a.run()
				want(t, out, status, 0, "WARNING: published values", key) // it may be written: OpenAlgo deals with it
				cmd := a.command()
				if err := os.Chmod(a.path(".env"), 0o400); err != nil {
					t.Fatal(err)
				}
				text, _ := cmd.CombinedOutput()
				want(t, string(text), cmd.ProcessState.ExitCode(), 1, "Published values", key, "Never put a new API_KEY_PEPPER")
				if strings.Contains(out+string(text), value) {
					t.Error("the value is printed")
				}
			})
		}
	}
	t.Run("sound", func(t *testing.T) {
		a := newApp(t).with("WEB_DIES=0")
		a.write(".env", soundEnv, 0o400)
		out, status := a.run()
		want(t, out, status, 0)
		if strings.Contains(out, "ublished") {
			t.Error(out)
		}
	})
}

var cloud = map[string]string{
	"HOST_SERVER": "https://algo.example.com/", "REDIRECT_URL": "https://algo.example.com/zerodha/callback",
	"BROKER_API_KEY": "key", "BROKER_API_SECRET": "secret",
	"APP_KEY": strings.Repeat("a1", 32), "API_KEY_PEPPER": strings.Repeat("b2", 32), "FERNET_SALT": strings.Repeat("c3", 16),
}

func (a *app) inCloud(change map[string]string) *app {
	for name, value := range cloud {
		if other, changed := change[name]; changed {
			value = other
		}
		if value != "-" {
			a.env = append(a.env, name+"="+value)
		}
	}
	for name, value := range change {
		if _, known := cloud[name]; !known {
			a.env = append(a.env, name+"="+value)
		}
	}
	return a
}

func TestCloudVariables(t *testing.T) {
	for name, test := range map[string]struct {
		change map[string]string
		wants  []string
	}{
		"no key":        {map[string]string{"BROKER_API_KEY": "-"}, []string{"BROKER_API_KEY is not set"}},
		"no secret":     {map[string]string{"BROKER_API_SECRET": "-"}, []string{"BROKER_API_SECRET is not set"}},
		"no redirect":   {map[string]string{"REDIRECT_URL": "-"}, []string{"REDIRECT_URL is not set"}},
		"no app key":    {map[string]string{"APP_KEY": "-"}, []string{"APP_KEY is not set"}},
		"no pepper":     {map[string]string{"API_KEY_PEPPER": "-"}, []string{"API_KEY_PEPPER is not set"}},
		"no salt":       {map[string]string{"FERNET_SALT": "-"}, []string{"FERNET_SALT is not set"}},
		"all at once":   {map[string]string{"APP_KEY": "-", "FERNET_SALT": ""}, []string{"APP_KEY is not set", "FERNET_SALT is not set"}},
		"short app key": {map[string]string{"APP_KEY": "abc"}, []string{"APP_KEY is shorter"}},
		"short pepper":  {map[string]string{"API_KEY_PEPPER": "abc"}, []string{"API_KEY_PEPPER is shorter"}},
		"leaked":        {map[string]string{"APP_KEY": leaked["APP_KEY of the app"]}, []string{"APP_KEY is a published one"}},
		"salt no hex":   {map[string]string{"FERNET_SALT": strings.Repeat("x", 32)}, []string{"32 hex digits"}},
		"odd salt":      {map[string]string{"FERNET_SALT": strings.Repeat("a", 33)}, []string{"32 hex digits"}},
		"redirect":      {map[string]string{"REDIRECT_URL": "https://algo.example.com/<broker>/callback"}, []string{"REDIRECT_URL must end"}},
		"host":          {map[string]string{"HOST_SERVER": "algo.example.com"}, []string{"HOST_SERVER must be an address"}},
		"port":          {map[string]string{"PORT": "http"}, []string{"PORT must be a number"}},
		"line break":    {map[string]string{"LOG_FORMAT": "a\nb"}, []string{"LOG_FORMAT has a line break"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t).inCloud(test.change)
			out, status := a.run()
			want(t, out, status, 1, test.wants...)
			if _, err := os.Stat(a.path(".env")); err == nil {
				t.Error("an .env was written")
			}
			if strings.Contains(out, cloud["API_KEY_PEPPER"]) {
				t.Error("a secret is printed")
			}
		})
	}
	t.Run("no sample", func(t *testing.T) {
		a := newApp(t).inCloud(nil)
		if err := os.Remove(a.path(".sample.env")); err != nil {
			t.Fatal(err)
		}
		out, status := a.run()
		want(t, out, status, 1, "has no", ".sample.env")
	})
}

func TestCloudEnv(t *testing.T) {
	nasty := map[string]string{
		"BROKER_API_KEY":    `a'b"c|d e$f${HOME}g\h#i&j`,
		"BROKER_API_SECRET": `ends in a backslash\`,
		"LOG_FORMAT":        `[%(asctime)s] | '%(message)s' ${X:-y}`,
		"LOG_LEVEL":         "DEBUG", "PORT": "8123", "BROKER_API_KEY_MARKET": "", "STRATEGY_MEMORY_LIMIT_MB": "512",
		"ENV_CONFIG_VERSION": "1.0.4", "ZMQ_HOST": "0.0.0.0", "SESSION_COOKIE_NAME": "my cookie",
	}
	a := newApp(t).inCloud(nasty).with("WEB_DIES=0")
	out, status := a.run()
	want(t, out, status, 0, "wrote", "for https://algo.example.com")
	info, err := os.Stat(a.path(".env"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text := []byte(a.read(".env"))
	file, err := envfile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if problems := envfile.Check(file, "1.0.7"); len(problems) > 0 {
		t.Errorf("the app would refuse it: %v", problems)
	}
	if keys := file.Keys(); len(keys) < 90 {
		t.Errorf("%d keys", len(keys))
	}
	for key, wanted := range map[string]string{
		"BROKER_API_KEY": nasty["BROKER_API_KEY"], "BROKER_API_SECRET": nasty["BROKER_API_SECRET"], "LOG_FORMAT": nasty["LOG_FORMAT"],
		"HOST_SERVER": "https://algo.example.com", "WEBSOCKET_URL": "wss://algo.example.com/ws", "CORS_ALLOWED_ORIGINS": "https://algo.example.com",
		"FLASK_PORT": "8123", "FLASK_HOST_IP": "0.0.0.0", "WEBSOCKET_HOST": "0.0.0.0", "ZMQ_HOST": "127.0.0.1", "FLASK_ENV": "production",
		"FLASK_DEBUG": "False", "LOG_LEVEL": "DEBUG", "SESSION_COOKIE_NAME": "my cookie", "STRATEGY_MEMORY_LIMIT_MB": "512",
		"FERNET_SALT": cloud["FERNET_SALT"],
	} {
		if got, _ := file.Get(key); got != wanted {
			t.Errorf("%s is %q, want %q", key, got, wanted)
		}
	}
	sample, err := envfile.Parse(templates.Env())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"ENV_CONFIG_VERSION", "VALID_BROKERS"} {
		got, _ := file.Get(key)
		if wanted, _ := sample.Get(key); got != wanted {
			t.Errorf("%s is %q, the image has %q", key, got, wanted)
		}
	}
	if !strings.Contains(string(text), "API_KEY_PEPPER = '"+cloud["API_KEY_PEPPER"]+"'\nFERNET_SALT = '"+cloud["FERNET_SALT"]+"'\n") {
		t.Error("FERNET_SALT does not stand right behind API_KEY_PEPPER")
	}
	if n := strings.Count(string(text), "\nFERNET_SALT"); n != 1 {
		t.Errorf("FERNET_SALT stands there %d times", n)
	}
	if _, err := dotenv.UnmarshalBytesWithLookup(text, nil); err != nil {
		t.Errorf("Compose cannot read it: %v", err)
	}
	python(t, a.path(".env"), nasty)
	// A second start takes the file as it is, with what the app wrote into it.
	a.write(".env", string(text)+"LOG_LEVEL = 'INFO'\n", 0o600)
	out, status = a.run()
	want(t, out, status, 0)
	if strings.Contains(out, "wrote") {
		t.Error("the .env was written again")
	}
}

// A release without FERNET_SALT in its sample gets none: a later one would trust
// it, and open nothing that this one wrote.
func TestCloudEnvWithoutSalt(t *testing.T) {
	sample := regexp.MustCompile(`(?m)^FERNET_SALT = .*$`)
	for name, line := range map[string]string{"no line": "", "a comment": "# FERNET_SALT = 'x'"} {
		for _, salt := range []string{"-", "", strings.Repeat("c3", 16)} {
			t.Run(name+", "+salt, func(t *testing.T) {
				a := newApp(t).inCloud(map[string]string{"FERNET_SALT": salt}).with("WEB_DIES=0")
				a.write(".sample.env", sample.ReplaceAllString(string(templates.Env()), line), 0o644)
				out, status := a.run()
				want(t, out, status, 0, "wrote")
				file, err := envfile.Parse([]byte(a.read(".env")))
				if err != nil {
					t.Fatal(err)
				}
				if _, has := file.Get("FERNET_SALT"); has {
					t.Error("a salt was written")
				}
				if set := len(salt) > 1; set != strings.Contains(out, "does not use FERNET_SALT") {
					t.Errorf("set: %v\n%s", set, out)
				}
			})
		}
	}
}

// python reads the file with the parser that OpenAlgo uses.
func python(t *testing.T, path string, wanted map[string]string) {
	t.Helper()
	python := os.Getenv("OPENALGO_PYTHON")
	if python == "" {
		return
	}
	for _, key := range []string{"BROKER_API_KEY", "BROKER_API_SECRET", "LOG_FORMAT"} {
		out, err := exec.Command(python, "-c", "import dotenv,sys;sys.stdout.write(dotenv.dotenv_values(sys.argv[1])[sys.argv[2]])", path, key).Output()
		if err != nil || string(out) != wanted[key] {
			t.Errorf("python-dotenv reads %s as %q, want %q (%v)", key, out, wanted[key], err)
		}
	}
}

// started runs the script until both processes are up.
func (a *app) started() (*exec.Cmd, *bytes.Buffer) {
	a.t.Helper()
	cmd := a.command()
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = cmd.Process.Kill() })
	a.until("both are up", func() bool {
		return strings.Contains(a.read("events"), "web-start") && strings.Contains(a.read("events"), "proxy-start")
	})
	return cmd, out
}

func (a *app) until(what string, done func() bool) {
	a.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			a.t.Fatalf("not in time: %s\n%s", what, a.read("events"))
		}
	}
}

func TestStop(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for _, exit := range []int{0, 5} {
			t.Run(fmt.Sprintf("%v, web server ends with %d", sig, exit), func(t *testing.T) {
				a := newApp(t).with(fmt.Sprintf("WEB_EXIT=%d", exit), "WEB_DRAIN=0.3")
				a.write(".env", soundEnv, 0o600)
				cmd, out := a.started()
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait()
				want(t, out.String(), cmd.ProcessState.ExitCode(), exit, "OpenAlgo ended with status", "the WebSocket proxy ended with status 0")
				events := a.read("events")
				if web, proxy := strings.Index(events, "web-term"), strings.Index(events, "proxy-term"); web < 0 || proxy < web {
					t.Errorf("not in order:\n%s", events)
				}
			})
		}
	}
}

func TestWebServerEndsByItself(t *testing.T) {
	a := newApp(t).with("WEB_DIES=3", "PORT=8123")
	a.write(".env", soundEnv, 0o600)
	out, status := a.run()
	want(t, out, status, 3, "OpenAlgo ended with status 3", "the WebSocket proxy ended")
	events := a.read("events")
	for _, text := range []string{"migrate\n", "--bind 0.0.0.0:8123", "--worker-class eventlet", "--workers 1", "--timeout 300", "--graceful-timeout 30",
		"--worker-tmp-dir /tmp/gunicorn_workers", "--no-control-socket", "app:app"} {
		if !strings.Contains(events, text) {
			t.Errorf("no %q in\n%s", text, events)
		}
	}
}

func TestProxyIsRestarted(t *testing.T) {
	a := newApp(t).with("PROXY_DIES=" + "")
	a.write(".env", soundEnv, 0o600)
	a.write("dies", "", 0o644)
	a.env = append(a.env, "PROXY_DIES="+a.path("dies"))
	cmd, out := a.started()
	a.until("a second proxy", func() bool { return strings.Count(a.read("events"), "proxy-start") == 2 })
	if !strings.HasPrefix(a.read("run/proxy.restarts"), "1 ") {
		t.Errorf("restarts: %q", a.read("run/proxy.restarts"))
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	want(t, out.String(), cmd.ProcessState.ExitCode(), 0, "the WebSocket proxy ended with status 7")
}

func TestMigrationFails(t *testing.T) {
	a := newApp(t).with("MIGRATE_EXIT=4", "WEB_DIES=0")
	a.write(".env", soundEnv, 0o600)
	out, status := a.run()
	want(t, out, status, 0, "the migrations FAILED with status 4", "starting OpenAlgo")
	a = newApp(t).with("WEB_DIES=0")
	a.write(".env", soundEnv, 0o600)
	if err := os.RemoveAll(a.path("upgrade")); err != nil {
		t.Fatal(err)
	}
	out, status = a.run()
	want(t, out, status, 0)
	if strings.Contains(out, "migrat") {
		t.Error(out)
	}
}

func TestDirectories(t *testing.T) {
	a := newApp(t).with("WEB_DIES=0")
	a.write(".env", soundEnv, 0o600)
	out, status := a.run()
	want(t, out, status, 0)
	for name, mode := range map[string]os.FileMode{"db": 0o755, "log/strategies": 0o755, "strategies/scripts": 0o755, "keys": 0o700, "tmp/numba_cache": 0o755} {
		if info, err := os.Stat(a.path(name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	cmd := a.command()
	if err := os.Chown(a.path("db"), os.Geteuid(), os.Getegid()); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		text, _ := cmd.CombinedOutput()
		want(t, string(text), cmd.ProcessState.ExitCode(), 1, "/db cannot be written", "chown -R 1000:1000")
	}
}

// On a platform with one disk, all that must last is on it.
func TestDataDirectory(t *testing.T) {
	a := newApp(t).with("WEB_DIES=0")
	a.write(".env", soundEnv, 0o600)
	a.write("strategies/examples/hello.py", "print(1)", 0o644)
	a.env = append(a.env, "OPENALGO_DATA_DIR="+a.path("disk"))
	for range 2 {
		out, status := a.run()
		want(t, out, status, 0)
	}
	if a.read("disk/strategies/examples/hello.py") != "print(1)" {
		t.Error("the examples are not on the disk")
	}
	a.write("disk/db/openalgo.db", "data", 0o644)
	// A new container: the image's own directories, the same disk.
	for _, name := range []string{"db", "strategies", "keys", "log"} {
		if err := os.Remove(a.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	a.write("db/.gitkeep", "", 0o644)
	out, status := a.run()
	want(t, out, status, 0)
	if a.read("db/openalgo.db") != "data" {
		t.Error("the database is not found again")
	}
}

func TestHealth(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl here")
	}
	ok := true
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/auth/check-setup" || !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	go server.Serve(web)
	defer server.Close()
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t).with(fmt.Sprintf("PORT=%d", web.Addr().(*net.TCPAddr).Port))
	a.write(".env", fmt.Sprintf("WEBSOCKET_PORT = '%d'\n", proxy.Addr().(*net.TCPAddr).Port), 0o600)
	a.write("run/proxy.pid", "1", 0o644)
	out, status := a.run("health")
	want(t, out, status, 0, "ok")
	a.write("run/proxy.restarts", "3 2026-11-23 10:00:00 IST\n", 0o644)
	out, status = a.run("health")
	want(t, out, status, 0, "ok (WebSocket proxy: restarts: 3, the last at 2026-11-23 10:00:00 IST)")
	ok = false
	out, status = a.run("health")
	want(t, out, status, 1, "OpenAlgo does not answer")
	ok = true
	_ = proxy.Close()
	out, status = a.run("health")
	want(t, out, status, 1, "the WebSocket proxy is down", "restarts: 3")
}
