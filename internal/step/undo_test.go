package step_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/data"
)

// interrupted is an instance whose change ended at the named point.
func interrupted(t *testing.T, point string, plan func(*world) run.Plan) *world {
	t.Helper()
	w := newWorld(t)
	t.Cleanup(w.close)
	w.installed()
	w.killIn(point, func() { _ = run.Run(t.Context(), w.tools(), plan(w)) })
	return w
}

// killIn ends a process when it reaches a point of that name.
func (w *world) killIn(point string, do func()) {
	w.t.Helper()
	reached := false
	w.hook = func(at string) {
		if at == point {
			reached = true
			panic(killed{})
		}
	}
	func() {
		defer func() {
			w.hook = nil
			if r := recover(); r != nil && r != (killed{}) {
				panic(r)
			}
		}()
		do()
	}()
	if !reached {
		w.t.Fatalf("%s was not reached", point)
	}
}

func (w *world) mustRecover() {
	w.t.Helper()
	must(w.t, w.recovered())
	if _, err := os.Stat(w.path(".openalgo-install/journal.json")); err == nil {
		w.t.Error("the journal is still open")
	}
}

func (w *world) write(name, text string) {
	w.t.Helper()
	must(w.t, os.WriteFile(w.path(name), []byte(text), 0o644))
}

func (w *world) mustHold(name, want string) {
	w.t.Helper()
	path := name
	if !filepath.IsAbs(path) {
		path = w.path(name)
	}
	if got := read(path); got != want {
		w.t.Errorf("%s holds %q, want %q", name, got, want)
	}
}

func (w *world) said(text string) bool { return strings.Contains(strings.Join(w.notes, "\n"), text) }

func upgradeTo(image string) func(*world) run.Plan {
	return func(w *world) run.Plan { return w.upgrade("openalgo:" + image) }
}

// What an undo has brought back, and somebody edited since, is not brought back
// again.
func TestFilesAreBroughtBackOnce(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", (*world).change)
	w.killIn("undo-renamed", func() { _ = w.recovered() })
	w.mustHold(compose.FileName, "release 1")
	w.write(compose.FileName, "the user's")
	w.write(".env", firstEnv+"MINE = 'yes'\n")
	w.mustRecover()
	w.mustHold(compose.FileName, "the user's")
	w.mustHold(".env", firstEnv+"MINE = 'yes'\n")
	if !w.running() {
		t.Error("OpenAlgo does not run")
	}
}

// A file that somebody edited before the undo stays, and the previous one is
// beside it.
func TestAnEditedFileStays(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", (*world).change)
	w.write(compose.FileName, "the user's")
	w.mustRecover()
	w.mustHold(compose.FileName, "the user's")
	w.mustHold(compose.FileName+".previous", "release 1")
}

// A file whose copy is gone stays, and keeps nobody from an undo.
func TestAFileWhoseCopyIsGone(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", (*world).change)
	copies, _ := filepath.Glob(w.path(".openalgo-install/backups/docker-compose.yaml.*"))
	for _, path := range copies {
		must(t, os.Remove(path))
	}
	w.mustRecover()
	w.mustHold(compose.FileName, "changed")
	if !w.running() {
		t.Error("OpenAlgo does not run")
	}
}

// A copy that somebody planted or changed is not brought back as the previous
// .env.
func TestAChangedCopyIsRefused(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", (*world).change)
	copies, _ := filepath.Glob(w.path(".openalgo-install/backups/env.*"))
	slices.Sort(copies)
	must(t, os.WriteFile(copies[len(copies)-1], []byte("API_KEY_PEPPER = 'planted'\n"), 0o600))
	if err := w.recovered(); err == nil || !strings.Contains(err.Error(), "was changed after its copy") {
		t.Errorf("%v", err)
	}
	if strings.Contains(read(w.path(".env")), "planted") {
		t.Error("it is in .env")
	}
	if !w.running() { // what cannot be brought back keeps nobody down
		t.Error("OpenAlgo does not run")
	}
}

