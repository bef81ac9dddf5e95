package ops_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/testinstall"
	"github.com/marketcalls/openalgo-install/templates"
)

// move makes a tag in the registry another image.
func (b *box) move(ref, release string) string {
	b.t.Helper()
	made, err := b.docker.Image(b.t.Context(), ref)
	must(b.t, err)
	made.ID, made.Digest = "sha256:"+strings.Repeat(release, 64), "sha256:"+strings.Repeat("d"+release, 32)
	made.Digests = []string{"marketcalls/openalgo@" + made.Digest}
	b.docker.Publish(ref, made)
	return made.ID
}

// A rollback finds the image whose tag has become another one's.
func TestUpgradeOfATagThatMoved(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	before := b.container().ImageID
	newest := b.move(first, "3")
	if newer, _, err := b.session().CheckUpgrade(t.Context(), ""); !newer || err != nil {
		t.Errorf("%v, %v", newer, err)
	}
	b.do(ops.Upgrade(""))
	if b.container().ImageID != newest {
		t.Fatalf("%s runs", b.container().ImageID)
	}
	b.do(ops.Rollback())
	if b.container().ImageID != before || b.container().State != "running" {
		t.Errorf("%+v", b.container())
	}
}

// containerd's store gives a digest to an image that no registry has, too. A
// registry may have another's image of the same name.
func TestUpgradeOnContainerdsStore(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.docker.Facts.Containerd = true
	runs, err := b.docker.Image(t.Context(), first)
	must(t, err)
	named := "marketcalls/openalgo@" + runs.ID
	runs.Digest, runs.Digests = runs.ID, []string{named}
	must(t, b.docker.PutImage(runs, map[string]string{openalgo.Sample: string(templates.Env())}))
	b.move(first, "3")
	_, err = b.session().Plan(t.Context(), ops.Upgrade(""))
	_, _, checked := b.session().CheckUpgrade(t.Context(), "")
	if finding.IDOf(err) != "image-local" || finding.KindOf(checked) != finding.HostNotReady {
		t.Errorf("built here: %v, %v", err, checked)
	}
	b.docker.Publish(named, runs)
	runs.Digest, runs.Digests = "", nil // a pull moved its name
	must(t, b.docker.PutImage(runs, nil))
	if newer, _, err := b.session().CheckUpgrade(t.Context(), ""); !newer || err != nil {
		t.Errorf("pulled: %v, %v", newer, err)
	}
}

// containerd's store forgets the digest of an image whose name has moved on, and
// a prune takes the image itself.
func TestRollbackOnContainerdsStore(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	b.docker.Facts.Containerd = true
	runs, err := b.docker.Image(t.Context(), first)
	must(t, err)
	runs.Digest, runs.Digests = "", nil
	must(t, b.docker.PutImage(runs, nil))
	named := "marketcalls/openalgo@" + runs.ID
	b.docker.Publish(named, runs)
	b.do(ops.Upgrade("2"))
	must(t, b.docker.RemoveImage(t.Context(), runs.ID))
	b.image(first, "4", "")
	b.do(ops.Rollback())
	if c := b.container(); c.ImageID != runs.ID || c.Image != named {
		t.Errorf("%s runs, of %s", c.ImageID, c.Image)
	}
}

func TestRollbackWithoutTheImage(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	before := b.container().ImageID
	b.do(ops.Upgrade("2"))
	must(t, b.docker.RemoveImage(t.Context(), before))
	b.move(second, "4")
	b.docker.Publish(first, engine.Image{})
	_, err := b.session().Do(t.Context(), ops.Rollback())
	if finding.IDOf(err) != "image-missing" || b.container().Image != second || b.container().State != "running" {
		t.Errorf("%v; %+v", err, b.container())
	}
}

func TestTestApp(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	a := b.answers("")
	a.Image = answers.Image{Source: "rehearsal"}
	b.do(ops.Install(a, 0))
	if !strings.HasPrefix(b.container().Image, rehearsal.Repository) {
		t.Fatalf("%s runs", b.container().Image)
	}
	if _, err := b.session().Do(t.Context(), ops.Upgrade("")); finding.IDOf(err) != "test-app" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("%v", err)
	}
	// A rehearsal needs the same image, which stays for this one.
	_, _, err := testinstall.Run(t.Context(), b.session(), a)
	must(t, err)
	b.do(ops.Restart())
	b.do(purge())
	b.nothingOfIt()
}

func TestAdoptRefused(t *testing.T) {
	t.Parallel()
	adopt := func(b *box) error {
		_, err := b.session().Do(t.Context(), ops.Adopt(false))
		return err
	}
	stopped := newBox(t)
	stopped.foreign()
	c, err := stopped.docker.Container(t.Context(), "mine")
	must(t, err)
	must(t, stopped.docker.Stop(t.Context(), c.ID, 0))
	if err := adopt(stopped); finding.IDOf(err) != "not-running" {
		t.Errorf("it is stopped: %v", err)
	}

	unknown := newBox(t)
	unknown.foreign()
	must(t, os.WriteFile(filepath.Join(unknown.dir, ".env"), []byte(strings.ReplaceAll(unknown.read(".env"), "/zerodha/", "/nobroker/")), 0o600))
	before := unknown.read(".env")
	if err := adopt(unknown); finding.IDOf(err) != "broker-unknown" || unknown.read(".env") != before {
		t.Errorf("%v", err)
	}

	inside := newBox(t)
	must(t, os.MkdirAll(filepath.Join(inside.dir, "db"), 0o755))
	inside.foreign()
	c, err = inside.docker.Container(t.Context(), "mine")
	must(t, err)
	must(t, inside.docker.Stop(t.Context(), c.ID, 0))
	must(t, inside.docker.Remove(t.Context(), c.ID))
	id, err := inside.docker.Create(t.Context(), engine.ContainerSpec{Name: "mine", Config: engine.Config{Image: first},
		Mounts: []engine.Mount{{Type: "bind", Source: filepath.Join(inside.dir, ".env"), Target: openalgo.Env},
			{Type: "bind", Source: filepath.Join(inside.dir, "db"), Target: openalgo.DB}}})
	must(t, err)
	must(t, inside.docker.Start(t.Context(), id))
	if err := adopt(inside); finding.IDOf(err) != "ports-unpublished" {
		t.Errorf("nobody reaches it: %v", err)
	}
}

// Two must not be served under one name: the restored one has none.
func TestRestoreBesideItsDomain(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	b.do(ops.Domain(ops.DomainOptions{Name: "algo.example.com", TLS: answers.TLS{Mode: "off"}, NoDNS: true}))
	file := b.backup(ops.BackupOptions{})
	b.dir += "-test"
	b.do(b.restore(file, ""))
	if strings.Contains(b.env("HOST_SERVER"), "algo.example.com") || !b.said("already serves algo.example.com") {
		t.Errorf("HOST_SERVER is %s", b.env("HOST_SERVER"))
	}
}

// A journal that nobody can read keeps commands from changing anything.
func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	b := installed(t)
	must(t, os.WriteFile(filepath.Join(b.dir, instance.WorkName, instance.JournalName), []byte("{"), 0o600))
	if _, err := b.session().Do(t.Context(), set("LOG_LEVEL", "DEBUG")); finding.IDOf(err) != "journal-damaged" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("set: %v", err)
	}
	if _, err := b.session().Recover(t.Context()); finding.IDOf(err) != "journal-damaged" {
		t.Errorf("recover: %v", err)
	}
	if run.Unfinished(b.dir) == "" || b.env("LOG_LEVEL") == "DEBUG" || b.container().State != "running" {
		t.Errorf("%+v", b.container())
	}
}
