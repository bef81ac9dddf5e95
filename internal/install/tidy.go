package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// tidy removes what a killed run left that no journal names: helper containers,
// temporary files, an unfinished backup and an editor's copy of .env. Every run
// that takes the lock calls it, whatever the run does.
func (in *Installer) tidy(ctx context.Context) {
	in.dir.Tidy()
	host.SweepTemp(time.Now())
	in.removeProbes(ctx)
	for _, left := range in.leftChecks() {
		_ = os.RemoveAll(left)
	}
	removeUnfinishedBackup(in.dir)
}

// unfinishedName is the file that names the backup which is being written.
const unfinishedName = "unfinished-backup.json"

// noteBackup says which backup is about to be written.
func noteBackup(w instance.Dir, path string) error {
	return instance.Save(w, unfinishedName, &path)
}

// removeUnfinishedBackup removes what a killed backup has written so far. The
// name says enough to take nothing else.
func removeUnfinishedBackup(w instance.Dir) {
	name, err := instance.Load[string](w, unfinishedName)
	if err == nil && name == nil {
		return
	}
	if err == nil && filepath.IsAbs(*name) {
		dir, base := filepath.Split(*name)
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if mark, ok := strings.CutPrefix(e.Name(), base+"."); ok && isPartialMark(mark) && e.Type().IsRegular() {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
	_ = os.Remove(w.Work(unfinishedName))
}

// isPartialMark recognises what makeFresh adds to a name.
func isPartialMark(mark string) bool {
	digits, ok := strings.CutSuffix(mark, partialEnding)
	_, err := strconv.ParseUint(digits, 16, 64)
	return ok && err == nil && len(digits) == 16
}

// Dir returns the instance's directory.
func (in *Installer) Dir() instance.Dir { return in.dir }

// probeLabel marks containers that only serve to read or own files, and
// probeOwner names the process that uses one.
const (
	probeLabel = "io.openalgo.install.probe"
	probeOwner = "io.openalgo.install.probe.process"
)

// probeAge is longer than any run needs such a container.
const probeAge = 10 * time.Minute

func (in *Installer) probeLabels() map[string]string {
	name, _ := os.Hostname()
	return map[string]string{probeLabel: string(in.dir), probeOwner: fmt.Sprintf("%d@%s", os.Getpid(), name)}
}

// removeProbes removes the helper containers of runs that have ended. A run that
// only looks has one without the lock, so its process must be gone.
func (in *Installer) removeProbes(ctx context.Context) {
	probes, err := in.Engine.Containers(ctx, probeLabel+"="+string(in.dir))
	if err != nil {
		return
	}
	for _, c := range probes {
		if probeIsLeft(c) {
			_ = in.Engine.Remove(ctx, c.ID)
		}
	}
}

func probeIsLeft(c engine.Container) bool {
	name, _ := os.Hostname()
	pid, on, known := strings.Cut(c.Labels[probeOwner], "@")
	own := pid == strconv.Itoa(os.Getpid())
	return !known || time.Since(c.Created) > probeAge || on == name && (own || !host.ProcessRuns(pid))
}
