package world

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/swapfile"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

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
		if a.Databases.Path, a.DatabasesAt = DataDirectory(ctx, l.Engine, *o.Container()); a.DatabasesAt == nil {
			a.Room = tree.RoomFor(map[string]string{"db": a.Databases.Path}, l.Dir.Work(instance.Snapshot))
			a.Databases = sizeOfTree(a.Databases.Path)
		}
	}
	if q.ImageUser {
		a.ImageUID = l.images().user(ctx, o.Image.ID, o.Image.User)
	}
	if q.View != "" && !l.seen {
		a.View.Dir, a.View.Err = sees(ctx, l.Engine, string(l.Dir), q.View)
		l.seen = a.View.Dir != "" && a.View.Err == nil
	}
	a.Seen = l.seen
	if q.Account {
		a.HasAccount = hasAccount(ctx, l.Engine, *o.Container())
	}
	if q.Build {
		if facts, err := host.Measure(ctx); err == nil {
			a.Memory = &facts
		}
	}
	if q.Swap {
		if m, err := swapfile.Look(ctx); err == nil {
			a.Swap = &m
		}
	}
	if q.Use {
		o.Use = UseOf(ctx, l.Engine, *o.Container())
	}
	answerEdge(ctx, l.Resolver, q.Edge, &a)
	o.Answered = a
}

func sizeOfTree(dir string) Tree {
	bytes, err := tree.Bytes(dir)
	return Tree{dir, bytes, err}
}

// LookAtPorts looks which ports are free at an address, list by list, up to the
// first of which all are.
func (l *Looker) LookAtPorts(ctx context.Context, o *Observation, address string, lists [][]int) {
	o.FreePorts, o.PortsHeld = map[int]bool{}, map[int]string{}
	for _, ports := range lists {
		free := true
		for _, port := range ports {
			holder, err := host.PortHolder(ctx, address, port)
			who := o.PublishedBy(port)
			if who == "" && err == nil && !holder.Free {
				who = holder.String()
			}
			if o.FreePorts[port] = err == nil && who == ""; who != "" {
				o.PortsHeld[port] = who
			}
			free = free && o.FreePorts[port]
		}
		if free {
			return
		}
	}
}
