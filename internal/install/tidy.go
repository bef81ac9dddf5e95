package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// tidy removes what a killed run left that no journal names: helper containers,
// temporary files, an unfinished backup and an editor's copy of .env. Every run
// that takes the lock calls it, whatever the run does.
func (in *Installer) tidy(ctx context.Context) {
	for _, name := range []string{"tmp", snapshotName + ".gone", replacedName + ".gone"} {
		_ = os.RemoveAll(in.work.path(name))
	}
	for _, dir := range []string{in.work.path(""), in.work.path("backups")} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if host.IsTemp(e.Name()) {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
	in.removeProbes(ctx)
	for _, left := range in.leftChecks() {
		_ = os.RemoveAll(left)
	}
	in.work.removeUnfinishedBackup()
	copies, _ := filepath.Glob(in.work.path(editPrefix + "*")) // the pattern is right
	for _, dir := range copies {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), editPrefix), "-")
		if !processRuns(pid) {
			_ = os.RemoveAll(dir)
		}
	}
}

// unfinishedName is the file that names the backup which is being written.
const unfinishedName = "unfinished-backup.json"

// noteBackup says which backup is about to be written.
func (w workdir) noteBackup(path string) error {
	text, err := json.Marshal(path)
	if err != nil {
		return err
	}
	return host.WriteFile(w.path(unfinishedName), text, 0o600, "")
}

// removeUnfinishedBackup removes what a killed backup has written so far. The
// name says enough to take nothing else.
func (w workdir) removeUnfinishedBackup() {
	text, err := readOwn(w.path(unfinishedName))
	if err != nil {
		return
	}
	var name string
	if json.Unmarshal(text, &name) == nil && filepath.IsAbs(name) {
		dir, base := filepath.Split(name)
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if mark, ok := strings.CutPrefix(e.Name(), base+"."); ok && isPartialMark(mark) && e.Type().IsRegular() {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
	_ = os.Remove(w.path(unfinishedName))
}

// isPartialMark recognises what makeFresh adds to a name.
func isPartialMark(mark string) bool {
	digits, ok := strings.CutSuffix(mark, partialEnding)
	_, err := strconv.ParseUint(digits, 16, 64)
	return ok && err == nil && len(digits) == 16
}

// editPrefix begins the name of a directory with a copy of .env that an editor
// has open; the process follows.
const editPrefix = "edit-"

// EditDir makes a directory for a copy of .env, on this instance's own disk, so
// that no copy of the encryption keys is left elsewhere. remove removes it.
func (in *Installer) EditDir() (dir string, remove func(), err error) {
	if _, err := in.work.create(); err != nil {
		return "", nil, finding.Errorf(finding.HostNotReady, "%w", err)
	}
	dir, err = os.MkdirTemp(in.work.path(""), fmt.Sprintf("%s%d-", editPrefix, os.Getpid()))
	if err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// processRuns reports whether a process of this machine runs.
func processRuns(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 0 {
		return false
	}
	err = syscall.Kill(n, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

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
	return map[string]string{probeLabel: in.work.dir, probeOwner: fmt.Sprintf("%d@%s", os.Getpid(), name)}
}

// removeProbes removes the helper containers of runs that have ended. A run that
// only looks has one without the lock, so its process must be gone.
func (in *Installer) removeProbes(ctx context.Context) {
	probes, err := in.Engine.Containers(ctx, probeLabel+"="+in.work.dir)
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
	return !known || time.Since(c.Created) > probeAge || on == name && (own || !processRuns(pid))
}
