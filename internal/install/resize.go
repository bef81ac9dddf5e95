package install

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// ResizeOptions say what to size for and what may be overridden.
type ResizeOptions struct {
	RAMMiB, Cores int // 0: as measured
	// Instances share the machine; 0 counts those that run.
	Instances int
	// Force also changes lines of .env that the user set.
	Force bool
	// Confirm is asked before anything changes; its error ends the run.
	Confirm func(*Plan) error
}

// PlanResize works out what Resize would do, and changes nothing.
func (in *Installer) PlanResize(ctx context.Context, r ResizeOptions) (*Plan, error) {
	_, p, err := in.planResize(ctx, r)
	return p, err
}

// Resize gives a stack the sizing that is due: seven lines of .env and one
// recreated container. Nothing to do is a success.
func (in *Installer) Resize(ctx context.Context, r ResizeOptions) (event.Result, error) {
	held, err := in.takeOver(ctx)
	if err != nil {
		return event.Result{}, err
	}
	var confirmed []Ask
	if held == nil {
		_, p, err := in.planResize(ctx, r)
		if err != nil || p.Empty() {
			return in.sized(p), err
		}
		if err := r.confirm(p); err != nil {
			return event.Result{}, err
		}
		confirmed = p.Asks
		if _, err := in.work.create(); err != nil {
			return event.Result{}, finding.Errorf(finding.HostNotReady, "%w", err)
		}
		failpoint("before-lock")
		if held, err = in.work.attach(ctx, in.note); err != nil {
			return event.Result{}, err
		}
	}
	defer held.release()
	return in.logged("resize", func() (event.Result, error) { return in.resizeHeld(ctx, r, confirmed) })
}

// resizeHeld plans again, under the lock, and applies.
func (in *Installer) resizeHeld(ctx context.Context, r ResizeOptions, confirmed []Ask) (event.Result, error) {
	if err := in.recover(ctx, mustAnswer); err != nil {
		return event.Result{}, err
	}
	o, p, err := in.planResize(ctx, r)
	if err != nil || p.Empty() {
		return in.sized(p), err
	}
	if !sameAsks(p.Asks, confirmed) { // another run may have changed what is asked
		if err := r.confirm(p); err != nil {
			return event.Result{}, err
		}
	}
	in.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	run := newRun(in, o, p, false)
	if needsSetup, err := ask(ctx, in.Engine, checkOfContainer(in.Engine, *o.container())); err == nil && !needsSetup {
		run.journal.State.SetupDone = true // the new one must have the account, too
	}
	if err := run.apply(ctx); err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, URL: instanceURL(envOf(in.work.dir), *o.container()),
		Message: "OpenAlgo is ready with its new sizing (" + p.containerName() + ")"}, nil
}

func sameAsks(a, b []Ask) bool {
	return slices.EqualFunc(a, b, func(x, y Ask) bool { return x.Kind == y.Kind })
}

func (r ResizeOptions) confirm(p *Plan) error {
	if r.Confirm == nil {
		return nil
	}
	return r.Confirm(p)
}

// sized reports a plan that has nothing to do.
func (in *Installer) sized(p *Plan) event.Result {
	if p == nil {
		return event.Result{}
	}
	in.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	return event.Result{Message: "nothing to do: the sizing in force is the one that is due for " + p.Sizing.Of()}
}

func (in *Installer) planResize(ctx context.Context, r ResizeOptions) (*observed, *Plan, error) {
	o, err := in.observe(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := in.observeForeign(ctx, o); err != nil {
		return nil, nil, err
	}
	in.knowEnv(o)
	if err := in.guard(o); err != nil {
		return nil, nil, err
	}
	if o.env == nil {
		return nil, nil, finding.Errorf(finding.HostNotReady, "there is no %s, so this is not the directory of a stack: name it with --dir (`openalgo-install status` lists them)", in.work.env())
	}
	if c := o.container(); !isUp(*c) {
		return nil, nil, finding.Errorf(finding.HostNotReady, "%s is %s, and a resize proves itself by a start: `openalgo-install start` first", c.Name, c.State)
	}
	p := &Plan{Changes: []Change{}, Warnings: []string{}, project: o.project, command: "resize", composeName: o.composeName, imageID: o.container().ImageID}
	in.resizeFor(o, p, r)
	if err := in.resizeEnv(o, p, r.Force); err != nil {
		return nil, nil, err
	}
	if err := in.resizeContainer(ctx, o, p, r.Force); err != nil {
		return nil, nil, err
	}
	if p.Empty() {
		return o, p, nil
	}
	in.askForResize(ctx, o, p)
	var problems []string
	in.preflightDir(func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) })
	return o, p, finding.NotReady(problems)
}

