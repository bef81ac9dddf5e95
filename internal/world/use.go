package world

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// hasAccount asks the OpenAlgo in a container whether it has an account.
func hasAccount(ctx context.Context, e Engine, c engine.Container) bool {
	p := ready.Prober{Engine: e}
	needsSetup, err := p.Ask(ctx, p.TargetOf(c))
	return err == nil && !needsSetup
}

// UseOf is what a container uses.
func UseOf(ctx context.Context, e Engine, c engine.Container) (u Use) {
	if bytes, err := e.MemoryInUse(ctx, c.ID); err == nil {
		u.Memory = bytes
	}
	u.Shm, u.Strategies = shmInUse(e, c), strategies(ctx, e, c)
	return u
}

// shmInUse looks into the container's /dev/shm, in bytes; 0 where it cannot.
func shmInUse(e Engine, c engine.Container) int64 {
	var fs unix.Statfs_t
	if !e.Info().Local || c.Pid == 0 || unix.Statfs(fmt.Sprintf("/proc/%d/root/dev/shm", c.Pid), &fs) != nil {
		return 0
	}
	return int64(fs.Blocks-fs.Bfree) * int64(fs.Bsize) //nolint:unconvert // its size is the architecture's
}

// strategies counts those that OpenAlgo has configured (docs/openalgo-facts.md 3.4).
func strategies(ctx context.Context, e Engine, c engine.Container) int {
	text, err := e.ReadFile(ctx, c.ID, openalgo.Strategies, 16<<20)
	var configured map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &configured) != nil {
		return 0
	}
	return len(configured)
}
