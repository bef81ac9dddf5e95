package preflight

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Beyond names what would not fit into a sizing: memory, shared memory, and the
// strategies that are configured.
func Beyond(u world.Use, due sizing.Sizing) []string {
	var out []string
	if u.Memory>>20 > int64(due.RAMMiB) {
		out = append(out, fmt.Sprintf("OpenAlgo uses %s of memory now, and the new size allows %s", printable.Size(u.Memory), printable.MiB(due.RAMMiB)))
	}
	if u.Shm>>20 > int64(due.ShmMiB) {
		out = append(out, fmt.Sprintf("OpenAlgo uses %s of shared memory now, and the new size allows %s", printable.Size(u.Shm), printable.MiB(due.ShmMiB)))
	}
	if due.StrategiesMax > 0 && u.Strategies > due.StrategiesMax {
		out = append(out, fmt.Sprintf("you have %d strategies, and the new size is for %s", u.Strategies, due.Strategies))
	}
	return out
}
