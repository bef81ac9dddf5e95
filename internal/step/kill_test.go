package step_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// situation is a world and a change to it.
type situation struct {
	prepare func(w *world)
	plan    func(w *world) run.Plan
	fails   bool // the new version does not work
	// first says that what stays of an undone run is not what was there before.
	first bool
}

func (w *world) installed() {
	w.t.Helper()
	must(w.t, run.Run(w.t.Context(), w.tools(), w.install()))
	w.addRows("ravi")
	must(w.t, os.MkdirAll(w.path("edge"), 0o755))
	must(w.t, os.WriteFile(w.path("edge/old.caddy"), []byte("old.example.com"), 0o644))
}

// foreign is another tool's stack, with its data in directories.
func (w *world) foreign() {
	w.t.Helper()
	must(w.t, os.WriteFile(w.path(".env"), []byte(firstEnv), 0o600))
	must(w.t, os.WriteFile(w.path("compose.yaml"), []byte("theirs"), 0o644))
	for _, tree := range trees {
		must(w.t, os.MkdirAll(w.path(tree), 0o755))
	}
	s := w.spec("openalgo:1", webName, true)
	s.Networks = nil
	must(w.t, os.MkdirAll(w.path("edge"), 0o755))
	id, err := w.engine.Create(w.t.Context(), s)
	must(w.t, err)
	must(w.t, w.engine.Start(w.t.Context(), id))
	must(w.t, w.engine.Put(id, "/app/keys/private.pem", []byte("private")))
	w.addRows("ravi")
}

func situations() map[string]situation {
	stopped := func(w *world) {
		w.installed()
		must(w.t, w.engine.Stop(w.t.Context(), w.web().ID, 0))
	}
	withBytecode := func(w *world) {
		w.installed()
		_, err := w.engine.CreateVolume(w.t.Context(), engine.VolumeSpec{Name: volume("bytecode")})
		must(w.t, err)
	}
	adopt := func(w *world) run.Plan {
		p := w.adopt()
		// The network is the one that Docker makes for every container.
		p.Parts[1].Steps = append(p.Parts[1].Steps, w.install().Parts[2].Steps[0])
		return p
	}
	return map[string]situation{
		"install":              {func(*world) {}, (*world).install, false, true},
		"install with swap":    {func(*world) {}, (*world).installWithSwap, false, true},
		"set":                  {(*world).installed, (*world).change, false, false},
		"set that closes":      {(*world).installed, (*world).closed, false, false},
		"set that moves":       {(*world).installedClosed, (*world).closedElsewhere, false, false},
		"upgrade":              {(*world).installed, func(w *world) run.Plan { return w.upgrade("openalgo:2") }, false, false},
		"upgrade to a bad one": {(*world).installed, func(w *world) run.Plan { return w.upgrade("openalgo:bad") }, true, false},
		"restore":              {(*world).installed, func(w *world) run.Plan { return w.restore("then") }, false, false},
		"restore of nothing":   {(*world).installed, func(w *world) run.Plan { return w.restore("") }, true, false},
		"adopt":                {(*world).foreign, adopt, false, false},
		"set that compiles":    {withBytecode, (*world).compiled, false, false},
		"set while stopped":    {stopped, (*world).started, false, false},
		"first restore":        {func(*world) {}, (*world).firstRestore, false, true},
		"rollback":             {(*world).installed, (*world).rollback, false, false},
		"backup":               {(*world).installed, (*world).backup, false, false},
		"frozen backup":        {(*world).installed, (*world).frozenBackup, false, false},
		"resize of a copy":     {(*world).foreign, (*world).resize, false, false},
		"uninstall":            {(*world).laden, func(w *world) run.Plan { return w.uninstall(false) }, false, false},
		"purge":                {(*world).laden, func(w *world) run.Plan { return w.uninstall(true) }, false, false},
		"clean":                {(*world).cluttered, (*world).clean, false, false},
		"purge of directories": {(*world).foreign, func(w *world) run.Plan { return w.uninstall(true) }, false, false},
	}
}

// killed is what ends a process.
type killed struct{}

// killAt runs something in a process that ends at one of its points; 0 is none.
// It returns how many points were reached.
func (w *world) killAt(at int, do func() error) (points int, err error) {
	return w.killWhen(func(n int, _ string) bool { return n == at }, do)
}

