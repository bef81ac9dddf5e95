package install

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
)

const (
	testDir    = "/opt/openalgo"
	testVolume = "openalgo_openalgo_db"
	testEnv    = "API_KEY_PEPPER = 'a71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71ea71e'\n" +
		"REDIRECT_URL = 'http://127.0.0.1:5000/zerodha/callback'\n"
)

// goodWorld is an instance that runs, with nothing wrong. A case changes what it
// is about.
func goodWorld(t *testing.T) *observed {
	t.Helper()
	env, err := envfile.Parse([]byte(testEnv))
	if err != nil {
		t.Fatal(err)
	}
	o := &observed{
		dir: instance.Dir(testDir), engine: engine.Info{ID: "E", Endpoint: "unix:///var/run/docker.sock", OS: "linux", Arch: "amd64", Local: true, RootDir: "/var/lib/docker"},
		whose: map[string]whose{}, envs: map[string]envSeen{testDir + "/.env": {same: true, here: true}},
		dirs:    map[string]dirSeen{testDir: {here: true, hasEnv: true}},
		project: "openalgo", envText: env.Bytes(), env: env, networks: map[string]bool{"openalgo_default": true},
		volumes: map[string]engine.Volume{testVolume: {Name: testVolume, Labels: map[string]string{LabelDir: testDir,
			compose.LabelVolume: "openalgo_db", compose.LabelProject: "openalgo"}}},
		data: []string{testVolume},
	}
	o.image = &engine.Image{ID: "sha256:1", Ref: "openalgo:1", Arch: "amd64", OS: "linux", User: "1000"}
	o.host = hostSeen{root: true, disks: map[string]host.DiskFacts{testDir: {FreeMiB: 20000, FreeInodes: -1}, "/var/lib/docker": {FreeMiB: 20000, FreeInodes: -1}}}
	o.answered = answered{ports: map[portAsked]portSeen{}, directories: map[string]dirFound{}, trees: map[string]treeSeen{}}
	o.state = instance.State{Project: "openalgo", Salt: "x", ImageRef: "openalgo:1", Engine: refOf(o.engine)}
	o.state.RememberKeys(env)
	o.add(testContainer("openalgo-web", testDir), own)
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
func (o *observed) add(c engine.Container, w whose) {
	o.all, o.every, o.whose[c.ID] = append(o.all, c), append(o.every, c), w
	if c.Labels[compose.LabelProject] != o.project {
		return
	}
	if w == anothers {
		o.strangers = append(o.strangers, c)
	} else {
		o.containers = append(o.containers, c)
	}
}

func (o *observed) withoutContainer() { o.every, o.all, o.containers = nil, nil, nil }

// down lets the instance's container be stopped.
func (o *observed) down() {
	for _, list := range [][]engine.Container{o.every, o.all, o.containers} {
		list[0].State = "exited"
	}
}