// A key that OpenAlgo made meanwhile stays: data was encrypted with it.
func TestKeysThatOpenAlgoMadeStay(t *testing.T) {
	t.Parallel()
	salt := strings.Repeat("ab", 32)
	w := interrupted(t, "docker: started", (*world).change)
	must(t, w.engine.Remove(t.Context(), webName+"-new"))
	w.write(".env", read(w.path(".env"))+"FERNET_SALT = '"+salt+"'\n")
	w.mustRecover()
	env := read(w.path(".env"))
	if value(env, "FERNET_SALT") != salt || value(env, "LOG_LEVEL") != "INFO" {
		t.Errorf(".env is\n%s", env)
	}
}

// Data that an undo replaces is kept, and that of the last undo alone.
func TestReplacedDataIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.installed()
	for range 2 {
		var f *run.Failure
		if err := run.Run(t.Context(), w.tools(), w.upgrade("openalgo:bad")); !errors.As(err, &f) || f.End != run.RolledBack {
			t.Fatal(err)
		}
		kept, _ := filepath.Glob(w.path(".openalgo-install/aside/*/db/schema"))
		if len(kept) != 1 || read(kept[0]) != "2" {
			t.Errorf("kept: %v", kept)
		}
	}
	if !w.said("the replaced data is kept in") {
		t.Error("nobody says where")
	}
}

// The copy itself is renamed into its place where there is no space, and a kill
// in between loses nothing of it.
func TestTheCopyIsRenamedBack(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "docker: started", upgradeTo("bad"))
	w.killIn("undo-moved", func() { _ = w.recovered() })
	db := place(*w.web(), openalgo.DB)
	must(t, os.Rename(w.path(".openalgo-install/snapshot/db/key"), filepath.Join(db, "key"))) // it had begun
	path := w.path(".openalgo-install/journal.json")
	text := strings.Replace(read(path), `"moved": true`, `"moved": true, "renaming": true`, 1)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	w.mustRecover()
	w.mustHold(filepath.Join(db, "schema"), "1")
	w.mustHold(filepath.Join(db, "rows"), "ravi")
	w.mustHold(filepath.Join(db, "key"), "pepper-of-this-instance")
}

// A first .env stays once a volume was created for it, and goes before that; so
// does the network.
func TestAFirstInstallThatIsUndone(t *testing.T) {
	t.Parallel()
	for point, stays := range map[string]bool{"network": false, "volume": true, "created": true} {
		w := newWorld(t)
		w.killIn(point, func() { _ = run.Run(t.Context(), w.tools(), w.install()) })
		w.mustRecover()
		if (read(w.path(".env")) == firstEnv) != stays {
			t.Errorf("at %s: .env is %q", point, read(w.path(".env")))
		}
		if _, err := w.engine.Network(t.Context(), project+"_default"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("at %s: the network is left: %v", point, err)
		}
		w.close()
	}
}

// The previous container was started again since, and answers: its data and its
// run are left alone.
func TestWhatIsInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "docker: started", upgradeTo("bad"))
	must(t, w.engine.Stop(t.Context(), webName+"-new", 0))
	must(t, os.WriteFile(filepath.Join(place(*w.web(), openalgo.DB), "schema"), []byte("1"), 0o644)) // by the user's hand
	must(t, w.engine.Start(t.Context(), webName))
	w.addRows("since")
	began := w.web().StartedAt
	w.mustRecover()
	if !w.web().StartedAt.Equal(began) || !w.running() {
		t.Error("it was restarted")
	}
	w.mustHold(filepath.Join(place(*w.web(), openalgo.DB), "rows"), "since")
}

// One that was started again and does not answer is stopped before its data is
// brought back, and what it wrote is kept.
func TestWhatDoesNotAnswerIsStopped(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "docker: started", upgradeTo("bad"))
	must(t, w.engine.Stop(t.Context(), webName+"-new", 0))
	must(t, w.engine.Start(t.Context(), webName)) // on a database that is too new for it
	w.addRows("since")
	w.mustRecover()
	if !w.running() {
		t.Error("it does not run")
	}
	w.mustHold(filepath.Join(place(*w.web(), openalgo.DB), "rows"), "ravi")
	if kept, _ := filepath.Glob(w.path(".openalgo-install/aside/*/db/rows")); len(kept) != 1 || read(kept[0]) != "since" {
		t.Errorf("kept: %v", kept)
	}
}

