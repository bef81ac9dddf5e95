package doctor

import (
	"context"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Pace is how often a check is worth its work to somebody who looks again and again.
type Pace string

// The paces.
const (
	Always Pace = ""
	Hourly Pace = "hourly" // it asks the network, other programs, or much of Docker
	Daily  Pace = "daily"  // it asks a registry, which limits that
)

// Paces are all of them.
func Paces() []Pace { return []Pace{Always, Hourly, Daily} }

// paced is a check with more than the usual.
type paced struct {
	check
	pace    Pace
	machine bool // it is about this machine, and the same for each instance
}

//go:noinline
func hourly(c check) check { return withPace(c, Hourly) }

//go:noinline
func daily(c check) check { return withPace(c, Daily) }

//go:noinline
func withPace(c check, pace Pace) check {
	p := about(c)
	p.pace = pace
	return p
}

func ofMachine(c check) check {
	p := about(c)
	p.machine = true
	return p
}

// about is a check with its pace.
func about(c check) paced {
	if p, ok := c.(paced); ok {
		return p
	}
	return paced{check: c}
}

func (p paced) judge(of patient) []Finding {
	found := p.check.judge(of)
	for i := range found {
		found[i].Pace, found[i].OfMachine = p.pace, p.machine
	}
	return found
}

// ExamineSome is Examine with the checks of some paces alone.
func ExamineSome(ctx context.Context, l Look, paces ...Pace) Report {
	ctx = engine.WithOneLook(ctx)
	l.quick = !slices.Contains(paces, Hourly)
	p := l.gather(ctx)
	due := slices.DeleteFunc(checks(), func(c check) bool { return !slices.Contains(paces, about(c).pace) })
	for _, c := range due {
		c.look(ctx, l, &p)
	}
	return report(p, due)
}
