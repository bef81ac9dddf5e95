package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run was interrupted. Since then the host was renamed and the
// directory moved: the next start undoes the run all the same, and recreates
// the container for the new place.
func TestUnfinishedRunOfAnotherPlaceAndName(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.install(0)
	i.addUser()
	const journal = ".openalgo-install/journal.json"
	i.kill("before-start", "set", "--now", "LOG_LEVEL=DEBUG")
	host, _, ok := strings.Cut(strings.SplitAfter(i.read(journal), `"engine": "`)[1], `"`)
	if !ok {
		t.Fatal(i.read(journal))
	}
	i.edit(journal, `"engine": "`+host+`"`, `"engine": "renamed-since"`)
	former := i.dir
	i.dir = filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(former, i.dir); err != nil {
		t.Fatal(err)
	}
	if out := i.run("start", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	if strings.Contains(i.read(".env"), "LOG_LEVEL = 'DEBUG'") {
		t.Error("the setting of the run that was undone is in .env")
	}
	i.mustHaveData()
	i.mustBeTidy()
}

// The user removed the new container while only the tidying up was left.
func TestFinishedRunWhoseContainerIsGone(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.install(0)
	i.addUser()
	i.kill("committing", "set", "--now", "LOG_LEVEL=DEBUG")
	mustDocker(t, "rm", "-f", i.project+"-web-new")
	if out := i.run("start", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustHaveData()
	i.mustBeTidy()
}

// The user removed the previous container before an upgrade had copied the
// data: the new release is not let onto it.
func TestUpgradeWithoutCopyOrPreviousContainer(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	i.program = failing
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	image := i.container().ImageID
	i.kill("before-snapshot", "upgrade", "--to", "2", "--now")
	mustDocker(t, "rm", "-f", i.project+"-web")
	if out := i.run("start", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	if now := i.container().ImageID; now != image {
		t.Errorf("the image is %s, want the one of before, %s", now, image)
	}
	i.mustBeTidy()
}