// killWhen is killAt for the point of a number or a name.
func (w *world) killWhen(is func(n int, point string) bool, do func() error) (points int, err error) {
	w.hook = func(point string) {
		w.points = append(w.points, point)
		if points++; is(points, point) {
			panic(killed{})
		}
	}
	defer func() {
		w.hook = nil
		if r := recover(); r != nil && r != (killed{}) {
			panic(r)
		}
	}()
	err = do()
	return points, err
}

// recovered completes or undoes what a killed process left.
func (w *world) recovered() error {
	j, err := run.Read(instance.Dir(w.dir), os.ReadFile)
	if err != nil || j == nil {
		return err
	}
	return run.Recover(w.t.Context(), w.tools(), j)
}

// matrix are the kills of one situation: at each point of the change, and again
// at each point of the recovery from that.
type matrix struct {
	situation
	t             *testing.T
	before, after string
	runs          int
}

func (m *matrix) world() *world {
	w := newWorld(m.t)
	m.prepare(w)
	m.runs++
	return w
}

// measure finds out what comes of the change when nothing ends it.
func (m *matrix) measure() (points int) {
	w := m.world()
	defer w.close()
	m.before = w.end()
	points, err := w.killAt(0, func() error { return run.Run(m.t.Context(), w.tools(), m.plan(w)) })
	m.after = w.end()
	var f *run.Failure
	switch {
	case !m.fails && err != nil:
		m.t.Fatal(err)
	case m.fails && (!errors.As(err, &f) || f.End != run.RolledBack):
		m.t.Fatalf("it ends with %v", err)
	case m.fails && m.after != m.before:
		m.t.Fatalf("rolled back to\n%s\nand not to\n%s", m.after, m.before)
	}
	return points
}

// kill ends the change at one point, and the recovery at another. It returns how
// many points the recovery has.
func (m *matrix) kill(at, again int) int {
	w := m.world()
	defer w.close()
	_, _ = w.killAt(at, func() error { return run.Run(m.t.Context(), w.tools(), m.plan(w)) })
	w.mustHaveKeys(at, 0)
	points, err := w.killAt(again, w.recovered)
	w.mustHaveKeys(at, again)
	if again > 0 {
		err = w.recovered()
	}
	if err != nil {
		m.t.Errorf("killed at %d and %d: %v\n%s", at, again, err, strings.Join(w.points, "\n"))
		return points
	}
	m.look(w, at, again)
	return points
}

// look wants the world as it was before or as the change makes it, and the same
// change to work.
func (m *matrix) look(w *world, at, again int) {
	end := w.end()
	if end == m.after {
		return
	}
	if end != m.before && !m.first {
		m.t.Errorf("killed at %d and %d: it ends with\n%s\nand before it was\n%s\nnotes: %s", at, again, end, m.before, strings.Join(w.notes, "\n"))
		return
	}
	if m.fails {
		return
	}
	if err := run.Run(m.t.Context(), w.tools(), m.plan(w)); err != nil {
		m.t.Errorf("killed at %d and %d: the second run: %v", at, again, err)
	} else if end := w.end(); end != m.after {
		m.t.Errorf("killed at %d and %d: the second run ends with\n%s\nand not with\n%s", at, again, end, m.after)
	}
}

// Whatever a change is killed in, and whatever the recovery is killed in, the
// next process brings the instance to its previous or its new state, whole.
func TestKillMatrix(t *testing.T) {
	t.Parallel()
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Geteuid() != 0 && name == "adopt" {
				t.Skip("owners are changed by root")
			}
			m := &matrix{situation: s, t: t}
			points := m.measure()
			for at := 1; at <= points && !t.Failed(); at++ {
				recovery := m.kill(at, 0)
				for again := 1 + at%every(); again <= recovery && !t.Failed(); again += every() {
					m.kill(at, again)
				}
			}
			t.Logf("%d points, %d runs", points, m.runs)
		})
	}
}

// every is the distance between the second kills; OPENALGO_KILLS=all takes all.
func every() int {
	if os.Getenv("OPENALGO_KILLS") == "all" {
		return 1
	}
	return 11
}