// findByMount finds the container of a stack that this program did not make:
// by the .env of the directory that it mounts, never by its name; one that runs
// before others.
func (o *observed) findByMount(dir string, local bool) {
	if o.container() != nil || o.state.ours() {
		return
	}
	for _, c := range o.all {
		if sameFile(dirOf(c), dir) && whoseIs(c, dir, local) == own {
			o.containers = append(o.containers, c)
		}
	}
	slices.SortStableFunc(o.containers, func(a, b engine.Container) int { return cmp.Compare(downs(a), downs(b)) })
}

// downs is 0 for a container that is up, else 1.
func downs(c engine.Container) int {
	if isUp(c) {
		return 0
	}
	return 1
}

// observeForeign reads the files of a stack that this program did not make.
func (in *Installer) observeForeign(ctx context.Context, o *observed) error {
	o.composeName = compose.FileName
	o.findByMount(in.work.dir, in.Engine.Info().Local)
	c := o.container()
	if c == nil {
		return in.noContainer(o)
	}
	if o.state.ours() {
		return nil
	}
	o.foreign, o.composeText, o.composeName = true, nil, ""
	if project := c.Labels[compose.LabelProject]; project != "" {
		o.project = project
	}
	for _, path := range strings.Split(c.Labels[compose.LabelFiles], ",") {
		if path == "" || !sameFile(filepath.Dir(path), in.work.dir) {
			continue
		}
		text, err := readOptional(path)
		if err != nil {
			return finding.Errorf(finding.HostNotReady, "reading %s: %w", path, err)
		}
		if text != nil && o.composeText == nil {
			o.composeText, o.composeName = text, filepath.Base(path)
		}
	}
	return nil
}

// resizeFor computes the sizing: for the machine as it is, as the flags say,
// or as the answers of the install fixed it.
func (in *Installer) resizeFor(o *observed, p *Plan, r ResizeOptions) {
	fixed := answers.Sizing{}
	if !r.Force {
		fixed = fixedSizing(o.answersText)
	}
	if r.RAMMiB == 0 && fixed.RAMMiB != 0 || r.Cores == 0 && fixed.Cores != 0 {
		p.warn("%s fixes RAM or cores, so they were not measured: --ram and --cores say otherwise, --force measures them", answersName)
	}
	fixed.RAMMiB, fixed.Cores = cmp.Or(r.RAMMiB, fixed.RAMMiB), cmp.Or(r.Cores, fixed.Cores)
	var warnings []string
	p.Sizing, warnings = dueSizing(in.Machine, cmp.Or(r.Instances, o.othersRunning()+1), fixed)
	p.Warnings = append(p.Warnings, warnings...)
}

// fixedSizing is what the saved answers of an install fix of the sizing.
func fixedSizing(answersText []byte) answers.Sizing {
	saved, _ := answers.ParseSaved(answersText) // its sizing alone counts here
	return saved.Sizing
}

// dueSizing is what one of several instances should have on a machine.
func dueSizing(machine sizing.Machine, instances int, fixed answers.Sizing) (sizing.Sizing, []string) {
	if fixed.RAMMiB != 0 {
		machine.RAMMiB, machine.Source = fixed.RAMMiB, sizing.SourceFlag
	}
	if fixed.Cores != 0 {
		machine.Cores, machine.Source = fixed.Cores, sizing.SourceFlag
	}
	return sizing.Compute(machine, instances, sizing.Overrides{
		Threads: fixed.Threads, ShmMiB: fixed.ShmMiB, StrategyMemoryMiB: fixed.StrategyMemoryMiB,
	})
}

// resizeEnv decides the lines of .env.
func (in *Installer) resizeEnv(o *observed, p *Plan, force bool) error {
	p.Settings = sizingLines(o.env, o.state, *o.container(), p.Sizing, force)
	for _, line := range p.Settings {
		if line.Action == LineSet {
			p.env.edits = append(p.env.edits, setting{Key: line.Key, Value: secret.New(line.Due)})
		}
	}
	p.env.settings = slices.Clone(p.env.edits)
	edited, err := p.env.apply(o.env)
	if err != nil {
		return err
	}
	p.env.text = edited.Bytes()
	if p.env.changes() {
		p.add(Change{Kind: KindFile, Name: in.work.env(), Action: ActionUpdate,
			Reason: "settings changed: " + editedKeys(p.env.edits), Diff: p.env.diff(o.envText)})
	}
	return nil
}

