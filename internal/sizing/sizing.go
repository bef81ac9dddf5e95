// Package sizing turns RAM and cores into the limits OpenAlgo runs with:
// threads of the numeric libraries, shared memory, memory of a strategy. It
// does no I/O. The rule is the table of docs/sizing.md; what the limits do is
// measured in docs/openalgo-facts.md 4.
package sizing

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Source says whose figures a machine's RAM and cores are.
type Source string

// Where RAM and cores came from.
const (
	SourceHost   Source = "host"   // the kernel openalgo-install runs on
	SourceEngine Source = "engine" // a Docker engine on another kernel
	SourceFlag   Source = "flag"   // given by the user
)

// Machine is what there is to share out. RAMMiB is MemTotal in MiB, Cores the
// cores the kernel schedules.
type Machine struct {
	RAMMiB int
	Cores  int
	Source Source
}

// Sizing is what one instance gets. RAMMiB and Cores are its share of the
// machine; with one instance that is the whole machine.
type Sizing struct {
	RAMMiB            int    `json:"ram_mib"`
	Cores             int    `json:"cores"`
	Source            Source `json:"source"`
	Threads           int    `json:"threads"`
	ShmMiB            int    `json:"shm_mib"`
	StrategyMemoryMiB int    `json:"strategy_memory_mib"`
	Strategies        string `json:"strategies"`
	StrategiesMax     int    `json:"-"`                   // Strategies in a number; 0: no limit to speak of
	Instances         int    `json:"instances,omitempty"` // how many share the machine
}

// Overrides are values the user set instead of the table's. 0 means auto.
type Overrides struct {
	Threads           int
	ShmMiB            int
	StrategyMemoryMiB int
}

// Row is one line of the table: it holds from FromMiB of RAM up to the next
// row. Where UpToCores is set, threads are ThreadsMax or the cores, whichever
// is less; elsewhere they are ThreadsMax.
type Row struct {
	Name              string // the size hosters sell, "4 GB"
	FromMiB           int
	ThreadsMax        int
	UpToCores         bool
	ShmMiB            int
	StrategyMemoryMiB int
	Strategies        string
	StrategiesMax     int // Strategies in a number; 0 where it has no upper end
}

// The thresholds lie below the nominal sizes because MemTotal does: a "4 GB"
// host reports some 3910 MiB (docs/openalgo-facts.md 4).
var table = []Row{
	{Name: "2 GB", FromMiB: 0, ThreadsMax: 1, ShmMiB: 256, StrategyMemoryMiB: 256, Strategies: "up to 5", StrategiesMax: 5},
	{Name: "4 GB", FromMiB: 3000, ThreadsMax: 2, ShmMiB: 512, StrategyMemoryMiB: 512, Strategies: "5 to 8", StrategiesMax: 8},
	{Name: "8 GB", FromMiB: 6000, ThreadsMax: 4, UpToCores: true, ShmMiB: 1024, StrategyMemoryMiB: 1024, Strategies: "10 or more"},
	{Name: "16 GB and up", FromMiB: 12000, ThreadsMax: 4, UpToCores: true, ShmMiB: 2048, StrategyMemoryMiB: 1024, Strategies: "20 or more"},
}

// rowFor returns the index of the row that holds for this much RAM.
func rowFor(ramMiB int) int {
	at := 0
	for i, r := range table {
		if ramMiB >= r.FromMiB {
			at = i
		}
	}
	return at
}

// Compute returns what each of instances gets of a machine, and warnings
// that end with what to do. Instances share RAM and cores
// evenly, each at least one core; fewer than one instance counts as one.
func Compute(m Machine, instances int, o Overrides) (Sizing, finding.Warnings) {
	instances = max(instances, 1)
	ram, cores := m.RAMMiB/instances, max(m.Cores/instances, 1)
	row := table[rowFor(ram)]
	s := Sizing{
		RAMMiB: ram, Cores: cores, Source: m.Source, Instances: instances,
		Threads: row.ThreadsMax, ShmMiB: row.ShmMiB,
		StrategyMemoryMiB: row.StrategyMemoryMiB, Strategies: row.Strategies, StrategiesMax: row.StrategiesMax,
	}
	if row.UpToCores {
		s.Threads = min(row.ThreadsMax, cores)
	}
	if o.Threads > 0 {
		s.Threads = o.Threads
	}
	if o.ShmMiB > 0 {
		s.ShmMiB = o.ShmMiB
	}
	if o.StrategyMemoryMiB > 0 {
		s.StrategyMemoryMiB = o.StrategyMemoryMiB
	}
	return s, warnings(s, o)
}

