package world

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// LookAtBackup looks at what a restore meets. account is the broker account of the
// backup, trees are what it holds, and kept is where the replaced data goes.
func (l *Looker) LookAtBackup(ctx context.Context, o *Observation, account string, trees []string, kept string) {
	o.Backup.Room = roomToRestore(ctx, l.Engine, o, trees, kept)
	for _, c := range o.All {
		dir := stacks.DirOf(c)
		if !stacks.IsOpenAlgo(c) || !stacks.IsUp(c) || dir == "" || stacks.SameFile(dir, string(l.Dir)) {
			continue
		}
		if theirs, _ := EnvOf(dir).Get("BROKER_API_KEY"); account != "" && theirs == account {
			o.Backup.Twins = append(o.Backup.Twins, Twin{c.Name, dir})
		}
	}
}

// roomToRestore looks at the disks before anything is stopped; a check that is
// not possible then comes later.
func roomToRestore(ctx context.Context, e Engine, o *Observation, names []string, kept string) tree.Room {
	c := o.Container()
	if c == nil {
		if disk, err := host.Disk(e.Info().RootDir); err == nil {
			return tree.Room{Data: &disk, At: disk.Path}
		}
		return tree.Room{}
	}
	trees := map[string]string{}
	for _, name := range names {
		if path, _, err := stacks.DataPath(ctx, e, *c, openalgo.Tree(name)); err == nil && path != "" {
			trees[name] = path
		}
	}
	if len(trees) == 0 {
		return tree.Room{}
	}
	return tree.RoomFor(trees, kept)
}
