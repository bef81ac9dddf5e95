package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/linediff"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Draft begins a plan: from what a command wants and the world as observed, it
// decides the files and the image. What else a plan needs to know of the machine
// depends on them. Nothing is changed.
func Draft(o *world.Observation, i Intent) (*Plan, error) {
	if i.Resizes() {
		return draftResize(o, i)
	}
	p := begun(o, i)
	p.Warn(append(i.Answers.Warnings(), ports.Moved(o, i.Answers)...)...)
	p.Answers, p.ComposeName, p.Built = settings.WithKept(i.Answers, o.Env), compose.FileName, o.Built
	if err := guard.Data(o, guarded(i)); err != nil {
		return nil, err
	}
	sized := planSizing(o, p)
	if err := planFiles(o, p); err != nil {
		return nil, err
	}
	p.Warn(settings.Concerning(sized, p.Env.Writes)...)
	warnings, err := i.Env.CheckDatabases(p.Stack.Spec("").Mounts)
	if err != nil {
		return nil, err
	}
	p.Warn(warnings...)
	planImage(o, p)
	return p, nil
}

// guarded is what a guard must know of an intent.
func guarded(i Intent) guard.Change {
	return guard.Change{Adopts: i.Adopts(), Recreates: i.Command == CommandInstall || i.Command == CommandStart}
}

// Finish decides the rest, once what the draft asks is answered.
func (p *Plan) Finish(o *world.Observation) error {
	if p.Intent.Resizes() {
		return finishResize(o, p)
	}
	planResources(o, p)
	addDirectories(o, p)
	if err := addOwners(o, p); err != nil {
		return err
	}
	planContainer(o, p)
	planDropped(o, p)
	if err := planEdge(o, p); err != nil {
		return err
	}
	if o.Image == nil && p.Env.Fresh && o.Sample == nil && p.Answers.Image.Source != "rehearsal" {
		p.Warn(finding.Warn("image-not-here", "Docker does not have the image yet. The image's own .sample.env may add settings to the .env shown here"))
	}
	expectDowntime(o, p)
	planAsks(o, p)
	planUpgrade(o, p)
	if err := planRestore(o, p); err != nil {
		return err
	}
	if err := Preflight(o, p); err != nil {
		return err
	}
	return addSteps(o, p)
}

// planSizing applies the table to this machine, or to Docker's when that is
// another one, shared among the instances.
func planSizing(o *world.Observation, p *Plan) (warnings finding.Warnings) {
	p.Sizing, warnings = settings.DueSizing(o.Machine, max(o.OthersRunning()+1, p.Intent.Instances), p.Answers.Sizing)
	return warnings
}

func planFiles(o *world.Observation, p *Plan) error {
	i := p.Intent
	edit, mode := i.Env, settings.Ours
	if i.Adopts() {
		mode = settings.Adopted
	}
	if i.Restores() {
		edit = i.Backup.edits(o)
	}
	if i.Restores() && !i.Backup.Exact {
		mode = settings.OfBackup
	}
	var warnings finding.Warnings
	var err error
	listing, told := settings.Listing(p.Answers, o.Env, o.Sample, o.Image != nil)
	p.Warn(told...)
	wanted := slices.Concat(listing, settings.Of(p.Answers, p.Sizing, o.Env == nil), sourceSettings(o, i),
		settings.Cookies(p.Answers, o.Project, o.Env == nil || i.Restores() && !i.Backup.Same))
	p.Env, warnings, err = settings.Decide(settings.Situation{Current: o.Env, Sample: o.Sample, Last: o.State,
		DataMayExist: len(o.Data) > 0 || settings.DataElsewhere(o.Env) || i.Restores(), Mode: mode, Random: o.Random}, wanted, edit)
	if settings.LostKeys(err) {
		return finding.Named(finding.HostNotReady, "keys", "%w.\nLook for the .env in %s or in your backups. Restore that line, then run the same command again",
			err, o.Dir.KeptPath(""))
	}
	if err != nil {
		return err
	}
	p.Env.Replaces = o.PresentEnv
	p.FernetSalt = settings.SaltAfter(o.State, o.Sample)
	p.Warn(i.Env.Unknown(o.Env, o.Sample)...)
	for _, question := range i.Env.Misspelt(o.Env, o.Sample) {
		p.Asks = append(p.Asks, Ask{AskSetting, question})
	}
	p.Warn(warnings...)
	file, err := envfile.Parse(p.Env.Text)
	if err != nil {
		return fmt.Errorf("reading the planned .env: %w", err)
	}
	warnings, err = settings.Check(file, o.Sample, p.Env.Fresh, p.Env.Resalts || !settings.NamesSalt(o.Sample))
	p.Warn(warnings...)
	if err != nil {
		return err
	}
	if p.Env.Changes() {
		action, reason := ActionUpdate, "settings changed: "+settings.Names(p.Env.Edits)
		if len(p.Env.Edits) == 0 {
			reason = "only comments or the order of lines change"
		}
		if p.Env.Fresh {
			action, reason = ActionCreate, "OpenAlgo's settings: encryption keys, broker and sizing; only root and OpenAlgo can read it"
			if o.Engine.Rootless {
				reason = "OpenAlgo's settings: encryption keys, broker and sizing; only you and OpenAlgo can read it"
			}
		}
		before := o.EnvText
		if i.Restores() {
			before, reason = o.PresentEnv, "as it was then, keys included"
			if len(before) == 0 {
				action = ActionCreate
			}
		}
		p.Add(Change{Kind: KindFile, Name: o.Dir.Env(), Action: action, Reason: reason, Diff: p.Env.Diff(before)})
	}
	if err := planCompose(o, p); err != nil {
		return err
	}
	return planAnswers(o, p)
}

