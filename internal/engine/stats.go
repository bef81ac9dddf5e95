package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/docker/docker/api/types/container"
)

// MemoryInUse is what a running container uses now, in bytes, without the
// page cache that the kernel would give back.
func (e containers) MemoryInUse(ctx context.Context, id string) (int64, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	doing := "measure the memory of container " + short(id)
	res, err := e.api.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return 0, e.explain(ctx, doing, err)
	}
	defer res.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(res.Body).Decode(&stats); err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	cache := stats.MemoryStats.Stats["total_inactive_file"] // cgroup v1
	if v2, ok := stats.MemoryStats.Stats["inactive_file"]; ok && cache == 0 {
		cache = v2
	}
	if cache > stats.MemoryStats.Usage {
		return 0, nil
	}
	return int64(stats.MemoryStats.Usage - cache), nil
}