// While a run was unfinished, the user created a container of their own on the
// data: no second one is started beside it, and its data stays.
func TestNoSecondContainerOnTheData(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		w := interrupted(t, "after-stop", (*world).change)
		s := w.spec("openalgo:1", "theirs", false)
		s.Ports = nil
		id, err := w.engine.Create(t.Context(), s)
		must(t, err)
		must(t, w.engine.Start(t.Context(), id))
		if gone {
			must(t, w.engine.Remove(t.Context(), webName))
		}
		w.mustRecover()
		want := []string{webName + " exited", "theirs running"}
		if gone {
			want = want[1:]
		}
		if got := w.containers(); !slices.Equal(got, want) {
			t.Errorf("the previous one is gone: %v: %v, want %v", gone, got, want)
		}
	}
}

// A run that was killed days ago, before it asked for a stop, stops nothing.
func TestWhatWasNeverStopped(t *testing.T) {
	t.Parallel()
	for age, stopped := range map[time.Duration]bool{time.Minute: true, 48 * time.Hour: false} {
		w := interrupted(t, "stopping", (*world).change)
		began := w.web().StartedAt
		then := time.Now().Add(-age)
		must(t, os.Chtimes(w.path(".openalgo-install/journal.json"), then, then))
		w.mustRecover()
		if w.web().StartedAt.Equal(began) == stopped || !w.running() {
			t.Errorf("%s later: it was restarted: %v", age, !stopped)
		}
	}
}

// Somebody removed the previous container: the new one stays, where its release
// has not to change data of which there is no copy.
func TestThePreviousContainerIsGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		point string
		plan  func(*world) run.Plan
		stays bool
	}{
		"a change":                         {"after-stop", (*world).change, true},
		"an upgrade before its copy":       {"before-snapshot", upgradeTo("2"), false},
		"an upgrade that began to migrate": {"docker: started", upgradeTo("bad"), false},
	} {
		w := interrupted(t, c.point, c.plan)
		must(t, w.engine.Remove(t.Context(), webName))
		w.mustRecover()
		if got := w.containers(); (len(got) == 1 && got[0] == webName+" running") != c.stays {
			t.Errorf("%s: %v", name, got)
		}
		v, err := w.engine.Volume(t.Context(), volume("db"))
		must(t, err)
		if !c.stays {
			w.mustHold(filepath.Join(v.Mountpoint, "schema"), "1")
		}
		w.mustHold(filepath.Join(v.Mountpoint, "rows"), "ravi")
	}
}

// The user removed the new container while only tidying up was left.
func TestTheNewContainerIsGone(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "committing", (*world).change)
	must(t, w.engine.Remove(t.Context(), webName+"-new"))
	w.mustRecover()
	w.mustHold(compose.FileName, "changed")
}

// Docker lost the volume of a copy: it is recreated.
func TestVolumeThatDockerLost(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"after-snapshot", "docker: started"} {
		w := interrupted(t, point, upgradeTo("bad"))
		for _, name := range []string{webName, webName + "-new"} {
			must(t, w.engine.Remove(t.Context(), name))
		}
		must(t, w.engine.RemoveVolume(t.Context(), volume("db")))
		w.killIn("undo-volume", func() { _ = w.recovered() })
		w.mustRecover()
		v, err := w.engine.Volume(t.Context(), volume("db"))
		must(t, err)
		w.mustHold(filepath.Join(v.Mountpoint, "rows"), "ravi")
		if v.Labels[stacks.LabelDir] != w.dir || v.Labels[compose.LabelProject] != project || v.Labels[compose.LabelVolume] != "openalgo_db" {
			t.Errorf("labels: %v", v.Labels)
		}
	}
}

// Data that came into a volume that was moved into is kept when the volume goes.
func TestDataSinceAMoveIsKept(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("owners are changed by root")
	}
	w := newWorld(t)
	defer w.close()
	w.foreign()
	s := situations()["adopt"]
	w.killIn("docker: started", func() { _ = run.Run(t.Context(), w.tools(), s.plan(w)) })
	fresh, err := w.engine.Container(t.Context(), webName+"-new")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(place(fresh, openalgo.DB), "rows"), []byte("since"), 0o644))
	w.sick[fresh.ID] = "it fell over"
	w.mustRecover()
	if kept, _ := filepath.Glob(w.path(".openalgo-install/aside/*/" + volume("db") + "/rows")); len(kept) != 1 || read(kept[0]) != "since" {
		t.Errorf("kept: %v", kept)
	}
	w.mustHold("db/rows", "ravi")
	if !w.running() {
		t.Error("the previous one does not run")
	}
}

