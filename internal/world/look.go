package world

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// Look looks at the instance, its Docker and its machine. adopt says that another
// tool's container counts as the instance's, too: it is taken over.
func (l *Looker) Look(ctx context.Context, adopt bool) (*Observation, error) {
	now := time.Now()
	if l.Now != nil {
		now = l.Now()
	}
	o := &Observation{Now: now, Dir: l.Dir, Engine: l.Engine.Info(), Machine: l.Machine, Overrides: map[string][]byte{}, Random: make([]byte, keys.Random),
		NewSalt: rand.Text(), Whose: map[string]stacks.Whose{}, Dirs: map[string]Directory{}, Envs: map[string]EnvFile{}}
	if info, err := os.Stat(string(l.Dir)); err == nil && !info.IsDir() {
		return nil, finding.Named(finding.HostNotReady, "not-a-directory", "%s is a file, not a directory. Choose another directory with --dir", string(l.Dir))
	}
	_, _ = rand.Read(o.Random) // it never fails
	var err error
	if o.EnvText, err = appfile.ReadEnv(ctx, l.Engine, l.Dir, ""); err != nil {
		return nil, err
	}
	if o.EnvText != nil {
		if o.Env, err = envfile.Parse(o.EnvText); err != nil {
			return nil, finding.Named(finding.HostNotReady, "env-unreadable", "reading %s: %w", l.Dir.Env(), err)
		}
	}
	for name, to := range map[string]*[]byte{compose.FileName: &o.ComposeText, instance.AnswersName: &o.AnswersText} {
		if *to, err = readfile.Optional(l.Dir.Path(name)); err != nil {
			return nil, finding.Named(finding.HostNotReady, "file-unreadable", "reading %s: %w", name, err)
		}
	}
	for _, name := range compose.OverrideNames {
		path := l.Dir.Path(name)
		if text, err := readfile.Optional(path); err == nil && text != nil {
			o.Override = &compose.File{Path: path, Content: text}
			o.Overrides[name] = text
		}
	}
	if o.State, err = l.Dir.LoadState(); err != nil {
		return nil, err
	}
	o.Times = downtime.Load(l.Dir)
	nameProject(o)
	if o.Project == "" {
		return nil, finding.Named(finding.Usage, "directory-name", "cannot make a project name of %s. Choose a directory whose name has letters or digits, for example /opt/openalgo", string(l.Dir))
	}
	if err := lookAtEngine(ctx, l.Engine, o); err != nil {
		return nil, err
	}
	if adopt {
		if err := o.adopt(); err != nil {
			return nil, err
		}
	}
	o.Data = dataPlaces(o)
	o.HasDB = hasEntries(o.Dir.Path("db"))
	judgeSalt(ctx, l, o)
	seeKeys(o)
	return o, nil
}

// nameProject finds the Compose project as Docker Compose would: .env, then
// the file, then the last run, then the directory's name.
func nameProject(o *Observation) {
	if o.Env != nil {
		o.FileProject, _ = o.Env.Get("COMPOSE_PROJECT_NAME")
	}
	if o.FileProject == "" {
		var file struct {
			Name string `yaml:"name"`
		}
		if yaml.Unmarshal(o.ComposeText, &file) == nil {
			o.FileProject = file.Name
		}
	}
	switch {
	case o.FileProject != "":
		o.Project = o.FileProject
	case o.State.Project != "":
		o.Project = o.State.Project
	default:
		o.Project = compose.ProjectName(string(o.Dir))
	}
}

