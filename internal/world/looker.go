package world

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Looker looks at one instance and its machine. What is costly it looks at once.
type Looker struct {
	Engine  *engine.Engine
	Dir     instance.Dir
	Machine sizing.Machine
	// Resolver looks domains up; nil is the system's.
	Resolver host.Resolver
	Now      func() time.Time // nil is the clock

	samples map[string][]byte // .sample.env of the images that were looked into
	seen    bool              // Docker has this directory on its own disk
}

// IsSeen reports whether a look has shown that Docker has this directory on its
// own disk.
func (l *Looker) IsSeen() bool { return l.seen }

func (l *Looker) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}
