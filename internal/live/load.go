package live

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// kept is how many measurements are remembered: four minutes of them, or more where
// there are many instances.
const kept = 120

// Load is what an instance uses, its newest measurement last.
type Load struct {
	CPU    []float64 // percent of all cores
	Memory []float64 // bytes
	Shared []float64 // bytes
	Net    []float64 // bytes a second, in and out together

	MemoryLimit, SharedLimit int64
}

// Known reports whether anything was measured.
func (l Load) Known() bool { return len(l.Memory) > 0 }

// Last is the newest of some measurements.
func Last(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return values[len(values)-1]
}

// add takes a measurement, which has a rate from the second one on.
func (l *Load) add(before, now engine.Load, cores int) {
	l.MemoryLimit = now.Limit
	l.Memory, l.Shared = push(l.Memory, float64(now.Memory)), push(l.Shared, float64(now.Shared))
	passed := now.At.Sub(before.At)
	if before.At.IsZero() || passed <= 0 || now.CPU < before.CPU {
		return // the first, or the container was started again
	}
	l.CPU = push(l.CPU, min(100*float64(now.CPU-before.CPU)/float64(passed)/float64(max(cores, 1)), 100))
	bytes := now.NetIn + now.NetOut - before.NetIn - before.NetOut
	l.Net = push(l.Net, float64(max(bytes, 0))*float64(time.Second)/float64(passed))
}

// push returns values with one more. It never writes to values, which a Snapshot may
// show.
func push(values []float64, v float64) []float64 {
	from := max(len(values)+1-kept, 0)
	out := make([]float64, 0, len(values)-from+1)
	return append(append(out, values[from:]...), v)
}
