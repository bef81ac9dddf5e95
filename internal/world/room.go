package world

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// MinDirMiB is what a run needs free for its own files.
const MinDirMiB = 1

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
func roomToRestore(ctx context.Context, e Engine, o *Observation, names []string, kept string) Room {
	c := o.Container()
	if c == nil {
		if disk, err := host.Disk(e.Info().RootDir); err == nil {
			return Room{Data: &disk, At: disk.Path}
		}
		return Room{}
	}
	trees := map[string]string{}
	for _, name := range names {
		if path, _, err := stacks.DataPath(ctx, e, *c, openalgo.Tree(name)); err == nil && path != "" {
			trees[name] = path
		}
	}
	if len(trees) == 0 {
		return Room{}
	}
	return RoomFor(trees, kept)
}

// RoomFor looks at the disks of data that is replaced, and of base, where it is
// kept. Where that cannot be told, the copy itself will show it.
func RoomFor(trees map[string]string, base string) (s Room) {
	for _, dir := range trees {
		bytes, err := tree.Bytes(dir)
		if err != nil {
			return Room{Err: fmt.Errorf("looking at %s: %w", dir, err)}
		}
		s.Present += bytes
		s.At = dir
	}
	s.Last, _ = tree.Bytes(base)
	keep, err1 := host.Disk(filepath.Dir(base))
	data, err2 := host.Disk(s.At)
	if errors.Join(err1, err2) == nil {
		s.Apart = !sameDisk(keep.Path, data.Path)
		keep.Path = filepath.Dir(base)
		s.Keep, s.Data = &keep, &data
	}
	return s
}

// sameDisk reports whether two paths are on one file system, as far as that can
// be told.
func sameDisk(a, b string) bool {
	var x, y unix.Stat_t
	return unix.Stat(a, &x) != nil || unix.Stat(b, &y) != nil || x.Dev == y.Dev
}
