package sizing

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Of says what the sizing is for.
func (s Sizing) Of() string {
	of := fmt.Sprintf("%d MiB RAM and %s", s.RAMMiB, printable.Count(s.Cores, "core"))
	if s.Instances > 1 {
		of += fmt.Sprintf(", the share of each of %d instances", s.Instances)
	}
	return of
}

// Shared says what several instances share, and what each gets of it; "" for one.
func (s Sizing) Shared() string {
	if s.Instances < 2 {
		return ""
	}
	return fmt.Sprintf("%d instances share %s of RAM: each gets the row for %s", s.Instances,
		printable.Size(int64(s.RAMMiB*s.Instances)<<20), table[rowFor(s.RAMMiB)].Name)
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
	var out []string
	if shared := s.Shared(); shared != "" {
		out = append(out, shared)
	}
	out = append(out,
		why("threads %d", s.Threads, auto.Threads, threads),
		why("shared memory %d MiB", s.ShmMiB, auto.ShmMiB, fmt.Sprintf("%d MiB of RAM are the %s row of the table", s.RAMMiB, row.Name)),
		why("strategy memory %d MiB", s.StrategyMemoryMiB, auto.StrategyMemoryMiB, "the same row; each strategy may use that much"))
	return append(out, fmt.Sprintf("strategies %s: what fits beside OpenAlgo itself", s.Strategies))
}

func why(what string, value, auto int, reason string) string {
	what = fmt.Sprintf(what, value)
	if value != auto {
		return fmt.Sprintf("%s: as you set it; the table has %d", what, auto)
	}
	return what + ": " + reason
}
