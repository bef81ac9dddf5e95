package present

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/status"
)

// Line is an instance at one time, as `status --watch` prints it.
type Line struct {
	Time        time.Time      `json:"time"`
	Name        string         `json:"name"`
	Dir         string         `json:"dir"`
	State       live.State     `json:"state"`
	Ready       bool           `json:"ready"`
	Reason      string         `json:"reason"`
	CPU         *float64       `json:"cpu_percent,omitempty"` // of all cores
	Memory      int64          `json:"memory_bytes,omitempty"`
	MemoryLimit int64          `json:"memory_limit_bytes,omitempty"`
	Shared      int64          `json:"shm_bytes,omitempty"`
	SharedLimit int64          `json:"shm_limit_bytes,omitempty"`
	Net         *float64       `json:"network_bytes_per_second,omitempty"`
	Problems    []live.Problem `json:"problems"`
}

// LineOf is what is known of an instance now.
func LineOf(i live.Instance, now time.Time) Line {
	l := Line{Time: now.UTC().Truncate(time.Millisecond), Name: i.Name, Dir: i.Dir, State: i.State, Ready: i.State == live.Ready, Reason: i.Reason,
		Problems: append([]live.Problem{}, i.Problems...)}
	if i.Since.IsZero() || !i.Load.Known() {
		return l
	}
	l.Memory, l.MemoryLimit = int64(live.Last(i.Load.Memory)), i.Load.MemoryLimit
	l.Shared, l.SharedLimit = int64(live.Last(i.Load.Shared)), i.Load.SharedLimit
	if len(i.Load.CPU) > 0 {
		cpu, net := live.Last(i.Load.CPU), live.Last(i.Load.Net)
		l.CPU, l.Net = &cpu, &net
	}
	return l
}

// String is the line for a person.
func (l Line) String() string {
	parts := []string{l.Name, string(l.State)}
	if l.Reason != "" {
		parts[1] += ": " + l.Reason
	}
	if l.CPU != nil {
		parts = append(parts, fmt.Sprintf("CPU %.0f%%", *l.CPU))
	}
	if l.MemoryLimit > 0 {
		parts = append(parts, fmt.Sprintf("memory %s of %s", printable.Size(l.Memory), printable.Size(l.MemoryLimit)),
			fmt.Sprintf("shared memory %s of %s", printable.Size(l.Shared), printable.Size(l.SharedLimit)))
	}
	if l.Net != nil {
		parts = append(parts, fmt.Sprintf("network %.0f KiB/s", *l.Net/(1<<10)))
	}
	if n := len(l.Problems); n > 0 {
		parts = append(parts, printable.Count(n, "problem"))
	}
	return printable.Line(strings.Join(parts, "  "))
}

// NoInstance says that there is none.
func NoInstance(w io.Writer, dir string) { Status(w, status.Status{Dir: dir}) }
