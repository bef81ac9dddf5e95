package plan

import (
	"maps"
	"slices"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ahead is what of the databases' copy can be made while OpenAlgo still runs.
func ahead(l *listing) []run.Part {
	if !l.Intent.Upgrades() || !stacks.IsUp(*l.old) {
		return nil
	}
	return []run.Part{{Name: "ahead", Title: "copy as much of the databases as possible", Steps: []run.Step{&data.Ahead{Tree: "db"}}}}
}

// data is what becomes of the databases.
func (l *listing) data() (out []run.Part) {
	i := l.Intent
	switch {
	case l.old != nil && i.Upgrades():
		return []run.Part{{Name: "snapshot", Title: "keep a copy of the databases", Steps: []run.Step{
			&data.Clear{Base: instance.Snapshot}, &data.Keep{Tree: "db", Base: instance.Snapshot}, &step.DescribeCopy{Base: instance.Snapshot}}}}
	case l.old != nil && i.Adopts() && len(unmounted(*l.old)) > 0:
		carry := run.Part{Name: "carry", Title: "copy the data that only the previous container has"}
		for _, target := range unmounted(*l.old) {
			carry.Steps = append(carry.Steps, &data.Carry{Target: target, User: l.ownerOfCopies()})
		}
		out = append(out, carry)
	case i.Restores():
		out = l.replaced()
	}
	if l.old != nil && i.Data == ToVolumes {
		move := run.Part{Name: "move", Title: "copy the data into volumes and compare"}
		sources := world.DataDirectories(*l.old)
		for _, target := range slices.Sorted(maps.Keys(sources)) {
			move.Steps = append(move.Steps, &data.Move{From: run.In(l.o.Dir, sources[target]), Target: target, User: l.ownerOfCopies()})
		}
		out = append(out, move)
	}
	return out
}

// replaced keeps a copy of the data that is here, and puts that of the backup in
// its place.
func (l *listing) replaced() []run.Part {
	backup := l.Intent.Backup
	var names []string
	for _, t := range backup.Manifest.Trees {
		names = append(names, t.Name)
	}
	keep := run.Part{Name: "replaced", Title: "keep a copy of the current data",
		Steps: []run.Step{&data.Clear{Base: instance.Replaced, For: names, Bytes: backup.Bytes}}}
	for _, name := range names {
		keep.Steps = append(keep.Steps, &data.Keep{Tree: name, Base: instance.Replaced, OfNew: true})
	}
	keep.Steps = append(keep.Steps, &step.DescribeCopy{Base: instance.Replaced})
	fill := &data.Fill{Trees: names, From: backup.Data}
	if l.o.Engine.UserBase > 0 {
		fill.User = l.ownerOfCopies()
	}
	return []run.Part{keep, {Name: "data", Title: "restore the data", Steps: []run.Step{fill}}}
}

// unmounted are the data directories that the previous container keeps in
// itself, so that they would be gone with it.
func unmounted(old docker.Container) []string {
	var out []string
	for _, name := range openalgo.Trees {
		target := openalgo.Tree(name)
		if name != "tmp" && !slices.ContainsFunc(old.Mounts, func(m docker.Mount) bool { return m.Target == target }) {
			out = append(out, target)
		}
	}
	return out
}

// ownerOfCopies is the user that needs what is copied; 0 where it stays as it is.
func (l *listing) ownerOfCopies() int {
	uid, known := stacks.OwnerHere(l.o.Engine, l.Stack.Spec("").User)
	if !known || !l.o.Host.Root {
		return 0
	}
	return uid
}

// listing is a plan whose steps are being listed.
type listing struct {
	*Plan
	o        *world.Observation
	old      *docker.Container // the container before; nil when there is none
	replaces bool              // a container is created, and old, if any, goes
	state    instance.State    // what state.json becomes
}