// resizeContainer decides how the container is made anew: from the Compose
// file where the stack is ours, else as a copy of the one that runs.
func (in *Installer) resizeContainer(ctx context.Context, o *observed, p *Plan, force bool) error {
	decide := in.recreateOwn
	if o.foreign {
		decide = in.copyForeign
	}
	if err := decide(ctx, o, p, force); err != nil {
		return err
	}
	var due []string
	for _, line := range p.Settings {
		if line.changes() {
			due = append(due, line.Key)
		}
	}
	if len(due) == 0 {
		p.Changes = []Change{}
		return nil
	}
	p.add(Change{Kind: KindContainer, Name: p.containerName(), Action: ActionRecreate,
		Reason: "the sizing changes (" + strings.Join(due, ", ") + "); image, volumes, keys and ports stay"})
	return nil
}

// recreateOwn plans a container from docker-compose.yaml. A number that the
// user wrote into that file is theirs, like one in .env.
func (in *Installer) recreateOwn(ctx context.Context, o *observed, p *Plan, force bool) error {
	p.composeText = o.composeText
	if force {
		if err := in.freeLiterals(o, p, compose.Service); err != nil {
			return err
		}
	}
	var err error
	if p.stack, err = compose.Load(in.composeSource(o, p.composeText, p.env.text)); err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	spec := p.stack.Spec(p.imageID)
	made := engine.Container{Env: spec.Env, ShmBytes: spec.ShmBytes}
	for i := range p.Settings {
		line := &p.Settings[i]
		if own := inContainer(made, line.Key); line.Action == LineRecreate && own != "" && !sameSize(line.Key, own, line.inForce()) {
			line.Action, line.Reason = LineKept, "set in "+o.composeName+" by hand; --force changes it"
		}
	}
	if o.container().Labels[compose.LabelHash] != p.stack.Hash && string(p.env.text) == string(o.envText) {
		p.warn("%s was edited since the container was made; a resize, an install or `docker compose up -d` carries that out", o.composeName)
	}
	planResources(o, p)
	return nil
}

// freeLiterals plans the edit of a Compose file that has numbers of its own.
func (in *Installer) freeLiterals(o *observed, p *Plan, service string) error {
	path := filepath.Join(in.work.dir, o.composeName)
	text, found, err := compose.FreeLiterals(o.composeText, service, sizing.EnvKeys())
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "%s: %w", path, err)
	}
	p.composeText = text
	if len(found) > 0 {
		p.add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "its own numbers become ${...}, which .env fills in",
			Diff: udiff.Unified("a/"+o.composeName, "b/"+o.composeName, string(o.composeText), string(text))})
	}
	return nil
}

func (in *Installer) composeSource(o *observed, text, env []byte) compose.Source {
	src := compose.Source{Dir: in.work.dir, Env: env,
		Files: []compose.File{{Path: filepath.Join(in.work.dir, o.composeName), Content: text}}}
	if o.override != nil {
		src.Files = append(src.Files, *o.override)
	}
	return src
}

// copyForeign plans a copy of a container that another tool made, and frees
// the numbers in its Compose file, if it has one.
func (in *Installer) copyForeign(ctx context.Context, o *observed, p *Plan, _ bool) error {
	c := o.container()
	p.copied = &copied{of: *c, changes: engine.Changes{Env: map[string]string{}, Labels: map[string]string{}}}
	want := map[string]string{}
	for _, line := range p.Settings {
		want[line.Key] = line.inForce()
	}
	if o.composeText == nil {
		for _, v := range p.Sizing.Env() {
			if v.Key != shmKey {
				p.copied.changes.Env[v.Key] = want[v.Key]
			}
		}
		p.copied.changes.ShmBytes = shmBytes(want[shmKey])
		return nil
	}
	service := c.Labels[compose.LabelService]
	if err := in.freeLiterals(o, p, service); err != nil {
		return err
	}
	before, err := compose.Glance(in.composeSource(o, o.composeText, o.envText), service)
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	after, err := compose.Glance(in.composeSource(o, p.composeText, p.env.text), service)
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	for _, key := range sizing.EnvKeys() {
		if value, ok := after.Env[key]; ok {
			p.copied.changes.Env[key] = value
		}
	}
	p.copied.changes.ShmBytes = after.ShmBytes
	if after.ShmBytes == 0 {
		p.warn("%s sets no shm_size, so shared memory stays as it is: add `shm_size: ${SHM_SIZE:-512m}` to the service", o.composeName)
	}
	if c.Labels[compose.LabelHash] == before.Hash {
		p.copied.changes.Labels[compose.LabelHash] = after.Hash
	} else {
		p.warn("%s is not what the container was made from: the next `docker compose up -d` makes it anew once more", o.composeName)
	}
	return nil
}
