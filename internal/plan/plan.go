// Package plan decides what a command does, from what it wants and what was
// observed. It does no I/O: its functions give the same plan for the same values.
package plan

import (
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/downtime"
	edge "github.com/marketcalls/openalgo-install/internal/edge/spec"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	image "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Kinds of a change.
const (
	KindFile      = "file"
	KindImage     = "image"
	KindNetwork   = "network"
	KindVolume    = "volume"
	KindContainer = "container"
	KindSchedule  = "schedule" // of the daily backup
	KindSwap      = "swap"     // file of the machine
)

// Actions of a change.
const (
	ActionCreate   = "create"
	ActionUpdate   = "update"
	ActionRecreate = "recreate"
	ActionRemove   = "remove"
)

// Change is one thing that a plan makes, alters or removes.
type Change struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Action string `json:"action"`
	Reason string `json:"reason"`
	Diff   string `json:"diff,omitempty"`  // unified, secrets masked
	Bytes  int64  `json:"bytes,omitempty"` // that become free at most
}

// Plan is what a run is going to do: data alone, and printable. Applying it
// does this and nothing else.
type Plan struct {
	Changes []Change      `json:"changes"`
	Sizing  sizing.Sizing `json:"sizing"`
	finding.Told
	// Settings and Asks are those of a resize.
	Settings []settings.SizingLine `json:"settings,omitempty"`
	Asks     []Ask                 `json:"asks,omitempty"`
	// Downtime is how long OpenAlgo will be down; nil: it will not, or for good.
	Downtime *downtime.Estimate `json:"downtime,omitempty"`

	dir instance.Dir // the instance
	// Stays is the container, where it is only stopped or started.
	Stays *docker.Container `json:"-"`
	// Removal is what an uninstall keeps; nil: it is none.
	Removal *Removal `json:"-"`

	Intent      Intent          `json:"-"`
	Answers     answers.Answers `json:"-"` // of the intent, with the ports that were chosen
	Built       *image.Built    `json:"-"` // the image that is built from source; nil: none is
	Project     string          `json:"-"`
	Env         settings.Env    `json:"-"`
	FernetSalt  string          `json:"-"` // what state.json says of that key once the plan is carried out; "" as before
	Command     string          `json:"-"` // what the run is called
	ComposeName string          `json:"-"` // of the Compose file
	ComposeText []byte          `json:"-"` // the Compose file as it will stand
	OwnCompose  bool            `json:"-"` // it is as rendered, not a user's edit that is kept
	AnswersText []byte          `json:"-"`
	Stack       *compose.Stack  `json:"-"` // nil: the container is copied
	Copied      *copied         `json:"-"` // how; nil: it is made from stack
	Owners      []world.Owner   `json:"-"` // what becomes the container's user's
	Edge        *EdgePlan       `json:"-"` // nil: nothing of HTTPS
	ImageID     string          `json:"-"` // of the image that the container gets; "" until Docker has it

	// Steps carry the plan out, each of which can be undone; Commit is only ever
	// completed.
	Steps  []run.Part `json:"-"`
	Commit []run.Step `json:"-"`
}

// begun is a plan for a command, with nothing in it yet.
//
//go:noinline
func begun(o *world.Observation, i Intent) *Plan {
	return &Plan{Changes: []Change{}, Told: finding.TellIn(string(o.Dir)), Intent: i, Project: o.Project, Command: i.Command, dir: o.Dir}
}

// copied is a container that is recreated from Docker's own record of it.
type copied struct {
	Of      docker.Container
	Changes docker.Changes
}

// Removal is what an uninstall leaves.
type Removal struct {
	Kept []string
	// Startable says that `start` recreates the container.
	Startable bool
	volumes   []string
}

// ContainerName is what the container is called in the end.
func (p *Plan) ContainerName() string {
	if p.Copied != nil {
		return p.Copied.Of.Name
	}
	return p.Stack.ContainerName()
}

// ImageRef is the container's image by name.
func (p *Plan) ImageRef() string {
	if p.Copied != nil {
		return p.Copied.Of.Image
	}
	return p.Stack.Image
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }

// Change finds a change, or nil.
func (p *Plan) Change(kind, name string) *Change {
	for i := range p.Changes {
		if p.Changes[i].Kind == kind && p.Changes[i].Name == name {
			return &p.Changes[i]
		}
	}
	return nil
}

// Sizes reports whether the plan gives the stack its size: a .env that is there
// keeps what it says, until a resize.
func (p *Plan) Sizes() bool {
	return p.Sizing.RAMMiB > 0 && (p.Env.Fresh || p.Command == "resize" ||
		slices.ContainsFunc(p.Env.Edits, func(s settings.Setting) bool { return s.Auto }))
}

// Add adds a change, fit to be shown.
func (p *Plan) Add(c Change) {
	c.Reason, c.Diff = printable.Text(c.Reason), printable.Text(c.Diff)
	p.Changes = append(p.Changes, c)
}

// WantedImage is the image that a plan needs.
func (p *Plan) WantedImage() image.Want {
	return image.Want{Ref: p.Stack.Image, Test: p.Answers.Image.Source == "rehearsal", Built: p.Built, Project: p.Project}
}

// builds reports whether the plan's image is one to build here and now.
func (p *Plan) builds() bool { return p.WantedImage().IsBuilt() }

// Why a plan needs a yes.
const (
	AskMarket  = "market"  // trading goes on
	AskDown    = "down"    // the stack gets less than it had
	AskReplace = "replace" // a restore replaces data
	AskMoved   = "moved"   // the directory was moved
	AskSetting = "setting" // a setting is most likely misspelt
	AskExposed = "exposed" // plain HTTP is opened to the network
	AskOwners  = "owners"  // directories get another owner
	AskRights  = "rights"  // a backup gives the container rights on the machine
	AskRemove  = "remove"  // something is removed for good
)

// Ask is a question that a plan puts before it is carried out.
type Ask struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// EdgePlan is the part of a plan that concerns HTTPS.
type EdgePlan struct {
	world.Way
	Files  []edge.File // to be written before the old container stops
	Shared []edge.File // what all sites have in common
	Trial  string      // certificate authority to ask for a trial first; "" is none
	Pull   string
	Steps  []run.Step // that close or open the site, before it is served
	// Of the domain that is no longer served: done once all else is.
	Gone     []edge.File
	GoneFrom instance.Edge
}

// What is what serves HTTPS, for messages: nginx, or the project of the Caddy.
func (e *EdgePlan) What() string {
	if e.State.Kind == edge.KindNginx {
		return "nginx"
	}
	return compose.ProjectName(e.State.Dir)
}