// What ran before does not answer after the undo: all is back, and that is said.
func TestThePreviousOneDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.installed()
	w.write(".env", firstEnv+"BROKEN = 'yes'\n") // the running OpenAlgo has not read it
	var f *run.Failure
	if err := run.Run(t.Context(), w.tools(), w.upgrade("openalgo:2")); !errors.As(err, &f) || f.End != run.Silent {
		t.Fatalf("%v", err)
	}
	if _, err := os.Stat(w.path(".openalgo-install/journal.json")); err == nil {
		t.Error("the journal is still open")
	}
	w = interrupted(t, "before-start", func(w *world) run.Plan {
		w.write(".env", firstEnv+"BROKEN = 'yes'\n")
		return w.upgrade("openalgo:2")
	})
	tools := w.tools()
	tools.EvenBroken = true // the command is what repairs it
	j, err := run.Read(instance.Dir(w.dir), os.ReadFile)
	must(t, err)
	must(t, run.Recover(t.Context(), tools, j))
}

// The HTTPS proxy is gone for good: the run itself says so, and the next command
// undoes what is left all the same.
func TestTheProxyIsGone(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", (*world).change)
	w.front = errors.New("no proxy")
	w.mustRecover()
	if w.mustHold("edge/site.caddy", ""); !w.said("did not read them (no proxy)") {
		t.Errorf("notes: %v", w.notes)
	}
	w = newWorld(t)
	defer w.close()
	w.installed()
	w.hook = func(point string) {
		if point == "before-start" {
			w.front = errors.New("no proxy")
			must(t, os.Remove(w.path(".env"))) // the start fails
		}
	}
	var f *run.Failure
	if err := run.Run(t.Context(), w.tools(), w.change()); !errors.As(err, &f) || f.End != run.NotRolledBack {
		t.Errorf("%v", err)
	}
	if !w.running() {
		t.Error("the previous one is down for it")
	}
}

// What all sites have in common went with the last site of another run, after
// this one was planned: it is written again, and a file that stands stays.
func TestSharedFilesAreWrittenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	gone, stands := w.path("edge/docker-compose.yaml"), w.path("edge/Caddyfile")
	must(t, os.MkdirAll(w.path("edge"), 0o755))
	w.write("edge/Caddyfile", "edited")
	s := &step.ServeSite{Site: instance.Edge{Kind: "caddy", Dir: w.path("edge"), Domain: "new.example.com"},
		Write:  []edge.File{{Path: w.path("edge/site.caddy"), Text: []byte("new.example.com"), Mode: 0o644}},
		Shared: []edge.File{{Path: gone, Text: []byte("shared"), Mode: 0o644}, {Path: stands, Text: []byte("shared"), Mode: 0o644}}}
	if err := run.Run(t.Context(), w.tools(), run.Plan{Command: "set", Parts: []run.Part{part("edge", s)}}); err != nil {
		t.Fatal(err)
	}
	if read(gone) != "shared" || read(stands) != "edited" {
		t.Errorf("%q and %q", read(gone), read(stands))
	}
}

// A recovery on another Docker changes nothing; a host may be renamed.
func TestRecoveryOnAnotherDocker(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", (*world).change)
	w.engine.Facts.ID, w.engine.Facts.Endpoint = "another", "unix:///another.sock"
	before := w.end()
	if err := w.recovered(); finding.KindOf(err) != finding.HostNotReady || w.end() != before {
		t.Errorf("%v", err)
	}
	w.engine.Facts.ID, w.engine.Facts.Name = "memory", "renamed-since"
	w.mustRecover()
	w = interrupted(t, "before-start", (*world).change)
	w.asEarlier()
	w.engine.Facts.Name = "renamed-since"
	w.mustRecover() // its containers are here
}

