package install

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// useSeen is what OpenAlgo uses now; 0 where that cannot be found out.
type useSeen struct {
	Memory, Shm int64 // bytes
	Strategies  int   // that are configured
}

// seeUse looks at what a container uses.
func (in *Installer) seeUse(ctx context.Context, c engine.Container) (u useSeen) {
	if bytes, err := in.Engine.MemoryInUse(ctx, c.ID); err == nil {
		u.Memory = bytes
	}
	u.Shm, u.Strategies = in.shmInUse(c), in.strategies(ctx, c)
	return u
}

// shmInUse looks into the container's /dev/shm, in bytes; 0 where it can't.
func (in *Installer) shmInUse(c engine.Container) int64 {
	var fs unix.Statfs_t
	if !in.Engine.Info().Local || c.Pid == 0 || unix.Statfs(fmt.Sprintf("/proc/%d/root/dev/shm", c.Pid), &fs) != nil {
		return 0
	}
	return int64(fs.Blocks-fs.Bfree) * fs.Bsize
}

// strategies counts those that the app has configured (docs/openalgo-facts.md 3.4).
func (in *Installer) strategies(ctx context.Context, c engine.Container) int {
	text, err := in.Engine.ReadFile(ctx, c.ID, openalgo.Strategies, 16<<20)
	var configured map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &configured) != nil {
		return 0
	}
	return len(configured)
}