func lookAtEngine(ctx context.Context, e Engine, o *Observation) error {
	all, err := e.Overview(ctx)
	if err != nil {
		return fmt.Errorf("looking at Docker's containers, volumes and networks: %w", err)
	}
	for _, c := range all.Containers {
		if isStack(c) || stacks.IsOpenAlgo(c) {
			seeContainer(o, c)
		}
	}
	o.Take(all.Containers)
	o.Volumes = map[string]engine.Volume{}
	for _, v := range all.Volumes {
		o.Volumes[v.Name] = v
		seeDir(o, v.Labels[stacks.LabelDir])
	}
	was := o.State.Engine
	o.ElsewhereAnswers = was.IsAnother(RefOf(o.Engine)) && AnswersAt(was.Endpoint)
	o.Networks = map[string]bool{}
	o.Host = seeHost(o.Dir, o.Engine)
	for _, name := range all.Networks {
		o.Networks[name] = true
	}
	o.Net = SeeNet(o.Engine, all.Subnets)
	return nil
}

// Take sorts Docker's containers: those of this instance, those of its
// project with the .env of another directory, those of any OpenAlgo.
func (o *Observation) Take(every []engine.Container) {
	o.Every = every
	for _, c := range every {
		if isStack(c) || stacks.IsOpenAlgo(c) {
			o.All = append(o.All, c)
		}
		switch {
		case !isStack(c) || c.Labels[compose.LabelProject] != o.Project:
		case o.Whose[c.ID] == stacks.Anothers:
			o.Strangers = append(o.Strangers, c)
		default:
			o.Containers = append(o.Containers, c)
		}
	}
	// The one that runs is the stack; a leftover of a killed run is not.
	order.By(o.Containers, func(a, b engine.Container) int { return rank(b) - rank(a) })
}

// isStack reports whether Docker Compose's labels make a container one of a stack
// as this program creates it.
func isStack(c engine.Container) bool {
	return c.Labels[compose.LabelService] == compose.Service && c.Labels["com.docker.compose.oneoff"] != "True"
}

func rank(c engine.Container) int {
	score := 0
	if c.State == "running" {
		score += 2
	}
	if c.Name == compose.ContainerName(c.Labels[compose.LabelProject]) {
		score++
	}
	return score
}

// Elsewhere is what to do where a directory holds no OpenAlgo.
func Elsewhere() []finding.Hint {
	return []finding.Hint{
		finding.Anywhere("List what is on this machine", "status"),
		{Do: "To manage an instance in another directory, add --dir to the command"},
	}
}

// adopt finds the container that mounts this directory's .env, and follows the
// project that it has.
func (o *Observation) adopt() error {
	for _, c := range o.All {
		if !o.Owns(c) && o.Here(stacks.DirOf(c)) {
			o.Containers = append(o.Containers, c)
		}
	}
	c := o.Container()
	if c != nil && stacks.EnvSource(*c) == "" {
		return withoutEnv(o.Dir, *c)
	}
	if o.Env == nil {
		return finding.Named(finding.HostNotReady, "env-missing", "there is no %s", o.Dir.Env()).With(Elsewhere()...)
	}
	if c == nil {
		return finding.Named(finding.HostNotReady, "container-missing", "there is no OpenAlgo container for %s", string(o.Dir)).With(Elsewhere()...)
	}
	if !o.Envs[stacks.EnvSource(*c)].Same {
		return finding.Named(finding.HostNotReady, "env-elsewhere", "%s does not mount %s, so its keys are somewhere else: mount that file at %s first", c.Name, o.Dir.Env(), openalgo.Env)
	}
	if project := c.Labels[compose.LabelProject]; project != "" {
		o.Project = project
	}
	return nil
}

// withoutEnv refuses a stack whose .env is in its container alone, or which has none.
func withoutEnv(dir instance.Dir, c engine.Container) error {
	return finding.Named(finding.HostNotReady, "env-in-container", "%s has no %s of this machine mounted\n\nIts settings and keys are only in the container, or come from env_file or a panel (Coolify, Portainer). "+
		"Without that file they are lost when the container is recreated.", c.Name, instance.EnvName).
		With(finding.Hint{Do: "Put its .env into the directory, mount it (in docker-compose.yaml, or in the panel: " + dir.Env() + " at " + openalgo.Env + "), recreate the container, then run the same command again",
			Shell: []string{"sudo docker cp " + c.Name + ":" + openalgo.Env + " " + dir.Env()}}).Ending(finding.Unchanged)
}
