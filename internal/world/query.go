package world

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// Query is what one plan needs to know of this machine, beyond Host.
type Query struct {
	Ports       []Port
	Directories []string // that keep data, or will
	Owner       int      // who must own the files in these directories; 0 is not asked
	Trees       []string // how large they are
	Databases   bool     // how large the container's databases are
	ImageUser   bool     // the number of the image's user
	View        string   // the image to ask with whether Docker sees the instance's directory
	Build       bool     // memory, for a build
	Edge        EdgeQuery
}

// EdgeQuery is what a plan that serves HTTPS needs to know; none where it
// changes nothing there.
type EdgeQuery struct {
	Domain    string // where it leads
	Firewall  []int  // whether other machines reach these ports
	ReachPort int    // whether the domain, if it leads here, reaches this machine at this port; 0 is not asked
}

// Port is a port at an address; "" is every address.
type Port struct {
	Address string
	Port    int
}

// PortHolder is who has a port; err where it could not be found out.
type PortHolder struct {
	Holder host.Holder
	Err    error
}

// DataDir is a directory that keeps data.
type DataDir struct {
	Missing bool
	Owners  []Owner // what needs another owner
	Err     error   // why that cannot be told
}

// Tree is how large a directory is.
type Tree struct {
	Path  string
	Bytes int64
	Err   error
}

// Sight is what Docker has in place of the instance's directory.
type Sight struct {
	Dir string // the directory that was compared; "" where it showed nothing
	Err error  // evidence that Docker has another one
}

// Answered holds the answers to a Query.
type Answered struct {
	Ports       map[Port]PortHolder
	Directories map[string]DataDir
	Trees       map[string]Tree
	Databases   Tree
	DatabasesAt error // why they were not found
	Room        Room  // for a copy of the databases, and its way back
	ImageUID    string
	View        Sight
	Memory      *host.Facts // nil: not measured
	Dns         host.DNSReport
	Firewall    []string
	Reach       Reach
}

// Answer looks at what a plan needs to know of this machine.
func (l *Looker) Answer(ctx context.Context, o *Observation, q Query) {
	a := Answered{Ports: map[Port]PortHolder{}, Directories: map[string]DataDir{}, Trees: map[string]Tree{}}
	for _, p := range q.Ports {
		holder, err := host.PortHolder(ctx, p.Address, p.Port)
		a.Ports[p] = PortHolder{holder, err}
	}
	for _, dir := range q.Directories {
		_, err := os.Stat(dir)
		found := DataDir{Missing: errors.Is(err, fs.ErrNotExist)}
		if q.Owner != 0 {
			found.Owners, found.Err = OthersIn(dir, q.Owner)
		}
		a.Directories[dir] = found
	}
	for _, dir := range q.Trees {
		a.Trees[dir] = sizeOfTree(dir)
	}
	if q.Databases {
		if a.Databases.Path, a.DatabasesAt = l.DataDirectory(ctx, *o.Container()); a.DatabasesAt == nil {
			a.Room = RoomFor(map[string]string{"db": a.Databases.Path}, l.Dir.Work(instance.Snapshot))
			a.Databases = sizeOfTree(a.Databases.Path)
		}
	}
	if q.ImageUser {
		a.ImageUID = l.userOf(ctx, o.Image.ID, o.Image.User)
	}
	if q.View != "" && !l.seen {
		a.View.Dir, a.View.Err = l.sees(ctx, q.View)
		l.seen = a.View.Dir != "" && a.View.Err == nil
	}
	if q.Build {
		if facts, err := host.Measure(ctx); err == nil {
			a.Memory = &facts
		}
	}
	l.answerEdge(ctx, q.Edge, &a)
	o.Answered = a
}

func sizeOfTree(dir string) Tree {
	bytes, err := tree.Bytes(dir)
	return Tree{dir, bytes, err}
}

// LookAtPorts looks which ports are free at an address, list by list, up to the
// first of which all are.
func (l *Looker) LookAtPorts(ctx context.Context, o *Observation, address string, lists [][]int) {
	o.FreePorts = map[int]bool{}
	for _, ports := range lists {
		free := true
		for _, port := range ports {
			holder, err := host.PortHolder(ctx, address, port)
			o.FreePorts[port] = err == nil && holder.Free && o.PublishedBy(port) == ""
			free = free && o.FreePorts[port]
		}
		if free {
			return
		}
	}
}
