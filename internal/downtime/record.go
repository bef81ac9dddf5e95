// Package downtime holds how long OpenAlgo is down: what was measured at an
// instance's last runs, and what a plan says from that.
package downtime

import (
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
)

const (
	recordName = "times.json" // in the work directory
	recordForm = 1
	keptStarts = 5
)

// Record is what was measured of one instance.
type Record struct {
	Version int     `json:"version"`
	Starts  []Start `json:"starts,omitempty"` // the last ones, the newest at the end
	Last    *Last   `json:"last,omitempty"`   // nil: it was never down for a command
}

// NewestForm is the newest version that this release knows.
func (*Record) NewestForm() int { return recordForm }

// Start is one start of OpenAlgo, up to its first right answer.
type Start struct {
	At     time.Time `json:"at"`             // when OpenAlgo was ready
	Began  time.Time `json:"began,omitzero"` // the container's own StartedAt
	Image  string    `json:"image"`          // the image's ID
	TookMS int64     `json:"took_ms"`
	StopMS int64     `json:"stop_ms,omitempty"` // how long the stop before it took; 0: there was none
}

// Ready is when OpenAlgo was ready in the container's run that began then; zero
// where nobody measured that.
func (r Record) Ready(began time.Time) time.Time {
	for _, s := range r.Starts {
		if !began.IsZero() && s.Began.Equal(began) {
			return s.At
		}
	}
	return time.Time{}
}

// Last is the last time that a command stopped OpenAlgo and started it again.
type Last struct {
	At      time.Time `json:"at"` // when it was stopped
	Command string    `json:"command"`
	// DowntimeMS is how long it was down; 0: not known, since the run was
	// interrupted or OpenAlgo did not get ready.
	DowntimeMS int64 `json:"downtime_ms,omitempty"`
}

// Text is the last downtime in a line; "" for nil.
func (l *Last) Text() string {
	if l == nil {
		return ""
	}
	text := market.Text(l.At) + ", " + l.Command
	if l.DowntimeMS == 0 {
		return text + ", not known for how long: the run did not finish"
	}
	return text + ", " + For(time.Duration(l.DowntimeMS)*time.Millisecond)
}

// For is a duration that was measured.
func For(took time.Duration) string { return fmt.Sprintf("%.1f s", took.Seconds()) }

// Load returns what was measured of an instance; nothing where that cannot be read.
func Load(d instance.Dir) Record {
	r, err := instance.Load[Record](d, recordName)
	if err != nil || r == nil {
		return Record{}
	}
	return *r
}

// Keep adds what a run has measured. start is nil where OpenAlgo was not started,
// last where it was not down.
func Keep(d instance.Dir, start *Start, last *Last) error {
	if start == nil && last == nil {
		return nil
	}
	r := Load(d)
	r.Version = recordForm
	if start != nil {
		r.Starts = append(r.Starts, *start)
		r.Starts = r.Starts[max(0, len(r.Starts)-keptStarts):]
	}
	if last != nil {
		r.Last = last
	}
	return instance.Save(d, recordName, &r)
}
