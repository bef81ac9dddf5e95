package sizing

import (
	"fmt"
	"strconv"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Of says what the sizing is for.
func (s Sizing) Of() string {
	of := fmt.Sprintf("%s of RAM and %s", printable.MiB(s.RAMMiB), printable.Count(s.Cores, "core"))
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
	return fmt.Sprintf("%d instances share %s of RAM: each is sized for %s", s.Instances,
		printable.MiB(s.RAMMiB*s.Instances), table[rowFor(s.RAMMiB)].Name)
}

// Values are what it sets, in a line.
func (s Sizing) Values() string {
	return fmt.Sprintf("%s, %s of shared memory, %s for each strategy", printable.Count(s.Threads, "thread"), printable.MiB(s.ShmMiB), printable.MiB(s.StrategyMemoryMiB))
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
		why("Threads: ", s.Threads, auto.Threads, strconv.Itoa, threads),
		why("Shared memory: ", s.ShmMiB, auto.ShmMiB, printable.MiB, fmt.Sprintf("the %s row, for %s of RAM", row.Name, printable.MiB(s.RAMMiB))),
		why("Memory of a strategy: ", s.StrategyMemoryMiB, auto.StrategyMemoryMiB, printable.MiB, "the same row; a strategy cannot use more"))
	return append(out, fmt.Sprintf("Strategies: %s (room for them beside OpenAlgo itself)", s.Strategies))
}

func why(label string, value, auto int, text func(int) string, reason string) string {
	if value != auto {
		reason = fmt.Sprintf("your own value; the table has %s", text(auto))
	}
	return label + text(value) + " (" + reason + ")"
}
