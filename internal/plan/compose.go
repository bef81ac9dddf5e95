package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/linediff"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planCompose renders docker-compose.yaml and decides between that and what a
// user made of it: an edit is kept, and carried out whole or refused.
func planCompose(o *world.Observation, p *Plan) error {
	rendered := compose.Render(compose.Params{
		Project: o.Project, Container: compose.ContainerName(o.Project), Image: ImageRef(o, p.Intent),
		Bind: p.Answers.Ports.Bind, WebPort: p.Answers.Ports.Web, WebSocketPort: p.Answers.Ports.WebSocket,
		Command: commandOf(o, p), SELinux: o.Engine.SELinux, OwnHealth: ownHealth(o, p.Intent), AsRoot: runsAsRoot(o),
		BindData: p.Answers.Volumes == "bind", Data: p.Answers.Data, Bytecode: !bringsBytecode(o, p.Intent),
	})
	p.ComposeText, p.OwnCompose = rendered, true
	path := o.Dir.Path(compose.FileName)
	onDisk, last := settings.Sum(o.ComposeText), o.State.ComposeSHA256
	earlier := slices.ContainsFunc(compose.Earlier(rendered), func(text []byte) bool { return last == settings.Sum(text) })
	diff := linediff.Unified("a/"+compose.FileName, "b/"+compose.FileName, string(o.ComposeText), string(rendered), linediff.Context)
	switch {
	case o.ComposeText == nil:
		p.Add(Change{Kind: KindFile, Name: path, Action: ActionCreate, Reason: "how Docker runs OpenAlgo", Diff: diff})
	case p.Intent.Adopts():
		p.Add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "rewritten; the previous version is kept in " + o.Dir.KeptPath(""), Diff: diff})
	case onDisk == settings.Sum(rendered):
	case onDisk == last && earlier && !recreatesAnyway(p):
		p.ComposeText = o.ComposeText
	case onDisk == last && earlier:
		p.Add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "this version of openalgo-install improves it: fewer rights, faster starts", Diff: diff})
	case onDisk == last:
		p.Add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "the answers changed", Diff: diff})
	case last == settings.Sum(rendered) || earlier || last == "":
		p.ComposeText, p.OwnCompose = o.ComposeText, false
		p.Warn(finding.Warn("compose-kept", "you edited %s by hand. openalgo-install uses it unchanged", path))
	default:
		return finding.Named(finding.HostNotReady, "compose-edited", "you edited %s by hand, so openalgo-install does not change it. But your answers changed. "+
			"Make the change below yourself, or move the file away to get a new one:\n%s", path, diff)
	}
	files := []compose.File{{Path: path, Content: p.ComposeText}}
	if o.Override != nil {
		files = append(files, *o.Override)
	}
	var err error
	p.Stack, err = o.Read.Load(compose.Source{Dir: string(o.Dir), Files: files, Env: p.Env.Text})
	if err != nil {
		return finding.Named(finding.HostNotReady, "compose-unusable", "%w", err)
	}
	if p.OwnCompose && p.Intent.Data != ToVolumes {
		if err := guard.Place(o, p.Stack); err != nil {
			return err
		}
	}
	if !p.OwnCompose && last == "" {
		if err := sameAsAsked(o, p, path); err != nil {
			return err
		}
	}
	if p.Stack.Project != o.Project {
		return finding.Named(finding.HostNotReady, "project-renamed", "%s names the project %q, but the project of this directory is %q. Write `name: %s` in it", path, p.Stack.Project, o.Project, o.Project)
	}
	return nil
}

// commandOf is what the container runs; nil is the image's own command, which stays
// where it is not OpenAlgo's. A domain leads to OpenAlgo from everywhere.
func commandOf(o *world.Observation, p *Plan) []string {
	image := o.Image
	if p.Answers.Domain != "" || image != nil && !image.Starts(openalgo.Start) {
		return nil
	}
	return compose.Command(p.Answers.Ports.Web, p.Answers.Ports.WebSocket)
}

// runsAsRoot reports whether the image runs as root, which OpenAlgo's own does
// not.
func runsAsRoot(o *world.Observation) bool {
	user := strconv.Itoa(openalgo.User)
	if o.Image != nil {
		user = o.Image.User
	} else if c := o.Container(); c != nil {
		user = c.User
	}
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "0" || name == "root"
}

// recreatesAnyway reports whether the container is recreated for another reason
// than its Compose file. A change that only a new version of this program writes
// there waits for that: it is not worth an outage.
func recreatesAnyway(p *Plan) bool {
	return p.Env.Changes() || p.Intent.Upgrades() || p.Intent.Restores()
}

// ownHealth reports whether the image has our start.sh.
func ownHealth(o *world.Observation, i Intent) bool {
	if i.Image.Keep != nil {
		return i.Image.Keep.OwnHealth
	}
	return o.Built != nil && o.Built.IsOurs()
}

// bringsBytecode reports whether the image has the bytecode of its code: one that was
// built with our start.sh, or that says so. The test app has no Python.
func bringsBytecode(o *world.Observation, i Intent) bool {
	labels := map[string]string{}
	if o.Image != nil {
		labels = o.Image.Labels
	} else if c := o.Container(); c != nil {
		labels = c.Labels
	}
	return ownHealth(o, i) || labels[openalgo.LabelBytecode] == "1" || i.Answers.Image.Source == "rehearsal"
}

// sameAsAsked refuses answers that a docker-compose.yaml of unknown origin
// does not carry out: it is kept as it stands, so they would be ignored.
func sameAsAsked(o *world.Observation, p *Plan, path string) error {
	var other []string
	if want := ImageRef(o, p.Intent); p.Stack.Image != want {
		other = append(other, fmt.Sprintf("image %s (your answers: %s)", p.Stack.Image, want))
	}
	for inside, want := range map[int]int{openalgo.WebPort: p.Answers.Ports.Web, openalgo.WebSocketPort: p.Answers.Ports.WebSocket} {
		if _, have := p.Stack.Published(inside); have != want {
			other = append(other, fmt.Sprintf("port %d (your answers: %d)", have, want))
		}
	}
	if len(other) == 0 {
		return nil
	}
	slices.Sort(other)
	return finding.Named(finding.HostNotReady, "compose-foreign", "openalgo-install did not write %s, and it differs from your answers: %s. "+
		"Change your answers to match, or move the file away to get a new one", path, strings.Join(other, "; "))
}

// ImageRef is the reference that docker-compose.yaml names.
func ImageRef(o *world.Observation, i Intent) string {
	switch {
	case i.Image.Keep != nil:
		return i.Image.Keep.Ref
	case i.Answers.Image.Source == "rehearsal":
		return o.TestImage
	case o.Built != nil:
		return o.Built.Ref
	}
	return i.Answers.Image.Ref
}
