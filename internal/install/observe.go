package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// overrideNames are the files that Docker Compose merges by itself.
var overrideNames = []string{"docker-compose.override.yaml", "docker-compose.override.yml"}

// rivalNames are the files that Docker Compose would read instead of ours.
var rivalNames = []string{"compose.yaml", "compose.yml", "docker-compose.yml"}

// observed is the world as a plan finds it.
type observed struct {
	Now     time.Time
	Dir     instance.Dir
	Engine  engine.Info
	Machine sizing.Machine // whose RAM and cores count
	Host    hostSeen
	// Of what containers and volumes name: whose each container is, by its ID, and
	// what is at each path.
	Whose map[string]whose
	Dirs  map[string]dirSeen
	Envs  map[string]envSeen
	// elsewhereAnswers says that the Docker which the instance was installed on is
	// another one and still there.
	ElsewhereAnswers bool
	HasDB            bool         // a directory db that is not empty is here
	KeysAt           []keyPlace   // where the keys of the data are, best first
	Archive          string       // the newest backup; "" is none
	FreePorts        map[int]bool // of those that the answers leave open
	Edge             edgeSeen
	Answered         answered // what the plan asked
	// testImage is the test app's, which is made from this program.
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
	Project                    string
	FileProject                string             // what docker-compose.yaml or .env calls the project, if they do
	Containers                 []engine.Container // of this instance; the first is the one that runs
	Strangers                  []engine.Container // of the same project, with the .env of another directory
	All                        []engine.Container // every container of an OpenAlgo on this engine
	Every                      []engine.Container // and all others
	Volumes                    map[string]engine.Volume
	Networks                   map[string]bool
	Data                       []string      // where databases of this instance are: volumes, or a mounted directory
	Unread                     error         // why docker-compose.yaml could not be asked for that
	Image                      *engine.Image // the image of the answers; nil: not on the engine
	Sample                     []byte        // that image's own .sample.env; nil: not known
	Built                      *image.Built  // the image that is built from source; nil: none is
	Runs                       *releaseSeen  // the image that runs; nil: not asked
	ImageVersion               string        // OpenAlgo's own, of image
	Made                       madeSeen      // how the container was made that another tool made
	Use                        useSeen       // what OpenAlgo uses now, for a resize that takes something
	Backup                     backupSeen    // what a restore meets
	Moved                      bool          // its tag stands for another image than the one that runs
}

// container is the one that the stack runs as; nil when there is none.
func (o *observed) Container() *engine.Container {
	if len(o.Containers) == 0 {
		return nil
	}
	return &o.Containers[0]
}

// owns reports whether a container is one of this instance's.
func (o *observed) Owns(c engine.Container) bool {
	return slices.ContainsFunc(o.Containers, func(own engine.Container) bool { return own.ID == c.ID })
}

func (in *Installer) observe(ctx context.Context) (*observed, error) {
	return in.observeFor(ctx, Intent{})
}

// observeFor is observe for an intent, which may begin from other files than
// those that are here.
func (in *Installer) observeFor(ctx context.Context, i Intent) (*observed, error) {
	o := &observed{Now: now(), Dir: in.dir, Engine: in.Engine.Info(), Machine: in.Machine, Overrides: map[string][]byte{},
		Whose: map[string]whose{}, Dirs: map[string]dirSeen{}, Envs: map[string]envSeen{}}
	if info, err := os.Stat(string(in.dir)); err == nil && !info.IsDir() {
		return nil, finding.Errorf(finding.HostNotReady, "%s is a file, not a directory; choose another directory with --dir", string(in.dir))
	}
	var err error
	if o.EnvText, err = in.readEnv(ctx); err != nil {
		return nil, err
	}
	if o.EnvText != nil {
		if o.Env, err = envfile.Parse(o.EnvText); err != nil {
			return nil, finding.Errorf(finding.HostNotReady, "reading %s: %w", in.dir.Env(), err)
		}
	}
	for name, to := range map[string]*[]byte{compose.FileName: &o.ComposeText, instance.AnswersName: &o.AnswersText} {
		if *to, err = readfile.Optional(in.dir.Path(name)); err != nil {
			return nil, finding.Errorf(finding.HostNotReady, "reading %s: %w", name, err)
		}
	}
	for _, name := range overrideNames {
		path := in.dir.Path(name)
		if text, err := readfile.Optional(path); err == nil && text != nil {
			o.Override = &compose.File{Path: path, Content: text}
			o.Overrides[name] = text
		}
	}
	if o.State, err = in.dir.LoadState(); err != nil {
		return nil, err
	}
	o.nameProject(string(in.dir))
	if o.Project == "" {
		return nil, finding.Errorf(finding.Usage, "%s gives no project name: choose a directory whose name has letters or digits, such as /opt/openalgo", string(in.dir))
	}
	if err := in.observeEngine(ctx, o); err != nil {
		return nil, err
	}
	if i.adopts() {
		if err := in.observeAdopted(o); err != nil {
			return nil, err
		}
	}
	o.Data = o.dataPlaces()
	o.HasDB = hasEntries(o.Dir.Path("db"))
	in.judgeSalt(ctx, o)
	o.seeKeys()
	return o, nil
}