// Who does not wait for an answer has not asked for an undo.
func TestRecoveryThatIsCancelled(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-verify", upgradeTo("2"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j, err := run.Read(instance.Dir(w.dir), os.ReadFile)
	must(t, err)
	before := w.end()
	w.sick[func() string { c, _ := w.engine.Container(ctx, webName+"-new"); return c.ID }()] = "not yet"
	if err := run.Recover(ctx, w.tools(), j); finding.KindOf(err) != finding.Cancelled {
		t.Errorf("%v", err)
	}
	if got := w.containers(); len(got) != 2 || !strings.Contains(before, webName+"-new running") {
		t.Errorf("%v", got)
	}
}

// The directory was moved while a run was unfinished: its copies moved with it,
// and Docker cannot start the previous container again.
func TestTheDirectoryWasMoved(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{false, true} {
		w := interrupted(t, "after-files", upgradeTo("2"))
		if before {
			w.asEarlier()
		}
		moved := filepath.Join(w.root, "moved")
		must(t, os.Rename(w.dir, moved))
		w.dir = moved
		w.mustRecover()
		w.mustHold(".env", firstEnv)
		if got := w.containers(); !slices.Equal(got, []string{webName + " exited"}) {
			t.Errorf("%v", got)
		}
	}
}

// Stop, start, and work while it is stopped.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.installed()
	c := w.web()
	again := []run.Step{&step.StartAgain{ID: c.ID, Name: c.Name}}
	down := run.Plan{Command: "stop", Commit: []run.Step{&step.StopForGood{ID: c.ID, Name: c.Name}}}
	must(t, run.Run(t.Context(), w.tools(), down))
	if w.running() {
		t.Error("it still runs")
	}
	must(t, run.Run(t.Context(), w.tools(), run.Plan{Command: "start", Commit: again}))
	if !w.running() {
		t.Error("it does not run")
	}
	// A kill while it is down for a backup: whoever comes next starts it.
	for _, point := range []string{"docker: stop", "copying", "docker: start"} {
		w.killIn(point, func() { _ = run.Run(t.Context(), w.tools(), w.backup()) })
		w.mustRecover()
		if !w.running() {
			t.Errorf("killed at %s: it does not run", point)
		}
	}
	// A stop that nobody waited for is Docker's to carry out, and no other's later.
	w.killIn("docker: stop", func() { _ = run.Run(t.Context(), w.tools(), down) })
	must(t, w.engine.Stop(t.Context(), c.ID, 0))
	must(t, w.engine.Start(t.Context(), c.ID))
	w.mustRecover()
	if !w.running() {
		t.Error("a recovery stopped it")
	}
	// What does not get ready leaves nothing to complete.
	w.write(".env", firstEnv+"BROKEN = 'yes'\n")
	var f *run.Failure
	if err := run.Run(t.Context(), w.tools(), w.backup()); !errors.As(err, &f) || f.End != run.GivenUp {
		t.Errorf("%v", err)
	}
	if instance.Dir(w.dir).HasJournal() {
		t.Error("the journal is still open")
	}
}

// A container of the user's that uses half-restored data, or does not answer, has
// to be stopped first.
func TestSomebodyElseUsesTheData(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "restore-cleared", func(w *world) run.Plan { return w.restore("then") })
	s := w.spec("openalgo:1", "theirs", false)
	s.Ports = nil
	id, err := w.engine.Create(t.Context(), s)
	must(t, err)
	must(t, w.engine.Start(t.Context(), id))
	if err := w.recovered(); err == nil || !strings.Contains(err.Error(), "docker stop theirs") {
		t.Fatalf("%v", err)
	}
	must(t, w.engine.Remove(t.Context(), id))
	w.mustRecover()
	w.mustHold(filepath.Join(place(*w.web(), openalgo.DB), "rows"), "ravi")
}

// A directory that is gone could be anybody's: the way is said, and the copy stays.
func TestTheDirectoryOfTheDataIsGone(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "docker: started", upgradeTo("bad"))
	path := w.path(".openalgo-install/journal.json")
	db := place(*w.web(), openalgo.DB)
	text := strings.ReplaceAll(read(path), db, "/srv/none/db")
	must(t, os.WriteFile(path, []byte(strings.Replace(text, `"volume": "`+volume("db")+`",`, "", 1)), 0o600))
	err := w.recovered()
	if err == nil || !strings.Contains(err.Error(), "sudo cp -a "+w.path(".openalgo-install/snapshot/db")) {
		t.Errorf("%v", err)
	}
	w.mustHold(".openalgo-install/snapshot/db/rows", "ravi")
}

