// Package live keeps looking at every OpenAlgo of a machine: whether it is ready,
// what it uses, and, less often, what changes seldom. Nobody who asks it waits: a
// Snapshot is what was seen last, however long Docker takes to answer.
package live

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/status"
)

// State is how an instance is.
type State string

// The states.
const (
	Checking    State = "checking" // it runs, and was not asked yet
	Ready       State = "ready"
	Starting    State = "starting"
	NotReady    State = "not ready"
	Stopped     State = "stopped"
	Frozen      State = "frozen"
	NoContainer State = "no container"
)

// Instance is one OpenAlgo, as it was seen last.
type Instance struct {
	Name, Dir string
	ID        string // the container's; "": it has none
	State     State
	Reason    string    // why it is not ready
	Since     time.Time // when it was started; zero: it does not run
	URL       string
	// Redirect is the address to register at the broker.
	Redirect string
	Broker   string // its id; "" is not known
	Crypto   bool   // its market never closes
	Load     Load
	// Status is what changes seldom; nil: it was not looked at yet.
	Status *status.Instance
	// NewerImage says that the registry has another image under the same name.
	NewerImage bool
	Ours       bool // this program installed or adopted it
	Problems   []Problem
}

// Problem is something to act on. Fix is the command that helps; nil: doctor says
// more.
type Problem struct {
	ID   string   `json:"id"`
	Text string   `json:"text"`
	Bad  bool     `json:"bad"` // it does not work now
	Fix  []string `json:"fix,omitempty"`
}

// Snapshot is everything that was seen last.
type Snapshot struct {
	Instances []Instance
	Public    string // this machine's public address; "" is not known
	Watch     string // whether the watch is on; "" is not known
	Cores     int
	Disk      Disk
	// Trouble says why Docker was not asked successfully since Silent.
	Trouble string
	Silent  time.Time
	// Broken is an error of this program itself; "": there was none.
	Broken string
}

// Disk is the room where the instances are.
type Disk struct{ FreeMiB, TotalMiB int }

// Used is the part that is taken, in percent.
func (d Disk) Used() float64 {
	if d.TotalMiB <= 0 {
		return 0
	}
	return 100 - 100*float64(d.FreeMiB)/float64(d.TotalMiB)
}
