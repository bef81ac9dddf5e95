package present

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// Step is one step of a run.
type Step struct {
	Title, State string
	Began        time.Time
	Took         time.Duration // once it has ended
}

// Progress is how far a run is, gathered from its events, for a screen that is
// drawn again and again.
type Progress struct {
	Steps []Step
	Notes []string
	Log   []string // the container's last lines

	start  string // how far OpenAlgo's start is
	pull   *event.PullProgress
	base   string // what is pulled, when it is for a build
	build  *event.BuildProgress
	layers map[string]event.PullProgress // what was last heard of each layer
}

// keptLog is how many lines of the container's log are kept.
const keptLog = 500

// Take adds what happened.
func (p *Progress) Take(e event.Event, now time.Time) {
	switch e.Type {
	case event.TypeStep:
		p.step(e, now)
	case event.TypeProgress:
		p.progress(e)
	case event.TypeNote, event.TypeWarning:
		p.Notes = append(p.Notes, e.Message)
	case event.TypeLog:
		p.Log = append(p.Log, e.Message)
		p.Log = p.Log[max(len(p.Log)-keptLog, 0):]
	}
}

func (p *Progress) step(e event.Event, now time.Time) {
	if e.State == event.Started {
		p.Steps = append(p.Steps, Step{Title: e.Message, State: e.State, Began: now})
		return
	}
	for i := len(p.Steps) - 1; i >= 0; i-- {
		if p.Steps[i].State == event.Started {
			p.Steps[i].State = e.State
			p.Steps[i].Took = time.Duration(e.Seconds * float64(time.Second))
			p.pull, p.build, p.start = nil, nil, ""
			return
		}
	}
}

func (p *Progress) progress(e event.Event) {
	if e.Start != nil {
		p.start = e.Message
		return
	}
	if e.Build != nil || e.Message != p.base {
		p.layers = nil
	}
	p.pull, p.build, p.base = e.Progress, e.Build, e.Message
	if p.pull != nil && p.pull.Layer != "" {
		if p.layers == nil {
			p.layers = map[string]event.PullProgress{}
		}
		p.layers[p.pull.Layer] = *p.pull
	}
}

// bar is a bar of which a part is full.
func bar(part float64) string {
	const length = 20
	full := min(int(part*length), length)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", length-full) + "]"
}

// pulled says how much of a pull is there.
func pulled(p *event.PullProgress) string {
	return fmt.Sprintf("%s of %s, %d of %d layers",
		units.HumanSize(float64(p.Current)), units.HumanSize(float64(p.Total)), p.LayersDone, p.Layers)
}

// Bars are how far the pull or the build that runs is: of a pull its total, and
// of its layers as many as make most lines.
func (p *Progress) Bars(most int) (out []string) {
	if p.pull != nil {
		out = p.pullLines(most)
	}
	if b := p.build; b != nil {
		part := 0.0
		if b.Total > 0 {
			part = float64(b.Step-1) / float64(b.Total)
		}
		out = append(out, fmt.Sprintf("%s step %d of %d", bar(part), b.Step, b.Total))
	}
	return out
}

// Words are what a start or a build says of itself.
func (p *Progress) Words() (out []string) {
	if p.start != "" {
		out = append(out, p.start)
	}
	if p.build != nil {
		out = append(out, strings.Join(strings.Fields(p.build.Name), " "))
	}
	if p.build != nil && len(p.Log) > 0 {
		out = append(out, p.Log[len(p.Log)-1])
	}
	return out
}

func (p *Progress) pullLines(most int) []string {
	if p.pull.Layers == 0 {
		return []string{p.pull.Status}
	}
	var out []string
	if p.base != "" {
		out = append(out, p.base)
	}
	part := 0.0
	if p.pull.Total > 0 {
		part = float64(p.pull.Current) / float64(p.pull.Total)
	}
	out = append(out, fmt.Sprintf("%s %3.0f %%", bar(part), part*100), pulled(p.pull))
	for _, id := range slices.Sorted(maps.Keys(p.layers)) {
		l := p.layers[id]
		if len(out) >= most || l.Status == "Pull complete" || l.Status == "Already exists" {
			continue
		}
		line := fmt.Sprintf("%-12.12s  %s", id, l.Status)
		if l.LayerTotal > 0 {
			line += fmt.Sprintf(", %s of %s", units.HumanSize(float64(l.LayerCurrent)), units.HumanSize(float64(l.LayerTotal)))
		}
		out = append(out, line)
	}
	return out
}
