package present

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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

	start string       // how far OpenAlgo's start is
	meter *event.Meter // what is counted, but for a pull, a build and a start
	pull  *event.PullProgress
	base  string // what is pulled, when it is for a build, or counted
	// pulling is how fast a pull is.
	pulling *event.Meter
	build   *event.BuildProgress
	layers  map[string]event.PullProgress // what was last heard of each layer
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
			p.pull, p.build, p.start, p.meter = nil, nil, "", nil
			return
		}
	}
}

func (p *Progress) progress(e event.Event) {
	if e.Start != nil {
		p.start = e.Message
		return
	}
	if e.Progress == nil && e.Build == nil {
		p.meter, p.base = e.Meter, e.Message
		return
	}
	p.pulling = e.Meter
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

// Bars are how far the pull, the build or the copy that runs is: of a pull its total,
// and of its layers as many as make most lines.
func (p *Progress) Bars(most int) (out []string) {
	if p.meter != nil {
		out = p.meterLines()
	}
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

// meterLines are how much was copied.
func (p *Progress) meterLines() (out []string) {
	if p.base != "" {
		out = append(out, p.base)
	}
	if percent := p.meter.Percent(); percent >= 0 {
		out = append(out, bar(float64(percent)/100))
	}
	return append(out, Meter(*p.meter))
}

func (p *Progress) pullLines(most int) []string {
	if p.pull.Layers == 0 {
		return []string{p.pull.Status}
	}
	var out []string
	if p.base != "" {
		out = append(out, p.base)
	}
	text, _ := pulled(p.pull, p.pulling)
	out = append(out, bar(float64(percentOf(p.pull))/100), text)
	for _, id := range slices.Sorted(maps.Keys(p.layers)) {
		l := p.layers[id]
		if len(out) >= most || l.Status == "Pull complete" || l.Status == "Already exists" {
			continue
		}
		line := fmt.Sprintf("%-12.12s  %s", id, l.Status)
		if l.LayerTotal > 0 {
			line += fmt.Sprintf(", %s of %s", amount(l.LayerCurrent), amount(l.LayerTotal))
		}
		out = append(out, line)
	}
	return out
}