// nameProject finds the Compose project as Docker Compose would: .env, then
// the file, then the last run, then the directory's name.
func (o *observed) nameProject(dir string) {
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
		o.Project = compose.ProjectName(dir)
	}
}

func (in *Installer) observeEngine(ctx context.Context, o *observed) error {
	all, err := in.Engine.Containers(ctx)
	if err != nil {
		return fmt.Errorf("looking at the containers: %w", err)
	}
	for _, c := range all {
		if isStack(c) || isOpenAlgo(c) {
			o.seeContainer(c)
		}
	}
	o.take(all)

	volumes, err := in.Engine.Volumes(ctx)
	if err != nil {
		return fmt.Errorf("looking at the volumes: %w", err)
	}
	o.Volumes = map[string]engine.Volume{}
	for _, v := range volumes {
		o.Volumes[v.Name] = v
		o.seeDir(v.Labels[LabelDir])
	}
	networks, err := in.Engine.Networks(ctx)
	if err != nil {
		return fmt.Errorf("looking at the networks: %w", err)
	}
	was := o.State.Engine
	o.ElsewhereAnswers = was.IsAnother(refOf(o.Engine)) && answersAt(was.Endpoint)
	o.Networks = map[string]bool{}
	o.seeHost()
	for _, n := range networks {
		o.Networks[n.Name] = true
	}
	return nil
}

// take sorts the containers of the engine: those of this instance, those of its
// project with the .env of another directory, those of any OpenAlgo.
func (o *observed) take(every []engine.Container) {
	o.Every = every
	for _, c := range every {
		if isStack(c) || isOpenAlgo(c) {
			o.All = append(o.All, c)
		}
		switch {
		case !isStack(c) || c.Labels[compose.LabelProject] != o.Project:
		case o.Whose[c.ID] == anothers:
			o.Strangers = append(o.Strangers, c)
		default:
			o.Containers = append(o.Containers, c)
		}
	}
	// The one that runs is the stack; a leftover of a killed run is not.
	slices.SortStableFunc(o.Containers, func(a, b engine.Container) int { return rank(b) - rank(a) })
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

// observeImage looks for the image and reads the base of .env out of it,
// through a container that is made for that and never started.
func (in *Installer) observeImage(ctx context.Context, o *observed, i Intent) error {
	ref := imageRef(o, i)
	image, err := in.imageOf(ctx, o, i, ref)
	if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound) {
		if o.Built != nil && o.Built.Src != nil {
			o.Sample, _ = o.Built.Src.Read(".sample.env") // the image will have the same
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the image %s: %w", ref, err)
	}
	o.Image = &image
	o.Sample, err = in.sampleOf(ctx, image.ID)
	return err
}

// readFromImage reads one file of an image; nothing in the image runs.
func (in *Installer) readFromImage(ctx context.Context, image, path string) ([]byte, error) {
	id, discard, err := in.helper(ctx, engine.ContainerSpec{
		Image: image, Entrypoint: []string{"/none"}, NetworkMode: "none",
	})
	if err != nil {
		return nil, fmt.Errorf("looking into the image: %w", err)
	}
	defer discard()
	return in.Engine.ReadFile(ctx, id, path, 1<<20)
}

// readEnv reads .env; where this user may not (it belongs to the container's
// user), the engine reads it.
func (in *Installer) readEnv(ctx context.Context) ([]byte, error) {
	return step.ReadEnv(ctx, in.Engine, string(in.dir))
}
