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
	root          bool    // this process may read and write everything
	becomeRoot    string  // else: how to run a command as root
	unwritable    error   // why the instance's directory cannot be written
	unreplaceable []error // why files in it cannot be replaced
	envLink       string  // where .env leads to; "" if it is no link
	rivals        []string
	disks         map[string]host.DiskFacts // by path; none where it cannot be measured
}

// question is what one plan needs to know of this machine beyond that.
type question struct {
	ports       []portAsked
	directories []string // that keep data, or will
	owner       int      // who must own the files in these directories; 0 is not asked
	trees       []string // how large they are
	databases   bool     // how large the container's databases are
	imageUser   bool     // the number of the image's user
	view        string   // the image to ask with whether Docker sees the instance's directory
	build       bool     // memory, for a build
	edge        edgeQuestion
}

// edgeQuestion is what a plan that serves HTTPS needs to know; none where it
// changes nothing there.
type edgeQuestion struct {
	domain    string // where it leads
	firewall  []int  // whether other machines reach these ports
	reachPort int    // whether the domain, if it leads here, reaches this machine at this port; 0 is not asked
}

// portAsked is a port at an address; "" is every address.
type portAsked struct {
	address string
	port    int
}

// portSeen is who has a port; err where it could not be found out.
type portSeen struct {
	holder host.Holder
	err    error
}

// dirFound is a directory that keeps data.
type dirFound struct {
	missing bool
	owners  []ownerChange // what needs another owner
	err     error         // why that cannot be told
}

// treeSeen is how large a directory is.
type treeSeen struct {
	path  string
	bytes int64
	err   error
}

// viewSeen is what Docker has in place of the instance's directory.
type viewSeen struct {
	dir string // the directory that was compared; "" where it showed nothing
	err error  // evidence that Docker has another one
}

// answered holds the answers to a question.
type answered struct {
	ports       map[portAsked]portSeen
	directories map[string]dirFound
	trees       map[string]treeSeen
	databases   treeSeen
	databasesAt error    // why they were not found
	room        roomSeen // for a copy of the databases, and its way back
	imageUID    string
	view        viewSeen
	memory      *host.Facts // nil: not measured
	dns         host.DNSReport
	firewall    []string
	reach       reachSeen
}

// seeHost looks at what every plan needs to know of this machine.
func (o *observed) seeHost() {
	dir := string(o.dir)
	h := &o.host
	if h.root = os.Geteuid() == 0; !h.root {
		h.becomeRoot = instance.WithRoot(dir)
	}
	h.disks = map[string]host.DiskFacts{}
	h.unwritable = host.DirWritable(dir)
	h.unreplaceable = unreplaceable(o.dir)
	h.envLink, _ = os.Readlink(o.dir.Env())
	for _, name := range rivalNames {
		if path := filepath.Join(dir, name); isThere(path) {
			h.rivals = append(h.rivals, path)
		}
	}
	for _, path := range []string{dir, o.engine.RootDir} {
		if disk, err := host.Disk(path); path != "" && err == nil {
			h.disks[path] = disk
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
	a := answered{ports: map[portAsked]portSeen{}, directories: map[string]dirFound{}, trees: map[string]treeSeen{}}
	for _, p := range q.ports {
		holder, err := host.PortHolder(ctx, p.address, p.port)
		a.ports[p] = portSeen{holder, err}
	}
	for _, dir := range q.directories {
		_, err := os.Stat(dir)
		found := dirFound{missing: errors.Is(err, fs.ErrNotExist)}
		if q.owner != 0 {
			found.owners, found.err = othersIn(dir, q.owner)
		}
		a.directories[dir] = found
	}
	for _, dir := range q.trees {
		a.trees[dir] = sizeOfTree(dir)
	}
	if q.databases {
		if a.databases.path, a.databasesAt = in.dataDirectory(ctx, *o.container()); a.databasesAt == nil {
			a.room = roomFor(map[string]string{dataTree: a.databases.path}, in.dir.Work(step.Snapshot))
			a.databases = sizeOfTree(a.databases.path)
		}
	}
	if q.imageUser {
		a.imageUID = in.userOf(ctx, o.image.ID, o.image.User)
	}
	if q.view != "" && !in.seen {
		a.view.dir, a.view.err = in.sees(ctx, q.view)
		in.seen = a.view.dir != "" && a.view.err == nil
	}
	if q.build {
		if facts, err := host.Measure(ctx); err == nil {
			a.memory = &facts
		}
	}
	in.answerEdge(ctx, q.edge, &a)
	o.answered = a
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
func (o *observed) publishedBy(port int) string {
	for _, c := range o.every {
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
	o := &observed{dir: in.dir, engine: in.Engine.Info()}
	o.seeHost()
	return o
}
