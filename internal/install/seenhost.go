package install

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// hostSeen is what this machine is like, as far as every plan needs to know.
type hostSeen struct {
	Root          bool    // this process may read and write everything
	BecomeRoot    string  // else: how to run a command as root
	Unwritable    error   // why the instance's directory cannot be written
	Unreplaceable []error // why files in it cannot be replaced
	EnvLink       string  // where .env leads to; "" if it is no link
	Rivals        []string
	Disks         map[string]host.DiskFacts // by path; none where it cannot be measured
}

// question is what one plan needs to know of this machine beyond that.
type question struct {
	Ports       []portAsked
	Directories []string // that keep data, or will
	Owner       int      // who must own the files in these directories; 0 is not asked
	Trees       []string // how large they are
	Databases   bool     // how large the container's databases are
	ImageUser   bool     // the number of the image's user
	View        string   // the image to ask with whether Docker sees the instance's directory
	Build       bool     // memory, for a build
	Edge        edgeQuestion
}

// edgeQuestion is what a plan that serves HTTPS needs to know; none where it
// changes nothing there.
type edgeQuestion struct {
	Domain    string // where it leads
	Firewall  []int  // whether other machines reach these ports
	ReachPort int    // whether the domain, if it leads here, reaches this machine at this port; 0 is not asked
}

// portAsked is a port at an address; "" is every address.
type portAsked struct {
	Address string
	Port    int
}

// portSeen is who has a port; err where it could not be found out.
type portSeen struct {
	Holder host.Holder
	Err    error
}

// dirFound is a directory that keeps data.
type dirFound struct {
	Missing bool
	Owners  []ownerChange // what needs another owner
	Err     error         // why that cannot be told
}

// treeSeen is how large a directory is.
type treeSeen struct {
	Path  string
	Bytes int64
	Err   error
}

// viewSeen is what Docker has in place of the instance's directory.
type viewSeen struct {
	Dir string // the directory that was compared; "" where it showed nothing
	Err error  // evidence that Docker has another one
}

// answered holds the answers to a question.
type answered struct {
	Ports       map[portAsked]portSeen
	Directories map[string]dirFound
	Trees       map[string]treeSeen
	Databases   treeSeen
	DatabasesAt error    // why they were not found
	Room        roomSeen // for a copy of the databases, and its way back
	ImageUID    string
	View        viewSeen
	Memory      *host.Facts // nil: not measured
	Dns         host.DNSReport
	Firewall    []string
	Reach       reachSeen
}

// seeHost looks at what every plan needs to know of this machine.
func (o *observed) seeHost() {
	dir := string(o.Dir)
	h := &o.Host
	if h.Root = os.Geteuid() == 0; !h.Root {
		h.BecomeRoot = instance.WithRoot(dir)
	}
	h.Disks = map[string]host.DiskFacts{}
	h.Unwritable = host.DirWritable(dir)
	h.Unreplaceable = unreplaceable(o.Dir)
	h.EnvLink, _ = os.Readlink(o.Dir.Env())
	for _, name := range rivalNames {
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
func unreplaceable(w instance.Dir) (out []error) {
	for _, dir := range []string{string(w), w.Work(""), w.Work("backups")} {
		if err := host.Unlocked(dir); err != nil {
			return []error{err} // the same holds for what is in it
		}
	}
	names := []string{instance.EnvName, compose.FileName, instance.AnswersName, instance.WorkName + "/state.json", instance.WorkName + "/journal.json", instance.WorkName + "/lock", instance.WorkName + "/log"}
	for _, name := range append(names, overrideNames...) {
		if err := host.Replaceable(w.Path(name)); err != nil {
			out = append(out, err)
		}
	}
	return out
}

// answer looks at what a plan needs to know of this machine.
func (in *Installer) answer(ctx context.Context, o *observed, q question) {
	a := answered{Ports: map[portAsked]portSeen{}, Directories: map[string]dirFound{}, Trees: map[string]treeSeen{}}
	for _, p := range q.Ports {
		holder, err := host.PortHolder(ctx, p.Address, p.Port)
		a.Ports[p] = portSeen{holder, err}
	}
	for _, dir := range q.Directories {
		_, err := os.Stat(dir)
		found := dirFound{Missing: errors.Is(err, fs.ErrNotExist)}
		if q.Owner != 0 {
			found.Owners, found.Err = othersIn(dir, q.Owner)
		}
		a.Directories[dir] = found
	}
	for _, dir := range q.Trees {
		a.Trees[dir] = sizeOfTree(dir)
	}
	if q.Databases {
		if a.Databases.Path, a.DatabasesAt = in.dataDirectory(ctx, *o.Container()); a.DatabasesAt == nil {
			a.Room = roomFor(map[string]string{dataTree: a.Databases.Path}, in.dir.Work(step.Snapshot))
			a.Databases = sizeOfTree(a.Databases.Path)
		}
	}
	if q.ImageUser {
		a.ImageUID = in.userOf(ctx, o.Image.ID, o.Image.User)
	}
	if q.View != "" && !in.seen {
		a.View.Dir, a.View.Err = in.sees(ctx, q.View)
		in.seen = a.View.Dir != "" && a.View.Err == nil
	}
	if q.Build {
		if facts, err := host.Measure(ctx); err == nil {
			a.Memory = &facts
		}
	}
	in.answerEdge(ctx, q.Edge, &a)
	o.Answered = a
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func sizeOfTree(dir string) treeSeen {
	bytes, err := step.TreeBytes(dir)
	return treeSeen{dir, bytes, err}
}

// publishedBy names the container that publishes a port. Docker is asked before
// this machine: without its userland proxy nothing listens for a container.
func (o *observed) PublishedBy(port int) string {
	for _, c := range o.Every {
		if isUp(c) && publishes(c, port) {
			return "the container " + c.Name
		}
	}
	return ""
}

func publishes(c engine.Container, port int) bool {
	for _, p := range c.Ports {
		if p.HostPort == port {
			return true
		}
	}
	return false
}

// onHost is what this machine is like, for a command that has no plan.
func (in *Installer) onHost() *observed {
	o := &observed{Dir: in.dir, Engine: in.Engine.Info()}
	o.seeHost()
	return o
}
