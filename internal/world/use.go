package world

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// Use is what OpenAlgo uses now; 0 where that cannot be found out.
type Use struct {
	Memory, Shm int64 // bytes
	Strategies  int   // that are configured
}

// LookAtUse looks at what a container uses.
func (l *Looker) LookAtUse(ctx context.Context, c engine.Container) (u Use) {
	if bytes, err := l.Engine.MemoryInUse(ctx, c.ID); err == nil {
		u.Memory = bytes
	}
	u.Shm, u.Strategies = l.shmInUse(c), l.strategies(ctx, c)
	return u
}

// shmInUse looks into the container's /dev/shm, in bytes; 0 where it can't.
func (l *Looker) shmInUse(c engine.Container) int64 {
	var fs unix.Statfs_t
	if !l.Engine.Info().Local || c.Pid == 0 || unix.Statfs(fmt.Sprintf("/proc/%d/root/dev/shm", c.Pid), &fs) != nil {
		return 0
	}
	return int64(fs.Blocks-fs.Bfree) * fs.Bsize
}

// strategies counts those that OpenAlgo has configured (docs/openalgo-facts.md 3.4).
func (l *Looker) strategies(ctx context.Context, c engine.Container) int {
	text, err := l.Engine.ReadFile(ctx, c.ID, openalgo.Strategies, 16<<20)
	var configured map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &configured) != nil {
		return 0
	}
	return len(configured)
}
