package ops_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// earlier is a release that was pulled once, some months before the release that runs.
func (b *box) earlier(tag string, months int) engine.Image {
	b.t.Helper()
	i := engine.Image{ID: "sha256:" + strings.Repeat(tag, 64), Ref: "marketcalls/openalgo:" + tag, Size: 1 << 30, Created: time.Date(2026, time.Month(6-months), 1, 0, 0, 0, 0, time.UTC),
		Digests: []string{"marketcalls/openalgo@sha256:" + strings.Repeat(tag, 64)}}
	must(b.t, b.docker.PutImage(i, nil))
	return i
}

// cluttered is an instance with three earlier releases.
func cluttered(t *testing.T) *box {
	t.Helper()
	b := installed(t)
	for n, tag := range []string{"a", "b", "c"} {
		b.earlier(tag, n+1)
	}
	return b
}

// kept are the tags of those that are there, the running one and a later one included.
func (b *box) kept() string {
	b.t.Helper()
	var out []string
	for _, tag := range []string{"1", "2", "a", "b", "c"} {
		if _, err := b.docker.Image(b.t.Context(), "marketcalls/openalgo:"+tag); err == nil {
			out = append(out, tag)
		}
	}
	return strings.Join(out, "")
}

// copied makes a copy of data, made some days ago, that was used with an image.
func copied(b *box, dir, name, image string, days int) {
	b.t.Helper()
	text, err := json.Marshal(backup.Manifest{Created: time.Now().AddDate(0, 0, -days), Image: backup.Image{ID: image, Ref: first}})
	must(b.t, err)
	must(b.t, os.MkdirAll(instance.Dir(dir).Work(name), 0o700))
	must(b.t, instance.Own(dir).Write(name+"/"+backup.CopyManifest, text))
}

func TestClean(t *testing.T) {
	t.Parallel()
	b := cluttered(t)
	before := b.container()
	all, err := b.docker.Volumes(t.Context())
	must(t, err)
	volumes := len(all)
	p, err := b.session().Plan(t.Context(), ops.Clean())
	must(t, err)
	if len(p.Changes) != 2 || p.Changes[0].Bytes != 1<<30 || len(p.Asks) != 1 || b.kept() != "12abc" {
		t.Errorf("%+v, %+v, %s", p.Changes, p.Asks, b.kept())
	}
	b.asked = nil
	if r := b.do(ops.Clean()); !r.Changed || !strings.Contains(r.Message, "2.0 GiB") || len(b.asked) != 1 || b.asked[0].Kind != plan.AskRemove {
		t.Errorf("%+v, %+v", r, b.asked)
	}
	if all, _ = b.docker.Volumes(t.Context()); b.kept() != "12a" || b.container().ID != before.ID || len(all) != volumes || b.journal() {
		t.Errorf("%s stay, %+v, %d volumes", b.kept(), b.container(), len(all))
	}
	if r := b.do(ops.Clean()); r.Changed {
		t.Errorf("again: %+v", r)
	}
}

// An upgrade leaves the release before it, and removes those before that.
func TestUpgradeCleans(t *testing.T) {
	t.Parallel()
	b := cluttered(t)
	all, err := b.docker.Volumes(t.Context())
	must(t, err)
	copied(b, b.dir, instance.Replaced, "sha256:"+strings.Repeat("c", 64), 400)
	r := b.do(ops.Upgrade("2"))
	if !r.Changed || b.kept() != "12" || !strings.Contains(r.Message, "Removed 3 images of earlier releases (up to 3.0 GiB)") {
		t.Errorf("%s stay: %+v", b.kept(), r)
	}
	after, err := b.docker.Volumes(t.Context())
	must(t, err)
	if _, err := os.Stat(instance.Dir(b.dir).Work(instance.Replaced)); err != nil || len(after) != len(all) {
		t.Errorf("data is gone: %v, %d volumes of %d", err, len(after), len(all))
	}
	if b.do(ops.Rollback()); b.kept() != "12" {
		t.Errorf("after a rollback %s stay", b.kept())
	}
}

// Whatever a rollback needs stays, and so does what another instance needs.
func TestCleanLeavesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	b := cluttered(t)
	copied(b, b.dir, instance.Snapshot, "sha256:"+strings.Repeat("b", 64), 400)
	other := filepath.Join(t.TempDir(), "second")
	copied(b, other, instance.Replaced, "sha256:"+strings.Repeat("c", 64), 400)
	_, err := b.docker.CreateVolume(t.Context(), engine.VolumeSpec{Name: "second_openalgo_db", Labels: map[string]string{stacks.LabelDir: other}})
	must(t, err)
	must(t, os.Chown(instance.Dir(other).Work(instance.Replaced+"/"+backup.CopyManifest), 4321, 4321)) // of another user
	if b.do(ops.Clean()); b.kept() != "12bc" {
		t.Errorf("%s stay", b.kept())
	}
	must(t, instance.Own(other).Write("state.json", []byte("{")))
	must(t, b.docker.RemoveImage(t.Context(), "marketcalls/openalgo:b"))
	b.earlier("a", 2)
	if r := b.do(ops.Clean()); r.Changed || !b.said("no image is removed") {
		t.Errorf("an instance that cannot be read: %+v, %s stay", r, b.kept())
	}
}

func TestCleanOfCopies(t *testing.T) {
	t.Parallel()
	b := installed(t)
	runs := b.container().ImageID
	copied(b, b.dir, instance.Snapshot, runs, 40)
	copied(b, b.dir, instance.Replaced, runs, 3)
	if b.do(ops.Clean()); b.there(instance.Snapshot) || !b.there(instance.Replaced) {
		t.Errorf("the copy of an upgrade that was undone stays: %v; what a restore replaced: %v", b.there(instance.Snapshot), b.there(instance.Replaced))
	}
	must(t, instance.Own(b.dir).Write(instance.Replaced+"/"+backup.CopyManifest, []byte("{")))
	if _, err := b.session().Do(t.Context(), ops.Clean()); finding.IDOf(err) != "copy-damaged" || !b.there(instance.Replaced) {
		t.Errorf("%v", err)
	}
}

func (b *box) there(name string) bool {
	_, err := os.Stat(instance.Dir(b.dir).Work(name))
	return err == nil
}

// Where the keys are wrong, a copy may be the last that has the right ones.
func TestCleanIsRefused(t *testing.T) {
	t.Parallel()
	b := cluttered(t)
	must(t, os.Remove(filepath.Join(b.dir, ".env")))
	if _, err := b.session().Do(t.Context(), ops.Clean()); finding.IDOf(err) != "keys" || b.kept() != "12abc" {
		t.Errorf("%v, %s stay", err, b.kept())
	}
	if _, err := newBox(t).session().Do(t.Context(), ops.Clean()); finding.IDOf(err) != "env-missing" {
		t.Errorf("nothing is installed: %v", err)
	}
}

// A clean that was killed anywhere is completed by the next command, and takes no
// more than it was to.
func TestCleanKilled(t *testing.T) {
	t.Parallel()
	eachKill(t, 1, func(t *testing.T, at int) bool {
		b := cluttered(t)
		if !b.killed(at, ops.Clean()) {
			return false
		}
		if _, err := b.session().Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.do(ops.Clean()); b.kept() != "12a" || b.container().State != "running" || b.journal() {
			t.Errorf("%s stay, %+v", b.kept(), b.container())
		}
		return true
	})
}
