package cluster

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

var update = flag.Bool("update", false, "write the golden files again")

// closed is a Sunday.
var closed = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// open is a Monday, at noon in India.
var open = time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)

// secretIn reads a manifest that is to be created.
func secretIn(text []byte) map[string][]byte {
	var doc struct {
		Data map[string]string `yaml:"data"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		panic(err)
	}
	out := map[string][]byte{}
	for key, value := range doc.Data {
		out[key], _ = base64.StdEncoding.DecodeString(value)
	}
	return out
}

func (b *box) options() BackupOptions {
	return BackupOptions{To: filepath.Join(b.dir, "backups"), Log: true, Now: func() time.Time { return closed }}
}

func (b *box) backup(ctx context.Context) (event.Result, error) {
	plan, err := b.in.PlanBackup(ctx, b.options())
	if err != nil {
		return event.Result{}, err
	}
	return plan.Do(ctx)
}

// file is the only backup there is; "" is none.
func (b *box) file() string {
	files, _ := filepath.Glob(filepath.Join(b.dir, "backups", "*"))
	if len(files) != 1 {
		return strings.Join(files, " ")
	}
	return files[0]
}

// made makes a backup, and returns its file.
func (b *box) made() string {
	b.t.Helper()
	if _, err := b.backup(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b.file()
}

// restore restores a file into what is in the cluster now.
func (b *box) restore(ctx context.Context, file string) (event.Result, error) {
	a, err := backup.Open(ctx, file, backup.Key{})
	if err != nil {
		return event.Result{}, err
	}
	r, err := b.in.PlanRestore(ctx, a, func() time.Time { return closed })
	if err != nil {
		return event.Result{}, err
	}
	return r.Do(ctx)
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != text {
		t.Errorf("%s: %v\n%s", path, err, text)
	}
}

// What is planned is what is done, in that order.
func TestBackup(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	plan, err := b.in.PlanBackup(t.Context(), b.options())
	must(t, err)
	r, err := plan.Do(t.Context())
	must(t, err)
	if want := append(plan.Lines(), "read the backup back and compare its checksums"); !slices.Equal(b.steps, want) {
		t.Errorf("planned %q\ndone %q", want, b.steps)
	}
	golden(t, "backup.txt", strings.Join(plan.Lines(), "\n")+"\n\n"+strings.Join(b.calls(), "\n")+"\n")
	b.wantRunning("after the backup")
	if !strings.HasPrefix(r.Message, "wrote and checked ") || r.Downtime == 0 || !r.Changed {
		t.Errorf("%+v", r)
	}
	a, err := backup.Open(t.Context(), b.file(), backup.Key{})
	must(t, err)
	must(t, a.Check())
	env := string(a.Files[instance.EnvName])
	for _, want := range []string{"API_KEY_PEPPER = '" + pepper + "'\nFERNET_SALT = '" + salt + "'", "BROKER_API_KEY = 'broker-key'", "https://algo.example.com/zerodha/callback", "ENV_CONFIG_VERSION = '1.0.6'"} {
		if !strings.Contains(env, want) {
			t.Errorf("no %q in\n%s", want, env)
		}
	}
	if text := string(a.Files[instance.AnswersName]); !strings.Contains(text, "domain: algo.example.com") || !strings.Contains(text, "zerodha") || strings.Contains(text, "broker-key") {
		t.Errorf("%s", text)
	}
	if a.Manifest.Image.Digest != "sha256:abc" || len(a.Manifest.Trees) != 4 || a.Held["keys"] == 0 {
		t.Errorf("%+v %v", a.Manifest, a.Held)
	}
	info, err := os.Stat(b.file())
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v: %v", info.Mode(), err)
	}
}

// What was not ready before is not waited for: the backup may be what a person makes
// before a repair.
func TestBackupOfWhatIsNotReady(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.f.NotReady = true
	b.made()
	b.wantRunning("after the backup")
}

// Whatever call fails, OpenAlgo runs again, and a backup is whole or not there.
func TestBackupThatFailsAnywhere(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.made()
	calls := b.f.Call
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			b.f.Fail = n
			_, err := b.backup(t.Context())
			if kind := finding.KindOf(err); err == nil && b.file() == "" || kind == finding.Broken && b.f.Replicas == 1 && len(b.f.Annotations) > 0 {
				t.Errorf("%v: %q", err, b.file())
			}
			if err != nil && finding.KindOf(err) != finding.Broken && b.file() != "" {
				t.Errorf("%v, and there is %s", err, b.file())
			}
			if finding.KindOf(err) == finding.Broken {
				if _, err := b.in.Recover(t.Context()); err != nil && b.f.Annotations != nil {
					_, err = b.in.Recover(t.Context())
					must(t, err)
				}
			}
			f := b.f
			if slices.Contains(f.Pods, helper) { // its removal is what failed: the next run does it
				must(t, os.RemoveAll(filepath.Join(b.dir, "backups")))
				_, err := b.backup(t.Context())
				must(t, err)
			}
			b.wantRunning(fmt.Sprintf("call %d (%v)", n, err))
		})
	}
}

// A process that is killed anywhere leaves an instance that the next command brings back.
func TestBackupThatIsKilledAnywhere(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.made()
	calls := b.f.Call
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			b.f.Kill = n
			_, _ = b.backup(t.Context())
			b.f.Kill = 0
			must(t, os.RemoveAll(filepath.Join(b.dir, "backups")))
			if _, err := b.backup(t.Context()); err != nil {
				t.Errorf("after a kill at call %d: %v", n, err)
			}
			b.wantRunning(fmt.Sprintf("after a kill at call %d, and a backup", n))
		})
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	message, err := b.in.Recover(t.Context())
	if err != nil || !strings.Contains(message, "nothing to do") {
		t.Errorf("%q %v", message, err)
	}
	b.f.Replicas, b.f.Pods = 0, []string{helper}
	b.f.Annotations = map[string]string{markName: `{"command":"a backup","replicas":1,"began":"2026-11-22T06:00:00Z","host":"another","pid":1,"id":"x"}`}
	if _, err := b.backup(t.Context()); finding.IDOf(err) != "cluster-busy" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("another machine's run goes on: %v", err)
	}
	if message, err = b.in.Recover(t.Context()); err != nil || !strings.Contains(message, "started again") {
		t.Errorf("%q %v", message, err)
	}
	b.wantRunning("after recover")
}

// Ctrl+C at any point: OpenAlgo is started again all the same.
func TestBackupThatIsCancelled(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.made()
	calls := b.f.Call
	for n := 2; n <= calls; n += 2 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			ctx, cancel := context.WithCancel(t.Context())
			b.f.Fail, b.f.Interrupt = n, cancel
			_, err := b.backup(ctx)
			if err == nil && b.file() == "" {
				t.Error("no backup, and no error")
			}
			b.wantRunning(fmt.Sprintf("cancelled at call %d (%v)", n, err))
		})
	}
}

func TestBackupThatIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fake){
		"cut off":           func(f *fake) { f.Cut = true },
		"started meanwhile": func(f *fake) { f.Starts = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			change(b.f)
			_, err := b.backup(t.Context())
			if err == nil || b.file() != "" {
				t.Errorf("%v, %s", err, b.file())
			}
			b.wantRunning(name)
		})
	}
}

func TestAsksWhileAMarketIsOpen(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	o := b.options()
	plan, err := b.in.PlanBackup(t.Context(), o)
	must(t, err)
	if text := plan.Asks(t.Context()); text != "" {
		t.Errorf("on a Sunday: %s", text)
	}
	o.Now = func() time.Time { return open }
	if plan, err = b.in.PlanBackup(t.Context(), o); err != nil || !strings.Contains(plan.Asks(t.Context()), "NSE") {
		t.Errorf("%v: %q", err, plan.Asks(t.Context()))
	}
	b.f.Replicas, b.f.Pods = 0, nil
	if plan, err = b.in.PlanBackup(t.Context(), o); err != nil || plan.Asks(t.Context()) != "" {
		t.Errorf("it is stopped: %v", err)
	}
	_, err = plan.Do(t.Context())
	if f := b.f; err != nil || f.Replicas != 0 || b.file() == "" {
		t.Errorf("a stopped one: %v, %d", err, f.Replicas)
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	at := closed
	for range 3 {
		o := b.options()
		o.Keep, o.Now = 2, func() time.Time { return at }
		plan, err := b.in.PlanBackup(t.Context(), o)
		must(t, err)
		_, err = plan.Do(t.Context())
		must(t, err)
		at = at.Add(time.Hour)
	}
	files, _ := filepath.Glob(filepath.Join(b.dir, "backups", "openalgo-alpha-*.tar.zst"))
	if len(files) != 2 {
		t.Errorf("%v", files)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	file, data, keys := b.made(), b.data(), b.f.Secret
	b.empty()
	b.calls()
	b.steps = nil
	a, err := backup.Open(t.Context(), file, backup.Key{})
	must(t, err)
	plan, err := b.in.PlanRestore(t.Context(), a, func() time.Time { return closed })
	must(t, err)
	r, err := plan.Do(t.Context())
	must(t, err)
	if !slices.Equal(b.steps, plan.Lines()) {
		t.Errorf("planned %q\ndone %q", plan.Lines(), b.steps)
	}
	golden(t, "restore.txt", strings.Join(plan.Lines(), "\n")+"\n\n"+strings.Join(b.calls(), "\n")+"\n")
	b.wantRunning("after the restore")
	if !maps.Equal(b.data(), data) || !r.Changed {
		t.Errorf("%v", b.data())
	}
	for key, value := range keys {
		if string(b.f.Secret[key]) != string(value) {
			t.Errorf("%s is %q", key, b.f.Secret[key])
		}
	}
	if _, err := b.restore(t.Context(), file); finding.IDOf(err) != "cluster-data-exists" {
		t.Errorf("over data: %v", err)
	}
}

func TestRestoreRefused(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	file := b.made()
	data := b.data()
	b.f.NotReady = true
	if _, err := b.restore(t.Context(), file); finding.IDOf(err) != "cluster-data-exists" || !maps.Equal(b.data(), data) {
		t.Errorf("over data: %v", err)
	}
	b.wantRunning("over data")
	b.empty()
	b.f.Secret = map[string][]byte{"API_KEY_PEPPER": []byte("other"), "FERNET_SALT": []byte(salt)}
	if _, err := b.restore(t.Context(), file); finding.IDOf(err) != "keys-differ" || len(b.data()) > 0 || strings.Contains(err.Error(), pepper) {
		t.Errorf("with other keys: %v", err)
	}
	b.f.Secret["API_KEY_PEPPER"], b.f.NotReady = []byte(pepper), true
	b.in.Wait = 50 * time.Millisecond
	if _, err := b.restore(t.Context(), file); finding.KindOf(err) != finding.Broken || !maps.Equal(b.data(), data) {
		t.Errorf("with the same keys, and never ready: %v", err)
	}
}

func TestRestoreIntoAMountedEnv(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	file := b.made()
	b.empty()
	b.f.Mounted, b.f.Config["HOST_SERVER"] = true, "https://new.example.com"
	if _, err := b.restore(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	env := string(b.f.Secret[".env"])
	if !strings.Contains(env, pepper) || !strings.Contains(env, "https://new.example.com'") {
		t.Errorf("%s", env)
	}
	again := newBox(t)
	again.f.Mounted, again.f.Secret = true, b.f.Secret
	a, err := backup.Open(t.Context(), again.made(), backup.Key{})
	if err != nil || !strings.Contains(string(a.Files[instance.EnvName]), pepper) {
		t.Errorf("%v", err)
	}
}

// Whatever call fails, there is all of the data with its keys, or nothing.
func TestRestoreThatFailsAnywhere(t *testing.T) {
	t.Parallel()
	first := newBox(t)
	file, data := first.made(), first.data()
	first.empty()
	before := first.f.Call
	_, err := first.restore(t.Context(), file)
	must(t, err)
	for n := 1; n <= first.f.Call-before; n++ {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprint(n, kill), func(t *testing.T) {
				t.Parallel()
				b := newBox(t)
				b.empty()
				if kill {
					b.f.Kill = n
					_, _ = b.restore(t.Context(), file)
					b.f.Kill = 0
				} else {
					b.f.Fail = n
					if _, err := b.restore(t.Context(), file); err == nil && len(b.data()) == 0 {
						t.Error("nothing was restored, and no error")
					}
				}
				if len(b.data()) != 0 && !maps.Equal(b.data(), data) {
					t.Errorf("a part of the data: %v", b.data())
				}
				if len(b.data()) == 0 && b.f.Secret != nil && b.f.Replicas == 1 {
					t.Error("OpenAlgo begins with an empty database")
				}
				_, err := b.in.Recover(t.Context())
				must(t, err)
				if len(b.data()) == 0 {
					_, err := b.restore(t.Context(), file)
					must(t, err)
				}
				if b.f.Secret == nil || !maps.Equal(b.data(), data) {
					t.Errorf("at the end: %v", b.data())
				}
			})
		}
	}
}

func TestNoKubectl(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Open("alpha", "", nil)
	if finding.IDOf(err) != "kubectl-missing" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("%v", err)
	}
}

func TestWhatKubectlSays(t *testing.T) {
	t.Parallel()
	for said, id := range map[string]string{
		`Error from server (Forbidden): statefulsets.apps "openalgo" is forbidden: User "bob" cannot get resource`: "cluster-forbidden",
		"The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?":        "cluster-unreachable",
		"error: You must be logged in to the server (Unauthorized)":                                                "cluster-login",
		"Unable to connect to the server: dial tcp: lookup x: no such host":                                        "cluster-unreachable",
		"something\x1b[31m else": "kubectl-failed",
	} {
		b := newBox(t)
		b.f.Fail, b.f.Said = 1, said
		_, err := b.in.Status(t.Context())
		if finding.IDOf(err) != id || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %s %v", said, finding.IDOf(err), err)
		}
	}
	b := newBox(t)
	b.f.Fail, b.f.Said = 1, `Error from server (NotFound): namespaces "openalgo-alpha" not found`
	if _, err := b.in.Status(t.Context()); finding.IDOf(err) != "cluster-instance-missing" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.in.Status(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	s, err := b.in.Status(t.Context())
	must(t, err)
	var text strings.Builder
	s.WriteText(&text)
	golden(t, "status.txt", text.String())
	s.Volume.Phase, s.Volume.Capacity, s.Volume.Class = "Pending", "", ""
	text.Reset()
	if s.WriteText(&text); !strings.Contains(text.String(), "claim data, pending\n") {
		t.Errorf("a claim without a volume:\n%s", text.String())
	}
	b.empty()
	if s, err = b.in.Status(t.Context()); err != nil || s.Ready || !strings.Contains(s.Reason, "CreateContainerConfigError") {
		t.Errorf("%+v %v", s, err)
	}
}

func TestExamine(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	ids := func() (out []string) {
		found, err := b.in.Examine(t.Context())
		must(t, err)
		for _, f := range found {
			if f.Level != OK {
				out = append(out, f.ID)
			}
			if f.Level != OK && len(f.Hints) == 0 {
				t.Errorf("%s says not what to do", f.ID)
			}
		}
		return out
	}
	if got := ids(); !slices.Equal(got, []string{"volume-shared", "volume-reclaimed"}) {
		t.Errorf("%v", got)
	}
	b.f.Secret = nil
	if got := ids(); !slices.Equal(got, []string{"not-ready", "cluster-secret-missing", "volume-shared", "volume-reclaimed"}) {
		t.Errorf("%v", got)
	}
	b.f.Secret = map[string][]byte{"APP_KEY": nil}
	b.f.Replicas = 0
	b.f.Pods = nil
	if got := ids(); !slices.Equal(got[:2], []string{"not-running", "cluster-secret-missing"}) {
		t.Errorf("%v", got)
	}
}
