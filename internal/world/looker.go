package world

import (
	"errors"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Looker looks at one instance and its machine. What is costly it looks at once.
type Looker struct {
	Engine  Engine
	Dir     instance.Dir
	Machine sizing.Machine
	// Resolver looks domains up; nil is the system's.
	Resolver host.Resolver
	Now      func() time.Time // nil is the clock

	inside  *images
	markets kept.Reading
	seen    bool // Docker has this directory on its own disk
}

func (l *Looker) images() *images {
	if l.inside == nil {
		l.inside = &images{engine: l.Engine, dir: string(l.Dir), samples: map[string][]byte{}}
		if image, sample := instance.Sample(l.Dir); image != "" {
			l.inside.samples[image] = sample
		}
	}
	return l.inside
}

// Keep keeps what was costly to look at, for later runs: the .sample.env of an image,
// and the calendar.
func (l *Looker) Keep(image string) error {
	sample, known := l.images().samples[image]
	if !known || image == "" {
		return l.markets.Keep(l.Dir)
	}
	return errors.Join(instance.KeepSample(l.Dir, image, sample), l.markets.Keep(l.Dir))
}

// OnHost is what this machine is like, for a command that has no plan.
func (l *Looker) OnHost() *Observation {
	o := &Observation{Dir: l.Dir, Engine: l.Engine.Info()}
	o.Host = seeHost(o.Dir, o.Engine)
	return o
}
