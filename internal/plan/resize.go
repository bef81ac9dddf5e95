package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/linediff"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// draftResize begins the plan of the sizing that is due: lines of .env, and a
// recreated container.
func draftResize(o *world.Observation, i Intent) (*Plan, error) {
	if err := guard.All(o); err != nil {
		return nil, err
	}
	if o.Env == nil {
		return nil, finding.Named(finding.HostNotReady, "env-missing", "there is no %s, so this is not the directory of an instance", o.Dir.Env()).With(world.Elsewhere()...)
	}
	if c := o.Container(); !stacks.IsUp(*c) {
		return nil, guard.NotRunning(c.Name, c.State, "a resize")
	}
	p := begun(o, i)
	p.ComposeName, p.ImageID = o.ComposeName, o.Container().ImageID
	sized := resizeFor(o, p)
	if err := resizeEnv(o, p); err != nil {
		return nil, err
	}
	err := resizeContainer(o, p)
	p.Warn(settings.Concerning(sized, func(key string) bool { return settings.Rewrites(p.Settings, key) })...)
	return p, err
}

// finishResize decides the rest, once it is known what OpenAlgo uses where the
// draft takes something from it.
func finishResize(o *world.Observation, p *Plan) error {
	if p.Empty() {
		return nil
	}
	expectDowntime(o, p)
	askForResize(o, p)
	var ps preflight.Problems
	preflight.Dir(o, &ps)
	if err := finding.NotReady(ps); err != nil {
		return err
	}
	return addSteps(o, p)
}

// resizeFor computes the sizing: for the machine as it is, as the flags say,
// or as the answers of the install fixed it.
func resizeFor(o *world.Observation, p *Plan) (warnings finding.Warnings) {
	s := p.Intent.Size
	fixed := answers.Sizing{}
	if s.Rule != DueForced {
		fixed = settings.FixedSizing(o.AnswersText)
	}
	if s.RAMMiB == 0 && fixed.RAMMiB != 0 || s.Cores == 0 && fixed.Cores != 0 {
		p.Warn(finding.Warn("sizing-fixed", "%s sets RAM or cores, so they were not measured. To use other values, add --ram and --cores. To measure, add --force", instance.AnswersName))
	}
	fixed.RAMMiB, fixed.Cores = cmp.Or(s.RAMMiB, fixed.RAMMiB), cmp.Or(s.Cores, fixed.Cores)
	p.Sizing, warnings = settings.DueSizing(o.Machine, cmp.Or(p.Intent.Instances, o.OthersRunning()+1), fixed)
	return warnings
}

// resizeEnv decides the lines of .env.
func resizeEnv(o *world.Observation, p *Plan) error {
	p.Settings = settings.SizingLines(o.Env, o.State, *o.Container(), p.Sizing, p.Intent.Size.Rule == DueForced)
	for _, line := range p.Settings {
		if line.Action == settings.LineSet {
			p.Env.Edits = append(p.Env.Edits, settings.Setting{Key: line.Key, Value: secret.New(line.Due)})
		}
	}
	p.Env.Settings = slices.Clone(p.Env.Edits)
	var err error
	if p.Env.Text, err = p.Env.Edit(o.Env.Bytes()); err != nil {
		return err
	}
	if p.Env.Changes() {
		p.Add(Change{Kind: KindFile, Name: o.Dir.Env(), Action: ActionUpdate,
			Reason: "settings changed: " + settings.Names(p.Env.Edits), Diff: p.Env.Diff(o.EnvText)})
	}
	return nil
}

// resizeContainer decides how the container is recreated: from the Compose
// file where the stack is ours, else as a copy of the one that runs.
func resizeContainer(o *world.Observation, p *Plan) error {
	decide := recreateOwn
	if o.Foreign {
		decide = copyForeign
	}
	if err := decide(o, p); err != nil {
		return err
	}
	var due []string
	for _, line := range p.Settings {
		if line.Changes() {
			due = append(due, line.Key)
		}
	}
	if len(due) == 0 {
		p.Changes = []Change{}
		return nil
	}
	p.Add(Change{Kind: KindContainer, Name: p.ContainerName(), Action: ActionRecreate,
		Reason: "the sizing changes (" + strings.Join(due, ", ") + "); image, volumes, keys and ports stay"})
	return nil
}