// The kept .env is gone in the undo of a restore: there is one more beside the
// data that goes back.
func TestTheOtherCopyOfEnv(t *testing.T) {
	t.Parallel()
	w := interrupted(t, "before-start", func(w *world) run.Plan { return w.restore("then") })
	must(t, os.RemoveAll(w.path(".openalgo-install/backups")))
	must(t, os.Remove(w.path(".openalgo-install/replaced/.env")))
	if err := w.recovered(); err == nil || !strings.Contains(err.Error(), "only its encryption keys open the data") {
		t.Errorf("%v", err)
	}
	must(t, os.WriteFile(w.path(".openalgo-install/replaced/.env"), []byte(firstEnv), 0o600))
	w.mustRecover()
	w.mustHold(".env", firstEnv)
	if !w.running() {
		t.Error("OpenAlgo does not run")
	}
}

// What there is once a run was undone, and while an undo is not finished.
func TestWhatIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*world)
		plan    func(*world) run.Plan
		want    string
	}{
		"a change":         {(*world).installed, upgradeTo("bad"), "OpenAlgo runs as before"},
		"a first install":  {func(*world) {}, func(w *world) run.Plan { p := w.install(); p.Parts[4] = part("start", failing()); return p }, "OpenAlgo is not installed"},
		"before a volume":  {func(*world) {}, func(w *world) run.Plan { p := w.install(); p.Parts[1] = part("files", failing()); return p }, "Nothing was changed"},
		"while it is down": {situations()["set while stopped"].prepare, func(w *world) run.Plan { p := w.started(); p.Parts[3] = part("verify", failing()); return p }, "It is stopped, as before"},
		"a broken one": {(*world).installed, func(w *world) run.Plan {
			p := w.upgrade("openalgo:bad")
			for _, part := range p.Parts {
				if stop := run.Find[*step.StopContainer](part.Steps); stop != nil {
					stop.Broken = true
				}
			}
			return p
		}, "It does not answer, as before"},
	} {
		w := newWorld(t)
		c.prepare(w)
		tools := w.tools()
		var f *run.Failure
		if err := run.Run(t.Context(), tools, c.plan(w)); !errors.As(err, &f) || f.End != run.RolledBack {
			t.Errorf("%s: %v", name, err)
		} else if said := step.AfterUndo(tools); !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
		if step.AfterFailedUndo(t.Context(), tools) == "" || step.WhereData(tools) == "" {
			t.Errorf("%s: nothing is said", name)
		}
		w.close()
	}
}

func failing() run.Step {
	return &step.Action{What: "fail", Func: func(context.Context) error { return errors.New("no") }}
}

// The user ends a change: it is undone, and the failure says who ended it.
func TestCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.installed()
	before := w.end()
	ctx, cancel := context.WithCancel(t.Context())
	w.hook = func(point string) {
		if point == "env-placed" {
			cancel()
		}
	}
	var f *run.Failure
	if err := run.Run(ctx, w.tools(), w.change()); !errors.As(err, &f) || !f.Cancelled || f.End != run.RolledBack || w.end() != before {
		t.Errorf("%v\n%s", err, w.end())
	}
	if errors.Unwrap(f) == nil && len(f.Unwrap()) == 0 || f.Error() == "" {
		t.Error("the cause is lost")
	}
	// A disk that takes no journal: nothing is begun.
	must(t, os.RemoveAll(w.path(".openalgo-install")))
	must(t, os.WriteFile(w.path(".openalgo-install"), nil, 0o600))
	if err := run.Run(t.Context(), w.tools(), w.change()); !errors.As(err, &f) || f.End != run.NotBegun {
		t.Errorf("%v", err)
	}
}

