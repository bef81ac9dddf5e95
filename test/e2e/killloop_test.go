package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The kill loop: commands that are killed at random instants, each followed by
// another command, and a look for what was lost. test/killloop runs it longer.
var (
	killRuns   = flag.Int("killloop.runs", 20, "how many runs are killed")
	killSeed   = flag.Uint64("killloop.seed", 1, "the first life's seed; each life adds one")
	killEngine = flag.Bool("killloop.engine", false, "kill the engine as well; only in one of its own (test/engines.sh)")
)

// lifeRuns is how many runs one instance lives through.
const lifeRuns = 10

func TestKillLoop(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("volumes are read by root")
	}
	if docker == nil {
		t.Skip("no Docker Engine")
	}
	var engine *ownEngine
	if *killEngine {
		engine = theOwnEngine(t)
	}
	repository := sharedRegistry(t) + "/openalgo"
	config := dockerConfig(t, map[string]any{})
	release(t, repository+":1", config, "")
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	t.Cleanup(func() { // after every life
		for _, tag := range []string{"1", "2"} {
			_ = exec.Command("docker", "image", "rm", "--force", repository+":"+tag).Run()
		}
	})
	interrupted := alone(t)
	for first := 0; first < *killRuns; first += lifeRuns {
		seed := *killSeed + uint64(first/lifeRuns)
		t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
			if engine == nil { // a kill of the engine concerns every life
				t.Parallel()
			}
			t.Logf("again: make killloop SEED=%d RUNS=%d", seed, lifeRuns)
			l := newLife(t, seed, repository, engine)
			for n := range min(lifeRuns, *killRuns-first) {
				if interrupted.Err() != nil {
					t.Fatal("interrupted")
				}
				l.once(n)
				if t.Failed() {
					t.Fatalf("seed %d, run %d:\n%s", seed, n, strings.Join(l.story, "\n"))
				}
			}
		})
	}
}

// alone ends the lives in order at Ctrl+C, where nothing but the loop runs.
func alone(t *testing.T) context.Context {
	t.Helper()
	ctx := context.Background() // never done
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "killloop.runs" {
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			t.Cleanup(stop)
		}
	})
	return ctx
}

// life is one instance that is killed again and again.
type life struct {
	*instance
	rng     *rand.Rand
	engine  *ownEngine // nil: only the program is killed
	adopted bool       // another tool made it: its data stays where that had it
	story   []string

	image   string // that runs, or ran last
	keys    string
	rows    string          // in the database now
	pasts   map[string]bool // what a rollback or a restore may bring back
	data    string          // where this machine has /app/db
	marks   []string        // files of the other volumes
	backups string          // directory
	backup  string          // the newest whole one
	temp    string
	took    map[string]time.Duration
}

func newLife(t *testing.T, seed uint64, repository string, engine *ownEngine) *life {
	t.Helper()
	l := &life{rng: rand.New(rand.NewPCG(seed, 0)), engine: engine, pasts: map[string]bool{},
		backups: t.TempDir(), temp: t.TempDir(), took: map[string]time.Duration{}}
	if l.adopted = seed%4 == 0; l.adopted {
		names := []string{"by hand", "docker-run.sh", "install-docker.sh"}
		l.instance = adoptable(t, names[seed/4%3])
	} else {
		l.instance = newInstance(t) // the image is every life's
		l.image = repository + ":1"
		l.from(l.image)
		l.install(0)
	}
	l.env = append(l.env, "TMPDIR="+l.temp)
	l.data = l.volume("/app/db")
	for _, m := range l.running().Mounts { // a stack made by hand has not all of them
		if m.Target == "/app/strategies" || m.Target == "/app/keys" {
			mark := filepath.Join(l.volume(m.Target), "mark.py")
			l.place(mark, 500, 0)
			l.marks = append(l.marks, mark)
		}
	}
	l.keys = l.instance.keys()
	l.addRow("first")
	if l.adopted {
		l.adopt()
	}
	return l
}

// adopt is killed up to three times, and then done.
func (l *life) adopt() {
	l.t.Helper()
	before := dataMounts(l.running())
	for range l.rng.IntN(4) {
		l.killed([]string{"adopt", "--now", "--yes"})
	}
	out := l.done([]string{"adopt", "--now", "--yes"})
	if out.code != 0 && !strings.Contains(out.all(), "already") {
		l.t.Fatalf("adopt exits %d\n%s", out.code, out.all())
	}
	now := dataMounts(l.running())
	for line := range strings.Lines(before) {
		if !strings.Contains(now, strings.TrimSpace(line)) {
			l.t.Errorf("%s is not mounted any more:\n%s", line, now)
		}
	}
	l.look(false)
}

// rightRefusal is why a command may exit 3 after a kill: what was being stopped
// may be stopped, what was being removed may be gone, and an upgrade that was
// undone leaves nothing to go back to.
var rightRefusal = regexp.MustCompile(`needs a running OpenAlgo|there is no OpenAlgo container|no rollback is possible`)

