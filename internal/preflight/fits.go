package preflight

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Beyond names what would not fit into a sizing: memory, shared memory, and the
// strategies that are configured.
func Beyond(u world.Use, due sizing.Sizing) []string {
	var out []string
	if u.Memory>>20 > int64(due.RAMMiB) {
		out = append(out, fmt.Sprintf("OpenAlgo uses %d MiB of memory now, and its share becomes %d MiB", u.Memory>>20, due.RAMMiB))
	}
	if u.Shm>>20 > int64(due.ShmMiB) {
		out = append(out, fmt.Sprintf("%d MiB of shared memory are in use now, and there will be %d MiB", u.Shm>>20, due.ShmMiB))
	}
	if due.StrategiesMax > 0 && u.Strategies > due.StrategiesMax {
		out = append(out, fmt.Sprintf("%d strategies are configured, and this size is for %s", u.Strategies, due.Strategies))
	}
	return out
}
