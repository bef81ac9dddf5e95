// Package world looks at what is there: an instance's files, containers and data,
// and the machine. What it sees is data, which a plan is made from.
package world

import (
	"cmp"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	image "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// Observation is the world as a plan finds it.
type Observation struct {
	Now     time.Time
	Dir     instance.Dir
	Engine  engine.Info
	Machine sizing.Machine // whose RAM and cores count
	Host    Host
	// Of what containers and volumes name: whose each container is, by its ID, and
	// what is at each path.
	Whose map[string]stacks.Whose
	Dirs  map[string]Directory
	Envs  map[string]EnvFile
	// ElsewhereAnswers says that the Docker which the instance was installed on is
	// another one and still there.
	ElsewhereAnswers bool
	HasDB            bool           // a directory db that is not empty is here
	KeysAt           []KeyPlace     // where the keys of the data are, best first
	Archive          string         // the newest backup; "" is none
	FreePorts        map[int]bool   // of those that may be chosen; nil: nobody looked
	PortsHeld        map[int]string // who has those that are not free
	Edge             Edge
	Answered         Answered // what the plan asked
	Random           []byte   // keys.Random bytes, for keys that are made
	NewSalt          string   // for the hashes of a state that has none yet
	// TestImage is the test app's, which is made from this program.
	TestImage   string
	EnvText     []byte        // nil: there is no .env
	Env         *envfile.File // nil: there is no .env
	ComposeText []byte
	ComposeName string // of that file
	Foreign     bool   // another tool made this stack
	Override    *compose.File
	Overrides   map[string][]byte // every such file, by its name
	// What is here while a backup is restored, whose files take its place.
	PresentEnv, PresentCompose []byte
	AnswersText                []byte
	State                      instance.State
	Times                      downtime.Record    // what the last runs measured
	Calendar                   *calendar.Calendar // of the markets; nil: none was read
	Project                    string
	FileProject                string             // what docker-compose.yaml or .env calls the project, if they do
	Containers                 []engine.Container // of this instance; the first is the one that runs
	Strangers                  []engine.Container // of the same project, with the .env of another directory
	All                        []engine.Container // every container of an OpenAlgo on this Docker
	Every                      []engine.Container // and all others
	Volumes                    map[string]engine.Volume
	Networks                   map[string]bool
	Net                        Net
	Data                       []string      // where databases of this instance are: volumes, or a mounted directory
	Unread                     error         // why docker-compose.yaml could not be asked for that
	Read                       *Read         // docker-compose.yaml as it stands; nil: there is none, or it cannot be read
	Image                      *engine.Image // the image of the answers; nil: Docker has not got it
	Sample                     []byte        // that image's own .sample.env; nil: not known
	Built                      *image.Built  // the image that is built from source; nil: none is
	Runs                       *Release      // the image that runs; nil: not asked
	ImageVersion               string        // OpenAlgo's own, of image
	Made                       Made          // how the container was made that another tool made
	Use                        Use           // what OpenAlgo uses now, for a resize that takes something
	Backup                     Backup        // what a restore meets
	Kept                       *Kept         // what the last upgrade kept; nil: nobody looked
	Removable                  Removable     // what an uninstall meets
	Moved                      bool          // its tag stands for another image than the one that runs
}

// Container is the one that the stack runs as; nil when there is none.
func (o *Observation) Container() *engine.Container {
	if len(o.Containers) == 0 {
		return nil
	}
	return &o.Containers[0]
}

// Downtime is how long OpenAlgo will be down until it runs from an image; id is ""
// where that is not here yet. copies says that data is copied meanwhile.
func (o *Observation) Downtime(id, ref string, copies bool) *downtime.Estimate {
	e := o.Times.Estimate(downtime.Change{Image: id, Copies: copies, TestApp: image.IsTest(ref)})
	return &e
}

// Owns reports whether a container is one of this instance's.
func (o *Observation) Owns(c engine.Container) bool {
	return slices.ContainsFunc(o.Containers, func(own engine.Container) bool { return own.ID == c.ID })
}

// Here reports whether a directory is the instance's own.
func (o *Observation) Here(dir string) bool { return o.Dirs[dir].Here }

// Elses reports whether a directory is another one than the instance's, and has
// a .env.
func (o *Observation) Elses(dir string) bool { return o.Dirs[dir].HasEnv && !o.Dirs[dir].Here }

// MovedFrom is the directory that the container was created for, where that is
// gone and the instance is here now; "" when it was not moved.
func (o *Observation) MovedFrom() string {
	c := o.Container()
	if c == nil || o.Whose[c.ID] != stacks.Orphan {
		return ""
	}
	return stacks.DirOf(*c)
}

// PublishedBy names the container that publishes a port. Docker is asked before
// this machine: without its userland proxy nothing listens for a container.
func (o *Observation) PublishedBy(port int) string {
	for _, c := range o.Every {
		if stacks.IsUp(c) && Publishes(c, port) {
			return "the container " + c.Name
		}
	}
	return ""
}

// Publishes reports whether a container has a port of this machine.
func Publishes(c engine.Container, port int) bool {
	for _, p := range c.Ports {
		if p.HostPort == port {
			return true
		}
	}
	return false
}

// FindByMount finds the container of a stack that this program did not make:
// by the .env of the directory that it mounts, never by its name; one that runs
// before others.
func (o *Observation) FindByMount() {
	if o.Container() != nil || o.State.IsOurs() {
		return
	}
	for _, c := range o.All {
		if o.Here(stacks.DirOf(c)) && o.Whose[c.ID] == stacks.Own {
			o.Containers = append(o.Containers, c)
		}
	}
	order.By(o.Containers, func(a, b engine.Container) int { return cmp.Compare(downs(a), downs(b)) })
}

// downs is 0 for a container that is up, else 1.
func downs(c engine.Container) int {
	if stacks.IsUp(c) {
		return 0
	}
	return 1
}

// PortHolder names who has a port; "" is nobody.
func (o *Observation) PortHolder(want Port) (who string, err error) {
	if who = o.PublishedBy(want.Port); who != "" {
		return who, nil
	}
	seen, known := o.Answered.Ports[want]
	if seen.Err != nil || !known || seen.Holder.Free {
		return "", seen.Err
	}
	return seen.Holder.String(), nil
}

// OthersRunning counts the other OpenAlgo stacks that share this Docker.
func (o *Observation) OthersRunning() int {
	n := 0
	for _, c := range o.All {
		if c.State == "running" && !o.Owns(c) && (c.Labels[compose.LabelProject] == "" || c.Labels[compose.LabelProject] != o.Project) {
			n++
		}
	}
	return n
}

// StaysOn reports whether the container was made from a reference: it keeps the
// image that this stood for then.
func (o *Observation) StaysOn(ref string) bool {
	c := o.Container()
	// A container that was made while the tag moved names its image by ID.
	return c != nil && (c.Image == ref || c.Image == c.ImageID && o.State.ImageRef == ref)
}
