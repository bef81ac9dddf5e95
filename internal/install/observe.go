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
	now     time.Time
	dir     instance.Dir
	engine  engine.Info
	machine sizing.Machine // whose RAM and cores count
	host    hostSeen
	// Of what containers and volumes name: whose each container is, by its ID, and
	// what is at each path.
	whose map[string]whose
	dirs  map[string]dirSeen
	envs  map[string]envSeen
	// elsewhereAnswers says that the Docker which the instance was installed on is
	// another one and still there.
	elsewhereAnswers bool
	hasDB            bool         // a directory db that is not empty is here
	keysAt           []keyPlace   // where the keys of the data are, best first
	archive          string       // the newest backup; "" is none
	freePorts        map[int]bool // of those that the answers leave open
	edge             edgeSeen
	answered         answered // what the plan asked
	// testImage is the test app's, which is made from this program.
	testImage   string
	envText     []byte        // nil: there is no .env
	env         *envfile.File // nil: there is no .env
	composeText []byte
	composeName string // of that file
	foreign     bool   // another tool made this stack
	override    *compose.File
	overrides   map[string][]byte // every such file, by its name
	// What is here while a backup is restored, whose files take its place.
	presentEnv, presentCompose []byte
	answersText                []byte
	state                      instance.State
	project                    string
	fileProject                string             // what docker-compose.yaml or .env calls the project, if they do
	containers                 []engine.Container // of this instance; the first is the one that runs
	strangers                  []engine.Container // of the same project, with the .env of another directory
	all                        []engine.Container // every container of an OpenAlgo on this engine
	every                      []engine.Container // and all others
	volumes                    map[string]engine.Volume
	networks                   map[string]bool
	data                       []string      // where databases of this instance are: volumes, or a mounted directory
	unread                     error         // why docker-compose.yaml could not be asked for that
	image                      *engine.Image // the image of the answers; nil: not on the engine
	sample                     []byte        // that image's own .sample.env; nil: not known
	built                      *image.Built  // the image that is built from source; nil: none is
	runs                       *releaseSeen  // the image that runs; nil: not asked
	imageVersion               string        // OpenAlgo's own, of image
	made                       madeSeen      // how the container was made that another tool made
	use                        useSeen       // what OpenAlgo uses now, for a resize that takes something
	backup                     backupSeen    // what a restore meets
	moved                      bool          // its tag stands for another image than the one that runs
}

// container is the one that the stack runs as; nil when there is none.
func (o *observed) container() *engine.Container {
	if len(o.containers) == 0 {
		return nil
	}
	return &o.containers[0]
}

// owns reports whether a container is one of this instance's.
func (o *observed) owns(c engine.Container) bool {
	return slices.ContainsFunc(o.containers, func(own engine.Container) bool { return own.ID == c.ID })
}

func (in *Installer) observe(ctx context.Context) (*observed, error) {
	return in.observeFor(ctx, Intent{})
}

// observeFor is observe for an intent, which may begin from other files than
// those that are here.
func (in *Installer) observeFor(ctx context.Context, i Intent) (*observed, error) {
	o := &observed{now: now(), dir: in.dir, engine: in.Engine.Info(), machine: in.Machine, overrides: map[string][]byte{},
		whose: map[string]whose{}, dirs: map[string]dirSeen{}, envs: map[string]envSeen{}}
	if info, err := os.Stat(string(in.dir)); err == nil && !info.IsDir() {
		return nil, finding.Errorf(finding.HostNotReady, "%s is a file, not a directory; choose another directory with --dir", string(in.dir))
	}
	var err error
	if o.envText, err = in.readEnv(ctx); err != nil {
		return nil, err
	}
	if o.envText != nil {
		if o.env, err = envfile.Parse(o.envText); err != nil {
			return nil, finding.Errorf(finding.HostNotReady, "reading %s: %w", in.dir.Env(), err)
		}
	}
	for name, to := range map[string]*[]byte{compose.FileName: &o.composeText, instance.AnswersName: &o.answersText} {
		if *to, err = readfile.Optional(in.dir.Path(name)); err != nil {
			return nil, finding.Errorf(finding.HostNotReady, "reading %s: %w", name, err)
		}
	}
	for _, name := range overrideNames {
		path := in.dir.Path(name)
		if text, err := readfile.Optional(path); err == nil && text != nil {
			o.override = &compose.File{Path: path, Content: text}
			o.overrides[name] = text
		}
	}
	if o.state, err = in.dir.LoadState(); err != nil {
		return nil, err
	}
	o.nameProject(string(in.dir))
	if o.project == "" {
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
	o.data = o.dataPlaces()
	o.hasDB = hasEntries(o.dir.Path("db"))
	in.judgeSalt(ctx, o)
	o.seeKeys()
	return o, nil
}

// nameProject finds the Compose project as Docker Compose would: .env, then
// the file, then the last run, then the directory's name.
func (o *observed) nameProject(dir string) {
	if o.env != nil {
		o.fileProject, _ = o.env.Get("COMPOSE_PROJECT_NAME")
	}
	if o.fileProject == "" {
		var file struct {
			Name string `yaml:"name"`
		}
		if yaml.Unmarshal(o.composeText, &file) == nil {
			o.fileProject = file.Name
		}
	}
	switch {
	case o.fileProject != "":
		o.project = o.fileProject
	case o.state.Project != "":
		o.project = o.state.Project
	default:
		o.project = compose.ProjectName(dir)
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
	o.volumes = map[string]engine.Volume{}
	for _, v := range volumes {
		o.volumes[v.Name] = v
		o.seeDir(v.Labels[LabelDir])
	}
	networks, err := in.Engine.Networks(ctx)
	if err != nil {
		return fmt.Errorf("looking at the networks: %w", err)
	}
	was := o.state.Engine
	o.elsewhereAnswers = was.IsAnother(refOf(o.engine)) && answersAt(was.Endpoint)
	o.networks = map[string]bool{}
	o.seeHost()
	for _, n := range networks {
		o.networks[n.Name] = true
	}
	return nil
}

// take sorts the containers of the engine: those of this instance, those of its
// project with the .env of another directory, those of any OpenAlgo.
func (o *observed) take(every []engine.Container) {
	o.every = every
	for _, c := range every {
		if isStack(c) || isOpenAlgo(c) {
			o.all = append(o.all, c)
		}
		switch {
		case !isStack(c) || c.Labels[compose.LabelProject] != o.project:
		case o.whose[c.ID] == anothers:
			o.strangers = append(o.strangers, c)
		default:
			o.containers = append(o.containers, c)
		}
	}
	// The one that runs is the stack; a leftover of a killed run is not.
	slices.SortStableFunc(o.containers, func(a, b engine.Container) int { return rank(b) - rank(a) })
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
		if o.built != nil && o.built.Src != nil {
			o.sample, _ = o.built.Src.Read(".sample.env") // the image will have the same
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the image %s: %w", ref, err)
	}
	o.image = &image
	o.sample, err = in.sampleOf(ctx, image.ID)
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