// once kills one command, sometimes a second one, and lets another end.
func (l *life) once(n int) {
	l.addRow(fmt.Sprintf("run-%d", n))
	kind, args := l.any(l.possible()...)
	back := l.killed(args)
	next := l.after(kind)
	if l.rng.IntN(4) == 0 {
		var again string
		again, args = l.any(next...)
		back = l.killed(args) || back
		if again == "uninstall" || again == "stop" {
			kind = again
		}
		next = l.after(kind)
	}
	second, args := l.any(next...)
	out := l.done(args)
	if out.code != 0 && (out.code != 3 || !rightRefusal.MatchString(out.all())) {
		l.t.Errorf("%s exits %d\n%s", second, out.code, out.all())
		return
	}
	if out := l.done([]string{"start"}); out.code != 0 {
		l.t.Errorf("start exits %d\n%s", out.code, out.all())
		return
	}
	l.look(back || strings.HasPrefix(second, "r"))
}

// killed starts a command and kills it, the engine, or both, at a random instant
// of the time that it took before.
func (l *life) killed(args []string) (mayGoBack bool) {
	l.t.Helper()
	l.begin(args[0])
	usual := l.took[args[0]]
	if usual == 0 {
		usual = 4 * time.Second
	}
	after := time.Duration(l.rng.Int64N(int64(usual + usual/8)))
	whom := 0
	if l.engine != nil {
		whom = l.rng.IntN(3)
	}
	cmd := l.command(args...)
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case err := <-ended:
		l.tell("%v ended by itself: %v", args, err)
		l.took[args[0]] = time.Since(began)
		l.mustHaveEndedWell(args, err, text.String())
		return true
	case <-timer.C:
	}
	if whom != 1 {
		_ = cmd.Process.Kill()
	}
	if whom != 0 {
		l.engine.killAndStart(l.t)
	}
	err := <-ended
	l.tell("%v, after %d ms killed: %s", args, after.Milliseconds(), []string{"it", "the engine", "it and the engine"}[whom])
	if whom == 1 {
		l.mustHaveEndedWell(args, err, text.String())
	}
	return args[0] == "rollback" || args[0] == "restore"
}

// mustHaveEndedWell refuses an end that leaves OpenAlgo down.
func (l *life) mustHaveEndedWell(args []string, err error, text string) {
	l.t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 5 {
		l.t.Errorf("%v exits 5\n%s", args, text)
	}
}

// done runs a command to its end.
func (l *life) done(args []string) outcome {
	l.t.Helper()
	l.begin(args[0])
	began := time.Now()
	out := l.run(args...)
	l.tell("%v: exit %d", args, out.code)
	if out.code == 0 {
		l.took[args[0]] = time.Since(began)
	}
	return out
}

func (l *life) tell(format string, args ...any) {
	l.story = append(l.story, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// any chooses one of the commands, and gives it arguments.
func (l *life) any(kinds ...string) (kind string, args []string) {
	kind = kinds[l.rng.IntN(len(kinds))]
	level := []string{"DEBUG", "INFO", "WARNING", "ERROR"}[l.rng.IntN(4)]
	switch kind {
	case "install":
		l.write("env: {LOG_LEVEL: " + level + "}")
		if c := l.containers(); len(c) == 1 { // a killed run may have left two, or none
			l.image = c[0].Image
		}
		l.from(l.image)
		return kind, []string{"--answers", l.answers}
	case "set":
		return kind, []string{kind, "LOG_LEVEL=" + level, "--now"}
	case "resize":
		return kind, []string{kind, "--ram", []string{"4GB", "8GB", "16GB"}[l.rng.IntN(3)], "--cores", "2", "--now", "--yes"}
	case "domain":
		if l.rng.IntN(2) == 0 {
			return kind, []string{kind, "--none", "--now"}
		}
		return kind, []string{kind, l.project + ".example.com", "--tls", "off", "--no-dns-check", "--now"}
	case "upgrade":
		return kind, []string{kind, "--to", "2", "--now"}
	case "rollback":
		return kind, []string{kind, "--now", "--yes"}
	case "backup":
		return kind, []string{kind, "--to", l.backups, "--keep", "2", "--now"}
	case "restore":
		return kind, []string{kind, l.backup, "--now", "--yes"}
	case "uninstall":
		return kind, []string{kind, "--yes"}
	}
	return kind, []string{kind}
}

// possible are the commands that make sense for the running instance.
func (l *life) possible() []string {
	kinds := []string{"set", "resize", "backup", "stop", "restart", "start"}
	if l.adopted {
		return kinds
	}
	kinds = append(kinds, "install", "domain", "upgrade", "uninstall", "rollback")
	if l.backup != "" {
		kinds = append(kinds, "restore")
	}
	return kinds
}

// after are the commands that may follow a killed one.
func (l *life) after(kind string) []string {
	switch kind {
	case "uninstall":
		return []string{"start", "uninstall"}
	case "upgrade", "rollback", "restore", "install": // which image is in force is not known
		return slices.DeleteFunc(l.possible(), func(k string) bool { return k == "install" })
	}
	return l.possible()
}
