package world

import (
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Host is what this machine is like, as far as every plan needs to know.
type Host struct {
	Root          bool    // this process may read and write everything
	BecomeRoot    string  // else: how to run a command as root
	Unwritable    error   // why the instance's directory cannot be written
	Unreplaceable []error // why files in it cannot be replaced
	EnvLink       string  // where .env leads to; "" if it is no link
	Rivals        []string
	Disks         map[string]host.DiskFacts // by path; none where it cannot be measured
}

// seeHost looks at what every plan needs to know of this machine.
func (o *Observation) seeHost() {
	dir := string(o.Dir)
	h := &o.Host
	if h.Root = os.Geteuid() == 0; !h.Root {
		h.BecomeRoot = instance.WithRoot(dir)
	}
	h.Disks = map[string]host.DiskFacts{}
	h.Unwritable = host.DirWritable(dir)
	h.Unreplaceable = unreplaceable(o.Dir)
	h.EnvLink, _ = os.Readlink(o.Dir.Env())
	for _, name := range RivalNames {
		if path := filepath.Join(dir, name); isThere(path) {
			h.Rivals = append(h.Rivals, path)
		}
	}
	for _, path := range []string{dir, o.Engine.RootDir} {
		if disk, err := host.Disk(path); path != "" && err == nil {
			h.Disks[path] = disk
		}
	}
}

// unreplaceable says why files of an instance cannot be replaced: a run would
// find that only once OpenAlgo is stopped.
func unreplaceable(d instance.Dir) (out []error) {
	for _, dir := range []string{string(d), d.Work(""), d.Work("backups")} {
		if err := host.Unlocked(dir); err != nil {
			return []error{err} // the same holds for what is in it
		}
	}
	names := []string{instance.EnvName, compose.FileName, instance.AnswersName, instance.WorkName + "/state.json", instance.WorkName + "/journal.json", instance.WorkName + "/lock", instance.WorkName + "/log"}
	for _, name := range append(names, OverrideNames...) {
		if err := host.Replaceable(d.Path(name)); err != nil {
			out = append(out, err)
		}
	}
	return out
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// OnHost is what this machine is like, for a command that has no plan.
func (l *Looker) OnHost() *Observation {
	o := &Observation{Dir: l.Dir, Engine: l.Engine.Info()}
	o.seeHost()
	return o
}