// What changed under a plan: the files that are there are left as they are.
func TestWhatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	unread := func(*world) run.Plan {
		return run.Plan{Parts: []run.Part{part("files", &step.WriteEnv{Foreign: true, Edit: func([]byte) ([]byte, error) { return nil, errors.New("no") }})}}
	}
	for name, c := range map[string]struct {
		plan   func(*world) run.Plan
		before func(*world)
		want   string
	}{
		"a .env appeared":       {(*world).install, func(w *world) { w.write(".env", "THEIRS = 'yes'\n") }, "another program created a .env"},
		"a .env is a directory": {(*world).install, func(w *world) { must(w.t, os.Mkdir(w.path(".env"), 0o755)) }, "is a directory"},
		"a volume appeared": {(*world).install, func(w *world) {
			_, err := w.engine.CreateVolume(w.t.Context(), engine.VolumeSpec{Name: volume("db")})
			must(w.t, err)
		}, "another process created"},
		"a port was taken": {(*world).install, func(w *world) {
			id, err := w.engine.Create(w.t.Context(), engine.ContainerSpec{Name: "theirs", Config: engine.Config{Image: "openalgo:1"}, Ports: []engine.PortBinding{{HostPort: 5000}}})
			must(w.t, err)
			w.engine.OnStart = nil
			must(w.t, w.engine.Start(w.t.Context(), id))
			w.engine.OnStart = w.begin
		}, "another program took port 5000 while OpenAlgo was being installed ("},
		"edits that fail": {unread, func(w *world) { w.write(".env", firstEnv) }, "no"},
		"no .env to edit": {unread, func(*world) {}, "was deleted in the meantime"},
		"no data": {func(w *world) run.Plan {
			p := w.firstRestore()
			p.Parts[4].Steps[1].(*data.Keep).Tree = "none"
			return p
		}, func(*world) {}, "mounts nothing"},
		"no place for data": {func(w *world) run.Plan {
			p := w.firstRestore()
			p.Parts[5].Steps[0].(*data.Fill).Trees = []string{"none"}
			return p
		}, func(*world) {}, "mounts nothing"},
	} {
		w := newWorld(t)
		p := c.plan(w)
		c.before(w)
		var f *run.Failure
		if err := run.Run(t.Context(), w.tools(), p); !errors.As(err, &f) || f.End != run.RolledBack && name != "a .env is a directory" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		w.close()
	}
}

// A Docker without root: a container gives the files away, and reads them.
func TestRootlessDocker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.engine.Facts.Rootless = true
	p := w.install()
	p.Parts[2].Steps = append(p.Parts[2].Steps, &data.MakeDirectory{Path: w.path("data"), Image: "sha256:1", Mode: 0o755})
	must(t, run.Run(t.Context(), w.tools(), p))
	if !w.running() {
		t.Error("OpenAlgo does not run")
	}
	if all, _ := w.engine.Containers(t.Context()); len(all) != 1 {
		t.Errorf("helpers are left: %v", w.containers())
	}
	if text, err := appfile.ReadEnv(t.Context(), w.engine, instance.Dir(w.dir), ""); err != nil || string(text) != firstEnv {
		t.Errorf("%q, %v", text, err)
	}
}

// Only the last ten copies of a file are kept, and none that is young.
func TestOldCopiesGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.installed()
	must(t, os.MkdirAll(w.path(".openalgo-install/backups"), 0o700))
	for n := range 12 {
		path := w.path(".openalgo-install/backups/env.2020010" + string(rune('a'+n)))
		must(t, os.WriteFile(path, nil, 0o600))
		old := time.Now().Add(-48 * time.Hour)
		must(t, os.Chtimes(path, old, old))
	}
	must(t, run.Run(t.Context(), w.tools(), w.change()))
	if left, _ := filepath.Glob(w.path(".openalgo-install/backups/env.*")); len(left) != 10 {
		t.Errorf("%d copies are left", len(left))
	}
}

// A container that was stopped before a change was started by it, and runs and
// answers since: a recovery that cannot go forward leaves it running.
func TestWhatWasStoppedAndAnswersSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	s := situations()["set while stopped"]
	s.prepare(w)
	w.killIn("docker: started", func() { _ = run.Run(t.Context(), w.tools(), s.plan(w)) })
	path := w.path(".openalgo-install/journal.json")
	text := strings.Replace(read(path), `"part": "files",`+"\n      "+`"cause": "write docker-compose.yaml",`+"\n      "+`"state": "done",`, `"part": "files", "cause": "",`, 1)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	began := w.web().StartedAt
	w.mustRecover()
	if !w.running() || !w.web().StartedAt.Equal(began) || !w.said("was not touched") {
		t.Errorf("%v, notes: %v", w.containers(), w.notes)
	}
}
