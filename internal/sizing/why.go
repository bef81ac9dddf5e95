package sizing

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Of says what the sizing is for.
func (s Sizing) Of() string {
	of := fmt.Sprintf("%d MiB RAM and %s", s.RAMMiB, printable.Count(s.Cores, "core"))
	if s.Instances > 1 {
		of += fmt.Sprintf(", the share of one of %d OpenAlgos", s.Instances)
	}
	return of
}

// Values are what it sets, in a line.
func (s Sizing) Values() string {
	return fmt.Sprintf("threads %d, shared memory %d MiB, strategy memory %d MiB", s.Threads, s.ShmMiB, s.StrategyMemoryMiB)
}

// Why says for each number of s where it comes from, a line each.
func (s Sizing) Why() []string {
	row := table[rowFor(s.RAMMiB)]
	auto, _ := Compute(Machine{RAMMiB: s.RAMMiB, Cores: s.Cores}, 1, Overrides{})
	threads := fmt.Sprintf("the %s row, for any number of cores", row.Name)
	if row.UpToCores {
		threads = fmt.Sprintf("one for each of the %s, at most %d", printable.Count(s.Cores, "core"), row.ThreadsMax)
	}
	out := []string{
		why("threads %d", s.Threads, auto.Threads, threads),
		why("shared memory %d MiB", s.ShmMiB, auto.ShmMiB, fmt.Sprintf("%d MiB of RAM are the %s row of the table", s.RAMMiB, row.Name)),
		why("strategy memory %d MiB", s.StrategyMemoryMiB, auto.StrategyMemoryMiB, "the same row; each strategy may use that much"),
	}
	return append(out, fmt.Sprintf("strategies %s: what fits beside OpenAlgo itself", s.Strategies))
}

func why(what string, value, auto int, reason string) string {
	what = fmt.Sprintf(what, value)
	if value != auto {
		return fmt.Sprintf("%s: as you set it; the table has %d", what, auto)
	}
	return what + ": " + reason
}
