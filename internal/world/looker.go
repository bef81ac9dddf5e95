package world

import (
	"time"

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

	inside *images
	seen   bool // Docker has this directory on its own disk
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

// KeepSample keeps the .sample.env of an image for later runs, where it was read.
func (l *Looker) KeepSample(image string) error {
	sample, known := l.images().samples[image]
	if !known || image == "" {
		return nil
	}
	return instance.KeepSample(l.Dir, image, sample)
}

// OnHost is what this machine is like, for a command that has no plan.
func (l *Looker) OnHost() *Observation {
	o := &Observation{Dir: l.Dir, Engine: l.Engine.Info()}
	o.Host = seeHost(o.Dir, o.Engine)
	return o
}
