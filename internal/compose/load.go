package compose

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// The labels by which Docker Compose finds what is its own.
const (
	LabelProject    = "com.docker.compose.project"
	LabelService    = "com.docker.compose.service"
	LabelVolume     = "com.docker.compose.volume"
	LabelNetwork    = "com.docker.compose.network"
	LabelHash       = "com.docker.compose.config-hash"
	LabelImage      = "com.docker.compose.image"
	LabelWorkingDir = "com.docker.compose.project.working_dir"
	LabelFiles      = "com.docker.compose.project.config_files"
	labelNumber     = "com.docker.compose.container-number"
	labelOneOff     = "com.docker.compose.oneoff"
	labelDependsOn  = "com.docker.compose.depends_on"
	labelVersion    = "com.docker.compose.version"
)

// composeVersion is the Docker Compose release whose labels these are.
const composeVersion = "5.6.0"

// File is one Compose file: its absolute path and its text, which need not be
// on disk yet.
type File struct {
	Path    string
	Content []byte
}

// Source is what Docker Compose would read in a directory.
type Source struct {
	Dir   string // absolute
	Files []File // docker-compose.yaml, then the override file if there is one
	Env   []byte // .env beside them
	// Service is the one that Load translates; "" is openalgo.
	Service string
}

// Network is a network that the stack uses.
type Network struct {
	Spec     spec.NetworkSpec
	External bool // made by somebody else: used, never created or removed
}

// Volume is a named volume that the stack uses.
type Volume struct {
	Spec     spec.VolumeSpec
	Key      string // its name in the Compose file, for example "openalgo_db"
	Target   string // where the container sees it, for example "/app/db"
	External bool
}

// Stack is a Compose file as engine calls.
type Stack struct {
	Project   string
	Dir       string
	Image     string // as the file names it
	Hash      string // the config-hash label
	service   string
	Networks  []Network
	Volumes   []Volume
	container spec.ContainerSpec
}

// ProjectName is Compose's name for a project in the given directory.
func ProjectName(dir string) string { return loader.NormalizeProjectName(filepath.Base(dir)) }

// Load reads Compose files as Docker Compose does, .env interpolated, and
// translates one service. It returns an *UnsupportedError for
// attributes that it does not carry out. Nothing remote is read, so it needs no
// context. The files of env_file alone are read from the disk, by Docker Compose's own
// loader, which cannot be handed them: to read them here would be a second reading of
// their format, of what is required and of interpolation, on which the config hash
// rests.
func Load(src Source) (*Stack, error) {
	project, err := loadProject(src)
	if err != nil {
		return nil, err
	}
	src.Service = cmp.Or(src.Service, Service)
	service, ok := project.Services[src.Service]
	if !ok {
		return nil, fmt.Errorf("%s has no service %q. Restore that service, or move the file away to get a new one",
			src.Files[0].Path, src.Service)
	}
	if len(project.Services) > 1 {
		return nil, otherServices(src, project)
	}
	hash, err := serviceHash(service)
	if err != nil {
		return nil, err
	}
	stack := &Stack{Project: project.Name, Dir: src.Dir, Image: service.Image, Hash: hash, service: src.Service}
	stack.Networks = networks(project, service)
	stack.Volumes = volumes(project, service)
	stack.container, err = containerSpec(project, service)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.Files[0].Path, err)
	}
	maps.Copy(stack.container.Labels, stack.labels(src))
	return stack, nil
}

// Prepare does what the first Load does once: it compiles the schema of Compose
// files. That takes as long as Docker's first answers, which are waited for anyway.
func Prepare() {
	_, _, _ = parse(Source{Dir: "/none", Files: []File{{Path: "/none/" + FileName, Content: []byte("services: {openalgo: {image: none}}\n")}}})
}

func loadProject(src Source) (*types.Project, error) {
	project, unsupported, err := parse(src)
	if err != nil {
		return nil, err
	}
	if len(unsupported) > 0 {
		return nil, &UnsupportedError{File: src.Files[0].Path, Attributes: unsupported}
	}
	return project, nil
}

// parse reads the files, and lists what in them Load does not carry out.
func parse(src Source) (project *types.Project, unsupported []string, err error) {
	env, err := dotenv.Parse(bytes.NewReader(src.Env))
	if err != nil {
		return nil, nil, fmt.Errorf("Docker Compose cannot read %s: %w. Fix that line, then run the same command again", //nolint:staticcheck // a name
			filepath.Join(src.Dir, ".env"), redactLine(err))
	}
	if env["COMPOSE_FILE"] != "" {
		return nil, nil, errors.New("COMPOSE_FILE in .env makes Docker Compose read other files than docker-compose.yaml. Remove that line")
	}
	details := types.ConfigDetails{WorkingDir: src.Dir, Environment: env}
	for _, file := range src.Files {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: file.Path, Content: file.Content})
	}
	project, err = loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		// COMPOSE_PROJECT_NAME wins over `name:`, as it does for Docker Compose.
		if name := env["COMPOSE_PROJECT_NAME"]; name != "" {
			o.SetProjectName(name, true)
		} else {
			o.SetProjectName(ProjectName(src.Dir), false)
		}
	}, loader.WithSupportedAttributes(supportedAttributes, func(found []loader.UnsupportedAttribute) {
		for _, attribute := range found {
			unsupported = append(unsupported, attribute.Path.String())
		}
	}))
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", src.Files[0].Path, err)
	}
	return project, unsupported, nil
}

// redactLine keeps the parser's reason and drops the text of the line, which
// may hold a secret.
func redactLine(err error) error {
	text := err.Error()
	if i := strings.IndexAny(text, "\"'`"); i >= 0 {
		text = strings.TrimRight(text[:i], " :")
	}
	return errors.New(text)
}

func otherServices(src Source, project *types.Project) error {
	var names []string
	for name := range project.Services {
		if name != src.Service {
			names = append(names, "services."+name)
		}
	}
	slices.Sort(names)
	return &UnsupportedError{File: src.Files[0].Path, Attributes: names}
}

// Spec is the container to create: under the given name (it may still have to
// stand beside the one it replaces) and from the image with the given ID.
func (s *Stack) Spec(imageID string) spec.ContainerSpec {
	out := s.container
	out.Labels = maps.Clone(s.container.Labels)
	out.Labels[LabelImage] = imageID
	return out
}

// Published is the host port that leads to a port of the container, with the
// address that it is bound to; 0 when it is not published.
func (s *Stack) Published(containerPort int) (hostIP string, port int) {
	for _, p := range s.container.Ports {
		if p.ContainerPort == containerPort && (p.Protocol == "" || p.Protocol == "tcp") {
			return p.HostIP, p.HostPort
		}
	}
	return "", 0
}

// ContainerName is the name that the container ends up with.
func (s *Stack) ContainerName() string { return s.container.Name }

// Ports lists everything that the container publishes.
func (s *Stack) Ports() []spec.PortBinding { return slices.Clone(s.container.Ports) }

func (s *Stack) labels(src Source) map[string]string {
	var files []string
	for _, file := range src.Files {
		files = append(files, file.Path)
	}
	return map[string]string{
		LabelProject:    s.Project,
		LabelService:    s.service,
		LabelHash:       s.Hash,
		LabelWorkingDir: s.Dir,
		LabelFiles:      strings.Join(files, ","),
		labelNumber:     "1",
		labelOneOff:     "False",
		labelDependsOn:  "",
		labelVersion:    composeVersion,
	}
}
