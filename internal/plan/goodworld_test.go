package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

const (
	testDir    = "/opt/openalgo"
	testVolume = "openalgo_openalgo_db"
	testEnv    = "API_KEY_PEPPER = 'a71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71e'\n" +
		"REDIRECT_URL = 'http://127.0.0.1:5000/zerodha/callback'\n"
)

// goodWorld is an instance that runs, with nothing wrong. A case changes what it
// is about.
func goodWorld(t *testing.T) *world.Observation {
	t.Helper()
	env, err := envfile.Parse([]byte(testEnv))
	if err != nil {
		t.Fatal(err)
	}
	o := &world.Observation{
		Dir: instance.Dir(testDir), Engine: engine.Info{ID: "E", Endpoint: "unix:///var/run/docker.sock", OS: "linux", Arch: "amd64", Local: true, RootDir: "/var/lib/docker"},
		Whose: map[string]stacks.Whose{}, Envs: map[string]world.EnvFile{testDir + "/.env": {Same: true, Here: true}},
		Dirs:    map[string]world.Directory{testDir: {Here: true, HasEnv: true}},
		Project: "openalgo", EnvText: env.Bytes(), Env: env, Networks: map[string]bool{"openalgo_default": true},
		Volumes: map[string]engine.Volume{testVolume: {Name: testVolume, Labels: map[string]string{stacks.LabelDir: testDir,
			compose.LabelVolume: "openalgo_db", compose.LabelProject: "openalgo"}}},
		Data: []string{testVolume},
	}
	o.Image = &engine.Image{ID: "sha256:1", Ref: "openalgo:1", Arch: "amd64", OS: "linux", User: "1000"}
	o.Host = world.Host{Root: true, Disks: map[string]host.DiskFacts{testDir: {FreeMiB: 20000, FreeInodes: -1}, "/var/lib/docker": {FreeMiB: 20000, FreeInodes: -1}}}
	o.Answered = world.Answered{Ports: map[world.Port]world.PortHolder{}, Directories: map[string]world.DataDir{}, Trees: map[string]world.Tree{}}
	o.State = instance.State{Project: "openalgo", Salt: "x", ImageRef: "openalgo:1", Engine: world.RefOf(o.Engine)}
	o.State.RememberKeys(env)
	addTo(o, testContainer("openalgo-web", testDir), stacks.Own)
	return o
}

// testContainer is a running OpenAlgo with the .env of a directory.
func testContainer(name, dir string) engine.Container {
	project := dir[strings.LastIndex(dir, "/")+1:]
	return engine.Container{
		ID: name, Name: name, Image: "openalgo:1", ImageID: "sha256:1", State: "running", StartedAt: time.Unix(1760000000, 0),
		Labels: map[string]string{compose.LabelProject: project, compose.LabelService: compose.Service, compose.LabelWorkingDir: dir},
		Mounts: []engine.Mount{{Type: "volume", Name: project + "_openalgo_db", Target: openalgo.DB}, {Type: "bind", Source: dir + "/.env", Target: openalgo.Env}},
		Ports: []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: 5000, ContainerPort: 5000, Protocol: "tcp"},
			{HostIP: "127.0.0.1", HostPort: 8765, ContainerPort: 8765, Protocol: "tcp"}},
	}
}

// add puts a container on the engine; who owns it decides whose list it is in.
func addTo(o *world.Observation, c engine.Container, w stacks.Whose) {
	o.All, o.Every, o.Whose[c.ID] = append(o.All, c), append(o.Every, c), w
	if c.Labels[compose.LabelProject] != o.Project {
		return
	}
	if w == stacks.Anothers {
		o.Strangers = append(o.Strangers, c)
	} else {
		o.Containers = append(o.Containers, c)
	}
}

func dropContainers(o *world.Observation) { o.Every, o.All, o.Containers = nil, nil, nil }

// down lets the instance's container be stopped.
func stopIn(o *world.Observation) {
	for _, list := range [][]engine.Container{o.Every, o.All, o.Containers} {
		list[0].State = "exited"
	}
}