// recreateOwn plans a container from docker-compose.yaml. A number that the
// user wrote into that file is theirs, like one in .env.
func recreateOwn(o *world.Observation, p *Plan) error {
	p.ComposeText = o.ComposeText
	if p.Intent.Size.Rule == DueForced {
		if err := freeLiterals(o, p, compose.Service); err != nil {
			return err
		}
	}
	var err error
	if p.Stack, err = o.Read.Load(composeSource(o, p.ComposeText, p.Env.Text)); err != nil {
		return finding.Named(finding.HostNotReady, "compose-unusable", "%w", err)
	}
	spec := p.Stack.Spec(p.ImageID)
	made := docker.Container{Env: spec.Env, ShmBytes: spec.Host.ShmSize}
	for i := range p.Settings {
		line := &p.Settings[i]
		if own := settings.InContainer(made, line.Key); line.Action == settings.LineRecreate && own != "" && !settings.SameSize(line.Key, own, line.InForce()) {
			line.Action, line.Reason = settings.LineKept, "you set it in "+o.ComposeName+" by hand; --force changes it"
		}
	}
	if o.Container().Labels[compose.LabelHash] != p.Stack.Hash && string(p.Env.Text) == string(o.EnvText) {
		p.Warn(finding.Warn("compose-newer", "you edited %s after the container was created. A resize, an install or `docker compose up -d` applies the change", o.ComposeName))
	}
	planResources(o, p)
	return nil
}

// freeLiterals plans the edit of a Compose file that has numbers of its own.
func freeLiterals(o *world.Observation, p *Plan, service string) error {
	path := o.Dir.Path(o.ComposeName)
	text, found, err := compose.FreeLiterals(o.ComposeText, service, sizing.EnvKeys())
	if err != nil {
		return finding.Named(finding.HostNotReady, "compose-unusable", "%s: %w", path, err)
	}
	p.ComposeText = text
	if len(found) > 0 {
		p.Add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "replace numbers by ${...}, so that .env sets them",
			Diff: linediff.Unified("a/"+o.ComposeName, "b/"+o.ComposeName, string(o.ComposeText), string(text), linediff.Context)})
	}
	return nil
}

func composeSource(o *world.Observation, text, env []byte) compose.Source {
	src := compose.Source{Dir: string(o.Dir), Env: env,
		Files: []compose.File{{Path: o.Dir.Path(o.ComposeName), Content: text}}}
	if o.Override != nil {
		src.Files = append(src.Files, *o.Override)
	}
	return src
}

// copyForeign plans a copy of a container that another tool made, and frees
// the numbers in its Compose file, if it has one.
func copyForeign(o *world.Observation, p *Plan) error {
	c := o.Container()
	p.Copied = &copied{Of: *c, Changes: docker.Changes{Env: map[string]string{}, Labels: map[string]string{}}}
	want := map[string]string{}
	for _, line := range p.Settings {
		want[line.Key] = line.InForce()
	}
	if o.ComposeText == nil {
		for _, v := range p.Sizing.Env() {
			if v.Key != settings.ShmKey {
				p.Copied.Changes.Env[v.Key] = want[v.Key]
			}
		}
		p.Copied.Changes.ShmBytes = settings.ShmBytes(want[settings.ShmKey])
		return nil
	}
	service := c.Labels[compose.LabelService]
	if err := freeLiterals(o, p, service); err != nil {
		return err
	}
	before, err := compose.Glance(composeSource(o, o.ComposeText, o.EnvText), service)
	if err != nil {
		return finding.Named(finding.HostNotReady, "compose-unusable", "%w", err)
	}
	after, err := compose.Glance(composeSource(o, p.ComposeText, p.Env.Text), service)
	if err != nil {
		return finding.Named(finding.HostNotReady, "compose-unusable", "%w", err)
	}
	for _, key := range sizing.EnvKeys() {
		if value, ok := after.Env[key]; ok {
			p.Copied.Changes.Env[key] = value
		}
	}
	p.Copied.Changes.ShmBytes = after.ShmBytes
	if after.ShmBytes == 0 {
		p.Warn(finding.Warn("shm-not-set", "%s has no shm_size, so shared memory stays the same. To change it, add `shm_size: ${SHM_SIZE:-512m}` to the service", o.ComposeName))
	}
	if c.Labels[compose.LabelHash] == before.Hash {
		p.Copied.Changes.Labels[compose.LabelHash] = after.Hash
	} else {
		p.Warn(finding.Warn("compose-newer", "%s changed after the container was created. The next `docker compose up -d` recreates it", o.ComposeName))
	}
	return nil
}
