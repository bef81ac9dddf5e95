package world

import (
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// seeHost looks at what every plan needs to know of this machine.
func seeHost(d instance.Dir, info engine.Info) (h Host) {
	dir := string(d)
	if h.Root = os.Geteuid() == 0; !h.Root { // of a rootless Docker's namespace, too
		h.BecomeRoot = instance.WithRoot(dir)
	}
	h.User, h.EngineUser = instance.UserName(userns.User()), instance.UserName(info.User)
	h.Disks = map[string]host.DiskFacts{}
	h.Unwritable = host.DirWritable(dir)
	h.Unreplaceable = unreplaceable(d)
	h.EnvLink, _ = os.Readlink(d.Env())
	for _, name := range rivalNames {
		if path := filepath.Join(dir, name); isThere(path) {
			h.Rivals = append(h.Rivals, path)
		}
	}
	for _, path := range []string{dir, info.RootDir} {
		if disk, err := host.Disk(path); path != "" && err == nil {
			h.Disks[path] = disk
		}
	}
	return h
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
	for _, name := range append(names, compose.OverrideNames...) {
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

// rivalNames are the files that Docker Compose would read instead of ours.
var rivalNames = []string{"compose.yaml", "compose.yml", "docker-compose.yml"}
