package install

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// deadPID is above every process that the kernel numbers.
const deadPID = "4194305"

// TestUnfinishedBackupIsRemoved wants what a killed backup wrote gone, and
// everything else left alone.
func TestUnfinishedBackupIsRemoved(t *testing.T) {
	w, to := instance.Dir(t.TempDir()), t.TempDir()
	if _, err := w.Create(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(to, "mine.tar.zst")
	left := name + ".0123456789abcdef.partial"
	kept := []string{name, name + ".0123.partial", name + ".0123456789abcdeX.partial", filepath.Join(to, "other.tar.zst.0123456789abcdef.partial")}
	for _, path := range append(kept, left) {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := name + ".1123456789abcdef.partial"
	if err := os.Symlink(kept[0], link); err != nil {
		t.Fatal(err)
	}
	removeUnfinishedBackup(w) // of none
	if err := noteBackup(w, name); err != nil {
		t.Fatal(err)
	}
	removeUnfinishedBackup(w)
	if _, err := os.Lstat(left); !os.IsNotExist(err) {
		t.Error("it is still there", err)
	}
	for _, path := range append(kept, link) {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(w.Work(unfinishedName)); !os.IsNotExist(err) {
		t.Error("the note is still there", err)
	}
}

func TestProbesOfOthersStay(t *testing.T) {
	host, _ := os.Hostname()
	probe := func(owner string, age time.Duration) engine.Container {
		return engine.Container{Created: time.Now().Add(-age), Labels: map[string]string{probeOwner: owner}}
	}
	for name, c := range map[string]struct {
		probe engine.Container
		left  bool
	}{
		"a run that goes on":       {probe(fmt.Sprintf("%d@%s", os.Getppid(), host), 0), false},
		"another machine":          {probe(deadPID+"@elsewhere", 0), false},
		"a killed run":             {probe(deadPID+"@"+host, 0), true},
		"our own":                  {probe(fmt.Sprintf("%d@%s", os.Getpid(), host), 0), true},
		"another machine, long":    {probe(deadPID+"@elsewhere", time.Hour), true},
		"of an earlier version":    {engine.Container{Created: time.Now()}, true},
		"a number that runs again": {probe(fmt.Sprintf("%d@%s", os.Getppid(), host), time.Hour), true},
	} {
		if probeIsLeft(c.probe) != c.left {
			t.Errorf("%s: %v", name, !c.left)
		}
	}
}
