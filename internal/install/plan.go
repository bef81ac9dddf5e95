package install

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Kinds of a change.
const (
	KindFile      = "file"
	KindImage     = "image"
	KindNetwork   = "network"
	KindVolume    = "volume"
	KindContainer = "container"
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
	Diff   string `json:"diff,omitempty"` // unified, secrets masked
}

// Plan is what a run is going to do: data alone, and printable. Applying it
// does this and nothing else.
type Plan struct {
	Changes  []Change      `json:"changes"`
	Sizing   sizing.Sizing `json:"sizing"`
	Warnings []string      `json:"warnings"`
	// Settings and Asks are those of a resize.
	Settings []SizingLine `json:"settings,omitempty"`
	Asks     []Ask        `json:"asks,omitempty"`

	intent      Intent
	answers     answers.Answers // of the intent, with the ports that were chosen
	built       *image.Built    // the image that is built from source; nil: none is
	project     string
	env         envPlan
	fernetSalt  string // what state.json says of that key once the plan is carried out; "" as before
	command     string // "install" or "resize"
	composeName string // of the Compose file
	composeText []byte // the Compose file as it will stand
	ownCompose  bool   // it is as rendered, not a user's edit that is kept
	answersText []byte
	stack       *compose.Stack // nil: the container is copied
	copied      *copied        // how; nil: it is made from stack
	owners      []ownerChange  // what becomes the container's user's
	edge        *edgePlan      // nil: nothing of HTTPS
	imageID     string         // of the image that the container gets; "" until it is on the engine
}

// copied is a container that is made anew from the engine's own record of it.
type copied struct {
	of      engine.Container
	changes engine.Changes
}

// containerName is what the container is called in the end.
func (p *Plan) containerName() string {
	if p.copied != nil {
		return p.copied.of.Name
	}
	return p.stack.ContainerName()
}

// imageRef is the container's image by name.
func (p *Plan) imageRef() string {
	if p.copied != nil {
		return p.copied.of.Image
	}
	return p.stack.Image
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }

// change finds a change, or nil.
func (p *Plan) change(kind, name string) *Change {
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
	return p.Sizing.RAMMiB > 0 && (p.env.fresh || p.command == "resize" ||
		slices.ContainsFunc(p.env.edits, func(s setting) bool { return s.Auto }))
}

func (p *Plan) add(c Change) {
	c.Reason, c.Diff = printable.Text(c.Reason), printable.Text(c.Diff)
	p.Changes = append(p.Changes, c)
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, printable.Text(fmt.Sprintf(format, args...)))
}

// WriteText prints the plan for a person, each file with its diff.
func (p *Plan) WriteText(w io.Writer) { p.write(w, true) }

// WriteSummary prints the plan without the diffs.
func (p *Plan) WriteSummary(w io.Writer) { p.write(w, false) }

func (p *Plan) write(w io.Writer, diffs bool) {
	if p.Empty() {
		fmt.Fprintln(w, "Nothing to do.")
	} else {
		fmt.Fprintln(w, "Plan:")
	}
	for _, c := range p.Changes {
		fmt.Fprintf(w, "  %-8s  %-9s  %s\n            %s\n", c.Action, c.Kind, c.Name, c.Reason)
		if !diffs {
			continue
		}
		for line := range strings.Lines(c.Diff) {
			fmt.Fprintf(w, "            | %s", line)
		}
	}
	if len(p.Settings) > 0 {
		fmt.Fprintln(w)
		p.WriteSettings(w)
	}
	if p.Sizes() {
		fmt.Fprintf(w, "\nSizing for %s (%s figures):\n", p.Sizing.Of(), p.Sizing.Source)
		fmt.Fprintf(w, "  threads %d, shared memory %d MiB, strategy memory %d MiB, strategies: %s\n",
			p.Sizing.Threads, p.Sizing.ShmMiB, p.Sizing.StrategyMemoryMiB, p.Sizing.Strategies)
	}
	if len(p.Warnings) > 0 {
		fmt.Fprintln(w, "\nWarnings:")
	}
	for _, text := range p.Warnings {
		fmt.Fprintf(w, "  - %s\n", text)
	}
	if len(p.Asks) > 0 {
		fmt.Fprintln(w, "\nTo be confirmed:")
	}
	for _, ask := range p.Asks {
		fmt.Fprintf(w, "  - %s\n", ask.Text)
	}
}