// sourceSettings are those that say which source the image was built from.
func sourceSettings(o *world.Observation, i Intent) []settings.Setting {
	switch {
	case i.Image.Keep != nil:
		return nil
	case o.Built == nil:
		return settings.FromSource("", "", o.State)
	}
	return settings.FromSource(o.Built.Branch, o.Built.Commit, o.State)
}

func planAnswers(o *world.Observation, p *Plan) error {
	text, err := p.Answers.Public()
	if err != nil {
		return fmt.Errorf("writing the answers: %w", err)
	}
	p.AnswersText = text
	action := ActionUpdate
	switch {
	case string(o.AnswersText) == string(text):
		return nil
	case o.AnswersText == nil:
		action = ActionCreate
	}
	p.Add(Change{Kind: KindFile, Name: o.Dir.Path(instance.AnswersName), Action: action,
		Reason: "your answers, without the secrets",
		Diff:   linediff.Unified("a/"+instance.AnswersName, "b/"+instance.AnswersName, string(o.AnswersText), string(text), linediff.Context)})
	return nil
}

func planImage(o *world.Observation, p *Plan) {
	if o.Image != nil {
		p.ImageID = o.Image.ID
		return
	}
	if c := o.Container(); c != nil && c.Image == p.Stack.Image && p.Answers.Image.Source != "rehearsal" {
		p.ImageID = c.ImageID // the tag is gone, the container still runs from it
		return
	}
	reason := "pull it from its registry"
	switch {
	case p.Answers.Image.Source == "rehearsal":
		reason = "the test app, made from openalgo-install itself"
	case o.Built != nil:
		reason = o.Built.Origin()
	}
	p.Add(Change{Kind: KindImage, Name: p.Stack.Image, Action: ActionCreate, Reason: reason})
}

func planContainer(o *world.Observation, p *Plan) {
	c := o.Container()
	name := p.Stack.ContainerName()
	if c == nil {
		p.Add(Change{Kind: KindContainer, Name: name, Action: ActionCreate, Reason: "runs OpenAlgo"})
		return
	}
	if p.ImageID != "" && !p.Intent.Image.Moves && o.StaysOn(p.Stack.Image) && p.Change(KindImage, p.Stack.Image) == nil {
		if o.Moved || c.ImageID != p.ImageID {
			p.Warn(finding.Warn("tag-moved", "the tag %s now means another image. The container keeps its current image", p.Stack.Image))
		}
		p.ImageID = c.ImageID
	}
	reasons := recreateReasons(c, p)
	if p.Intent.Restores() {
		reasons = append(reasons, "restored data")
	}
	if len(reasons) > 0 {
		p.Add(Change{Kind: KindContainer, Name: name, Action: ActionRecreate, Reason: strings.Join(reasons, "; ")})
	} else if c.State != "running" {
		p.Add(Change{Kind: KindContainer, Name: name, Action: ActionUpdate, Reason: "it is " + c.State + ": start it"})
	}
}

// planAsks adds the question of a change that is not an install: whether it
// may happen now.
func planAsks(o *world.Observation, p *Plan) {
	c := p.Change(KindContainer, p.ContainerName())
	if text := guard.Exposed(o, p.Stack); text != "" && !p.Intent.Rehearsal {
		p.Asks = append(p.Asks, Ask{AskExposed, text})
	}
	if from := o.MovedFrom(); from != "" && c != nil {
		p.Asks = append(p.Asks, Ask{AskMoved, fmt.Sprintf("you moved %s here from %s. The container is recreated for this directory, and OpenAlgo stops for some seconds. "+
			"The previous container cannot start again", string(o.Dir), from)})
	}
	if p.Command == CommandInstall || o.Env == nil {
		return
	}
	if p.Downtime != nil {
		askForMarket(o, p)
	}
}

func recreateReasons(c *docker.Container, p *Plan) []string {
	var reasons []string
	if p.Env.Changes() {
		reasons = append(reasons, "restarts OpenAlgo with the new settings")
	}
	if p.ImageID != c.ImageID {
		reasons = append(reasons, "another image")
	}
	spec := p.Stack.Spec(p.ImageID)
	if c.Labels[compose.LabelHash] != p.Stack.Hash {
		reasons = append(reasons, "its configuration differs"+stacks.Differences(*c, spec))
	} else if other := stacks.OtherVolumes(*c, spec); len(other) > 0 {
		// The hash has a volume's key in the file, not its name.
		reasons = append(reasons, "other volumes ("+strings.Join(other, ", ")+")")
	}
	if c.Name != p.Stack.ContainerName() {
		reasons = append(reasons, "it is called "+c.Name)
	}
	return reasons
}
