package install

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// check refuses a journal with a path that no run of this program wrote: an
// undo writes, copies and removes where it says.
func (j *journal) check() error {
	backups := j.dir.KeptPath("")
	kept := func(path string) bool {
		return path == "" || filepath.Dir(path) == backups && isBase(filepath.Base(path))
	}
	for _, f := range j.Files {
		if !isBase(f.Name) || !kept(f.Backup) {
			return j.foreign(f.Name + " " + f.Backup)
		}
	}
	for _, name := range j.Aside {
		if !isBase(name) {
			return j.foreign(name)
		}
	}
	for _, s := range slices.Concat(j.Replaced, snapshotOf(j)) {
		if !j.dir.Holds(s.Copy) || s.Kept != "" && !j.dir.Holds(s.Kept) || !isCleanAbs(s.Data) {
			return j.foreign(strings.Join([]string{s.Copy, s.Kept, s.Data}, " "))
		}
	}
	for _, o := range j.Owners {
		if !isCleanAbs(o.Dir) || inSystem(o.Dir+"/") || !filepath.IsLocal(o.Name) {
			return j.foreign(o.Dir + " " + o.Name)
		}
	}
	if j.Edge == nil {
		return nil
	}
	for _, f := range j.Edge.Files {
		if !mayBeEdgeFile(f.Name) || !kept(f.Backup) {
			return j.foreign(f.Name + " " + f.Backup)
		}
	}
	for _, path := range j.Edge.Gone {
		if !mayBeEdgeFile(path) {
			return j.foreign(path)
		}
	}
	return nil
}

func (j *journal) foreign(what string) error {
	path := j.dir.Work(instance.JournalName)
	return finding.Errorf(finding.HostNotReady, "%s was not written by openalgo-install\n\nIt names %s, which no run of openalgo-install uses.\n"+
		"Find out who wrote it. Then remove it; an interrupted run is neither completed nor undone after that:\n\n    sudo rm %s\n\nNothing was changed.",
		path, strings.TrimSpace(what), path)
}

func isBase(name string) bool {
	return name == filepath.Base(name) && filepath.IsLocal(name) && name != "."
}

func isCleanAbs(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && path != "/"
}

// mayBeEdgeFile reports whether a path can be a file of the HTTPS proxy, which
// has a directory of its own, or is nginx's.
func mayBeEdgeFile(path string) bool {
	if !isCleanAbs(path) {
		return false
	}
	below := func(dir string) bool { return strings.HasPrefix(path, dir+"/") }
	if below("/etc/nginx") || below("/usr/local/etc/nginx") || below("/usr/local/nginx") {
		return true
	}
	return !inSystem(path)
}

// inSystem reports whether a path is in a directory of the system's, where this
// program changes nothing.
func inSystem(path string) bool {
	below := func(dir string) bool { return strings.HasPrefix(path, dir+"/") }
	return slices.ContainsFunc([]string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root/.ssh", "/run", "/sbin", "/sys", "/usr", "/var/spool"}, below)
}

// knownData refuses to copy over a directory that is no data of this instance:
// neither a volume of the engine, nor a directory that its container mounts.
func (in *Installer) knownData(ctx context.Context, s *snapshot) error {
	data := s.Data
	if inside, ours := strings.CutPrefix(data, string(in.dir)+"/"); ours && !strings.HasPrefix(inside, instance.WorkName) {
		return nil
	}
	known := map[string]bool{}
	volumes, err := in.Engine.Volumes(ctx)
	if err != nil {
		return fmt.Errorf("list the volumes: %w", err)
	}
	for _, v := range volumes {
		known[v.Mountpoint] = true
	}
	containers, err := in.Engine.Containers(ctx)
	if err != nil {
		return fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range containers {
		if !sameFile(dirOf(c), string(in.dir)) {
			continue
		}
		for _, m := range c.Mounts {
			if path, err := filepath.EvalSymlinks(bindSource(m)); err == nil && bindSource(m) != "" {
				known[path] = true
			}
		}
	}
	if !known[data] {
		return in.unknownData(s)
	}
	return nil
}
