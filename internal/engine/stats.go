package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
)

// Load is what a running container uses. CPU and what went over the network count
// from its start, so that two loads have a rate between them.
type Load struct {
	At            time.Time
	CPU           time.Duration // of one core
	Memory        int64         // bytes, without the page cache that the kernel would give back
	Limit         int64         // bytes that it may have
	Shared        int64         // bytes of shared memory and tmpfs
	NetIn, NetOut int64         // bytes
}

// Load measures a running container once.
func (e streams) Load(ctx context.Context, id string) (Load, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	doing := "measure container " + short(id)
	res, err := e.api.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return Load{}, e.explain(ctx, doing, err)
	}
	defer res.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(res.Body).Decode(&stats); err != nil {
		return Load{}, fmt.Errorf("%s: %w", doing, err)
	}
	memory := stats.MemoryStats
	l := Load{At: stats.Read, CPU: time.Duration(stats.CPUStats.CPUUsage.TotalUsage), Limit: int64(memory.Limit), Shared: int64(memory.Stats["shmem"])}
	if l.At.IsZero() {
		l.At = time.Now()
	}
	cache := memory.Stats["total_inactive_file"] // cgroup v1
	if v2, ok := memory.Stats["inactive_file"]; ok && cache == 0 {
		cache = v2
	}
	if cache < memory.Usage {
		l.Memory = int64(memory.Usage - cache)
	}
	for _, n := range stats.Networks {
		l.NetIn += int64(n.RxBytes)
		l.NetOut += int64(n.TxBytes)
	}
	return l, nil
}

// MemoryInUse is what a running container uses now, in bytes, without the
// page cache that the kernel would give back.
func (e streams) MemoryInUse(ctx context.Context, id string) (int64, error) {
	l, err := e.Load(ctx, id)
	return l.Memory, err
}