// pandasMiB is enough address space to import pandas and multiply a matrix
// with one or two threads: 272 and 411 MiB were measured. Below, the import
// hangs without an error (docs/openalgo-facts.md 4).
const pandasMiB = 512

// warnings judges s; only values the user chose can be too large, since the
// table's own never are.
func warnings(s Sizing, o Overrides) (w finding.Warnings) {
	if s.StrategyMemoryMiB < pandasMiB {
		w = append(w, finding.Warn("strategy-memory-small", "A strategy may use only %s. Strategies that import pandas or NumPy can hang without an error", printable.MiB(s.StrategyMemoryMiB)).
			With(advice("If yours do, allow more", "strategy_memory_mb: %d", pandasMiB)))
	}
	if o.StrategyMemoryMiB > s.RAMMiB {
		w = append(w, finding.Warn("strategy-memory-large", "A strategy may use %s, but this machine has %s of RAM. One strategy could use up all of it", printable.MiB(o.StrategyMemoryMiB), printable.MiB(s.RAMMiB)).
			With(advice("Allow less, or leave it at auto", "strategy_memory_mb: %d", pandasMiB)))
	}
	if quarter := s.RAMMiB / 4; o.ShmMiB > quarter {
		w = append(w, finding.Warn("shm-large", "Shared memory of %s is more than 25%% of the RAM (%s). When it fills up, this machine runs short of memory", printable.MiB(o.ShmMiB), printable.MiB(s.RAMMiB)).
			With(advice("Choose this or less, or leave it at auto", "shm_size: %dm", max(quarter, 1))))
	}
	if o.Threads > s.Cores {
		w = append(w, finding.Warn("threads-many", "Threads are set to %d, but there is only %s. More threads only wait for each other", o.Threads, printable.Count(s.Cores, "core")).
			With(advice("Choose fewer, or leave it at auto", "threads: %d", s.Cores)))
	}
	return w
}

// advice is what to write into the answers, or to enter on the wizard's page for it.
func advice(do, format string, value int) finding.Hint {
	answer := fmt.Sprintf(format, value)
	_, entered, _ := strings.Cut(answer, ": ")
	return finding.Answer(do, "sizing: {"+answer+"}", do+`: enter `+entered+` on the page "Options"`)
}

// KeyOf is the setting that a warning of a sizing is about.
func KeyOf(warning string) string {
	switch warning {
	case "strategy-memory-small", "strategy-memory-large":
		return strategyMemory
	case "shm-large":
		return shmSize
	case "threads-many":
		return ompThreads
	}
	return ""
}

// EnvVar is one line of .env.
type EnvVar struct{ Key, Value string }

const (
	ompThreads     = "OMP_NUM_THREADS"
	strategyMemory = "STRATEGY_MEMORY_LIMIT_MB"
	shmSize        = "SHM_SIZE"
)

var threadKeys = []string{
	"OPENBLAS_NUM_THREADS", ompThreads, "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
}

// EnvKeys returns the seven .env keys that carry a sizing, in the design's order.
func EnvKeys() []string {
	return append(append([]string(nil), threadKeys...), strategyMemory, shmSize)
}

// Env returns the seven .env lines of s in the order of EnvKeys. SHM_SIZE is
// in the form Compose takes, "512m" for 512 MiB. The app's "MB" are MiB: it
// multiplies by 1024 twice (python_strategy.py).
func (s Sizing) Env() []EnvVar {
	var env []EnvVar
	for _, key := range threadKeys {
		env = append(env, EnvVar{key, strconv.Itoa(s.Threads)})
	}
	return append(env,
		EnvVar{strategyMemory, strconv.Itoa(s.StrategyMemoryMiB)},
		EnvVar{shmSize, strconv.Itoa(s.ShmMiB) + "m"})
}

// FromEnv reads back the values in force: only Threads (as OMP_NUM_THREADS),
// ShmMiB and StrategyMemoryMiB are set, each 0 where its key is absent or its
// value is none the app or Compose would take.
func FromEnv(get func(key string) (string, bool)) Sizing {
	number := func(key string) int {
		text, _ := get(key)
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0
		}
		return max(n, 0)
	}
	s := Sizing{Threads: number(ompThreads), StrategyMemoryMiB: number(strategyMemory)}
	if text, ok := get(shmSize); ok {
		// Unlike on our command line, a bare number is bytes to Compose.
		if mib, err := parseMemory(text, 1); err == nil {
			s.ShmMiB = mib
		}
	}
	return s
}
