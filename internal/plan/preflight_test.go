package plan

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	edge "github.com/marketcalls/openalgo-install/internal/edge/spec"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/host"
	image "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// goodPlan is a plan over goodWorld with nothing to refuse. The image is there.
func goodPlan(t *testing.T, o *world.Observation) *Plan {
	t.Helper()
	a, problems := answers.ParseSaved([]byte("version: 1\nbroker: {name: zerodha}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := &Plan{Answers: a, Project: o.Project}
	p.Stack = testStack(t, o, compose.Params{})
	return p
}

// testStack is the stack of an instance, as this program writes it.
func testStack(t *testing.T, o *world.Observation, more compose.Params) *compose.Stack {
	t.Helper()
	more.Project, more.Container, more.Image = o.Project, compose.ContainerName(o.Project), "openalgo:1"
	more.Bind, more.WebPort, more.WebSocketPort = "127.0.0.1", 5000, 8765
	stack, err := compose.Load(compose.Source{Dir: string(o.Dir), Env: o.EnvText,
		Files: []compose.File{{Path: string(o.Dir) + "/" + compose.FileName, Content: compose.Render(more)}}})
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// served lets Caddy serve a plan's domain.
func served(o *world.Observation, p *Plan, tls answers.TLS) {
	p.Answers.Domain, p.Answers.TLS = "algo.example.com", tls
	p.Edge = &EdgePlan{Way: world.Way{Act: true, State: instance.Edge{Kind: edge.KindCaddy, HTTP: 80, HTTPS: 443}}}
	o.Edge.Way = &p.Edge.Way
}

const mib = 1 << 20

func TestPreflight(t *testing.T) {
	t.Parallel()
	other := world.Port{Address: "127.0.0.1", Port: 5000}
	for name, c := range map[string]struct {
		change func(*world.Observation, *Plan)
		want   []string // of the refusal; none: there is none
		warn   string
		cause  error
	}{
		"all is well":                        {change: func(*world.Observation, *Plan) {}},
		"a directory that cannot be written": {change: func(o *world.Observation, _ *Plan) { o.Host.Unwritable = errors.New("read-only") }, want: []string{"read-only"}},
		"a full disk": {change: func(o *world.Observation, _ *Plan) {
			o.Host.Disks[testDir] = host.DiskFacts{FreeMiB: 0, FreeInodes: -1}
		}, want: []string{"is full"}},
		"no inodes": {change: func(o *world.Observation, _ *Plan) {
			o.Host.Disks[testDir] = host.DiskFacts{FreeMiB: 100, FreeInodes: 3}
		}, want: []string{"3 inodes"}},
		"a file system without inodes": {change: func(o *world.Observation, _ *Plan) {
			o.Host.Disks[testDir] = host.DiskFacts{FreeMiB: 100, FreeInodes: -1}
		}},
		"locked files": {change: func(o *world.Observation, _ *Plan) {
			o.Host.Unreplaceable = []error{errors.New("one"), errors.New("two")}
		}, want: []string{"one", "two"}},
		".env is a link":       {change: func(o *world.Observation, _ *Plan) { o.Host.EnvLink = "/srv/env" }, want: []string{"link to /srv/env"}},
		"a rival Compose file": {change: func(o *world.Observation, _ *Plan) { o.Host.Rivals = []string{testDir + "/compose.yaml"} }, want: []string{"instead of docker-compose.yaml"}},
		"a rival Compose file of what is adopted": {change: func(o *world.Observation, p *Plan) {
			o.Host.Rivals, p.Intent.Files = []string{testDir + "/compose.yaml"}, Theirs
		}},
		"two containers that run":      {change: func(o *world.Observation, _ *Plan) { addTo(o, testContainer("openalgo-web-2", testDir), stacks.Own) }, want: []string{"docker stop openalgo-web-2"}},
		"Windows containers":           {change: func(o *world.Observation, _ *Plan) { o.Engine.OS = "windows" }, want: []string{"Linux"}},
		"an image for another machine": {change: func(o *world.Observation, _ *Plan) { o.Image.Arch = "arm64" }, want: []string{"arm64"}},
		"no space for the image": {change: func(o *world.Observation, _ *Plan) {
			o.Image, o.Host.Disks[o.Engine.RootDir] = nil, host.DiskFacts{FreeMiB: 100}
		}, want: []string{"Docker keeps images in"}},
		"no space for the image of a remote Docker": {change: func(o *world.Observation, _ *Plan) {
			o.Image, o.Engine.Local, o.Host.Disks[o.Engine.RootDir] = nil, false, host.DiskFacts{FreeMiB: 100}
		}},
		"an image with another user": {change: func(o *world.Observation, _ *Plan) { o.Answered.ImageUID = "999" }, want: []string{"user 999"}},
		"an image that runs as root": {change: func(o *world.Observation, _ *Plan) { o.Answered.ImageUID = "0" }},
		"a Docker that does not see the directory": {change: func(o *world.Observation, _ *Plan) {
			o.Answered.View = world.Sight{Dir: testDir, Err: world.ErrOtherDirectory}
		}, want: []string{"snap"}},
		"a Docker on another machine": {change: func(o *world.Observation, _ *Plan) {
			o.Engine.Local, o.Answered.View = false, world.Sight{Dir: testDir, Err: world.ErrOtherDirectory}
		}, want: []string{"DOCKER_HOST"}},
		"too small to build": {change: func(o *world.Observation, p *Plan) {
			p.Built = &image.Built{Ref: "openalgo:1", Missing: true}
			p.Add(Change{Kind: KindImage, Name: "openalgo:1", Action: ActionCreate})
			o.Answered.Memory, o.Host.Disks[o.Engine.RootDir] = &host.Facts{RAMMiB: 512}, host.DiskFacts{FreeMiB: 1024}
		}, want: []string{"memory", "disk"}, cause: preflight.ErrBuildTooBig},
		"not measured for a build": {change: func(_ *world.Observation, p *Plan) {
			p.Built = &image.Built{Ref: "openalgo:1", Missing: true}
			p.Add(Change{Kind: KindImage, Name: "openalgo:1", Action: ActionCreate})
		}},
		"a port of another process": {change: func(o *world.Observation, _ *Plan) {
			stopIn(o)
			o.Answered.Ports[other] = world.PortHolder{Holder: host.Holder{PID: 812, Process: "nginx", Address: "0.0.0.0:5000"}}
		}, want: []string{"port 5000", "nginx (pid 812)"}, cause: preflight.ErrPortTaken},
		"a port of another container": {change: func(o *world.Observation, _ *Plan) {
			stopIn(o)
			o.Every = append(o.Every, testContainer("theirs", "/srv/theirs"))
		}, want: []string{"the container theirs"}, cause: preflight.ErrPortTaken},
		"a port that cannot be told": {change: func(o *world.Observation, _ *Plan) {
			stopIn(o)
			o.Answered.Ports[other] = world.PortHolder{Err: errors.New("no such address")}
		}, want: []string{"check port 5000: no such address"}},
		"a port that the stack has": {change: func(o *world.Observation, _ *Plan) {
			o.Answered.Ports[other] = world.PortHolder{Holder: host.Holder{PID: 1, Process: "docker-proxy"}}
		}},
		"a free port": {change: func(o *world.Observation, _ *Plan) {
			stopIn(o)
			o.Answered.Ports[other] = world.PortHolder{Holder: host.Holder{Free: true}}
		}},
		"a port on a remote Docker": {change: func(o *world.Observation, _ *Plan) {
			stopIn(o)
			o.Engine.Local = false
			o.Answered.Ports[other] = world.PortHolder{Holder: host.Holder{PID: 1}}
		}},
		"a port of HTTPS": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			o.Answered.Ports[world.Port{Address: "", Port: 443}] = world.PortHolder{Holder: host.Holder{PID: 812, Process: "nginx", Address: "0.0.0.0:443"}}
		}, want: []string{"port 443", "mode: nginx"}},
		"a port of HTTPS that another container has": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			o.Every = append(o.Every, engine.Container{Name: "traefik", State: "running", Ports: []engine.PortBinding{{HostPort: 80, ContainerPort: 80}}})
		}, want: []string{"port 80", "the container traefik", "mode: off"}},
		"a port of HTTPS that cannot be told": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			o.Answered.Ports[world.Port{Address: "", Port: 80}] = world.PortHolder{Err: errors.New("no")}
		}, want: []string{"check port 80"}},
		"ports that Caddy has": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			p.Edge.Holds = map[int]bool{80: true, 443: true}
			o.Answered.Ports[world.Port{Address: "", Port: 443}] = world.PortHolder{Holder: host.Holder{PID: 1}}
		}},
		"a closed firewall": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			o.Answered.Firewall = []host.FirewallProblem{{Text: "ufw lets nobody in", Commands: []string{"sudo ufw allow 443"}}}
		}, warn: "ufw"},
		"another answers for the domain": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			o.Answered.Reach = world.ReachesOther
		}, warn: "another machine answers"},
		"nobody answers for the domain": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			o.Answered.Reach = world.Unreached
		}, warn: "80 and 443"},
		"nothing to do for HTTPS": {change: func(o *world.Observation, p *Plan) {
			served(o, p, answers.TLS{Mode: "auto"})
			p.Edge.Act, o.Answered.Firewall = false, []host.FirewallProblem{{Text: "ufw"}}
		}},
		"an upgrade without root": {change: func(o *world.Observation, p *Plan) {
			o.Host.Root = false
			p.Intent.Data = Copied
			p.Add(Change{Kind: KindContainer, Name: "openalgo-web", Action: ActionRecreate})
		}, want: []string{"only root can"}},
		"an upgrade without a data volume": {change: func(o *world.Observation, p *Plan) {
			o.Answered.DatabasesAt = errors.New("in no volume")
			p.Intent.Data = Copied
			p.Add(Change{Kind: KindContainer, Name: "openalgo-web", Action: ActionRecreate})
		}, want: []string{"in no volume"}},
		"an upgrade whose databases cannot be read": {change: func(o *world.Observation, p *Plan) {
			o.Answered.Databases = world.Tree{Path: "/data", Err: errors.New("denied")}
			p.Intent.Data = Copied
			p.Add(Change{Kind: KindContainer, Name: "openalgo-web", Action: ActionRecreate})
		}, want: []string{"/data: denied"}},
		"an upgrade without space for a copy": {change: func(o *world.Observation, p *Plan) {
			o.Answered.Databases = world.Tree{Path: "/data", Bytes: 300 * mib}
			o.Host.Disks[testDir] = host.DiskFacts{FreeMiB: 200, FreeInodes: -1}
			p.Intent.Data = Copied
			p.Add(Change{Kind: KindContainer, Name: "openalgo-web", Action: ActionRecreate})
		}, want: []string{"301 MiB", "200 MiB"}},
		"an upgrade with nothing to do": {change: func(o *world.Observation, p *Plan) {
			o.Host.Root = false
			p.Intent.Data = Copied
		}},
		"into volumes, without space": {change: func(o *world.Observation, p *Plan) {
			toVolumes(o, p)
			o.Answered.Trees[testDir+"/db"] = world.Tree{Bytes: 300 * mib}
			o.Host.Disks[o.Engine.RootDir] = host.DiskFacts{FreeMiB: 200}
		}, want: []string{"300 MiB"}},
		"into volumes that are there": {change: func(o *world.Observation, p *Plan) {
			toVolumes(o, p)
			o.Volumes[testVolume] = engine.Volume{Name: testVolume}
		}, want: []string{"docker volume rm " + testVolume}},
		"into volumes, from what cannot be read": {change: func(o *world.Observation, p *Plan) {
			toVolumes(o, p)
			o.Answered.Trees[testDir+"/db"] = world.Tree{Err: errors.New("denied")}
		}, want: []string{"db: denied"}},
		"into volumes": {change: toVolumes},
		"the name of another project's container": {change: func(o *world.Observation, _ *Plan) {
			o.Every = append(o.Every[:0], engine.Container{ID: "x", Name: compose.ContainerName("openalgo"), Labels: map[string]string{compose.LabelProject: "shop"}})
		}, want: []string{"of the project shop"}},
		"the name of another container": {change: func(o *world.Observation, _ *Plan) {
			o.Every = append(o.Every[:0], engine.Container{ID: "x", Name: compose.ContainerName("openalgo"), Image: "nginx"})
		}, want: []string{"made from nginx"}},
		"the name of its own container": {change: func(o *world.Observation, _ *Plan) {
			o.Containers[0].Name = compose.ContainerName("openalgo")
			o.Every = o.Containers
		}},
		"several at once": {change: func(o *world.Observation, _ *Plan) {
			o.Host.EnvLink, o.Engine.OS = "/srv/env", "windows"
		}, want: []string{"this machine is not ready", "link to", "Linux"}},
	} {
		o := goodWorld(t)
		p := goodPlan(t, o)
		c.change(o, p)
		err := Preflight(o, p)
		if len(c.want) == 0 {
			refused(t, name, err, "")
		}
		for _, want := range c.want {
			refused(t, name, err, want)
		}
		if c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: not because of %v: %v", name, c.cause, err)
		}
		if got := strings.Join(p.Warnings, "\n"); (got == "") != (c.warn == "") || !strings.Contains(got, c.warn) {
			t.Errorf("%s: warns %q, want %q", name, got, c.warn)
		}
	}
}

// toVolumes lets the databases be in a directory, which a plan moves into a volume.
func toVolumes(o *world.Observation, p *Plan) {
	p.Intent.Files, p.Intent.Data = Theirs, ToVolumes
	delete(o.Volumes, testVolume)
	o.Containers[0].Mounts = []engine.Mount{{Type: "bind", Source: testDir + "/db", Target: openalgo.DB}, {Type: "bind", Source: testDir + "/.env", Target: openalgo.Env}}
}

func TestPreflightDomain(t *testing.T) {
	t.Parallel()
	here := []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	for name, c := range map[string]struct {
		addresses string
		tls       answers.TLS
		refused   string
		warned    string
	}{
		"no address":           {"", answers.TLS{Mode: "auto", CheckDNS: true}, "has no DNS record yet", ""},
		"no address, own word": {"", answers.TLS{Mode: "auto"}, "", ""},
		"here":                 {"203.0.113.7", answers.TLS{Mode: "auto", CheckDNS: true}, "", ""},
		"a private address":    {"10.1.2.3", answers.TLS{Mode: "auto", CheckDNS: true}, "only this machine or its network", ""},
		"own certificate":      {"10.1.2.3", answers.TLS{Mode: "files", CheckDNS: true}, "", "only this machine or its network"},
		"Cloudflare":           {"104.16.1.1", answers.TLS{Mode: "auto", CheckDNS: true}, "", "cloudflare: true"},
		"Cloudflare, wanted":   {"104.16.1.1", answers.TLS{Mode: "auto", CheckDNS: true, Cloudflare: true}, "", ""},
	} {
		o := goodWorld(t)
		p := goodPlan(t, o)
		served(o, p, c.tls)
		var found []netip.Addr
		if c.addresses != "" {
			found = []netip.Addr{netip.MustParseAddr(c.addresses)}
		}
		o.Answered.Dns = host.JudgeDNS(p.Answers.Domain, found, here)
		refused(t, name, Preflight(o, p), c.refused)
		if got := strings.Join(p.Warnings, "\n"); (got == "") != (c.warned == "") || !strings.Contains(got, c.warned) {
			t.Errorf("%s: warns %q, want %q", name, got, c.warned)
		}
	}
}

// What a plan asks is what its preflight judges: nothing is looked at in vain.
func TestAsks(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	p := goodPlan(t, o)
	if q := p.Query(o); len(q.Ports)+len(q.Directories)+len(q.Trees)+len(q.Edge.Firewall) > 0 || q.Databases || q.ImageUser || q.Build || q.Owner != 0 {
		t.Errorf("an instance that runs: %+v", q)
	}
	stopIn(o)
	o.Image.ID = "sha256:2"
	o.Every = append(o.Every, engine.Container{Name: "theirs", State: "running", Ports: []engine.PortBinding{{HostPort: 8765}}})
	served(o, p, answers.TLS{Mode: "auto", CheckDNS: true})
	p.Intent.Data = Copied
	q := p.Query(o)
	if len(q.Ports) != 3 || q.Ports[0].Port != 5000 || !q.Databases || !q.ImageUser || q.View != "sha256:2" {
		t.Errorf("an upgrade of one that is stopped: %+v", q)
	}
	if e := q.Edge; e.Domain != "algo.example.com" || len(e.Firewall) != 2 || e.ReachPort != 80 {
		t.Errorf("with a domain: %+v", e)
	}
	p.Edge.Runs, o.State.SeenBy = true, o.Engine.ID
	if q := p.Query(o); q.Edge.ReachPort != 0 || q.View != "" {
		t.Errorf("Caddy runs, and Docker sees the directory: %+v", q)
	}
	toVolumes(o, p)
	if q := p.Query(o); len(q.Trees) != 1 || q.Trees[0] != testDir+"/db" || q.Owner != 1000 {
		t.Errorf("into volumes: %+v", q)
	}
	p.Stack = testStack(t, o, compose.Params{BindData: true})
	if q := p.Query(o); len(q.Directories) == 0 {
		t.Errorf("with directories: %+v", q)
	}
}

func TestMayReplace(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	refused(t, "well", guard.MayReplace(o), "")
	o.Host.Unreplaceable = []error{errors.New("locked")}
	refused(t, "locked", guard.MayReplace(o), "locked")
	o.Host.Unwritable = errors.New("read-only")
	refused(t, "both", guard.MayReplace(o), "read-only")
}

// Who may read and write Docker's volumes.
func TestMayCopy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine engine.Info
		root   bool
		want   string
	}{
		"root":                     {engine.Info{Local: true}, true, ""},
		"not root":                 {engine.Info{Local: true}, false, "only root can"},
		"elsewhere":                {engine.Info{}, true, "engine-elsewhere"},
		"a user's, from inside":    {engine.Info{Local: true, Rootless: true, Inside: true}, true, ""},
		"a user's, not entered":    {engine.Info{Local: true, Rootless: true, NotEntered: "no nsenter"}, false, "no nsenter"},
		"userns-remap":             {engine.Info{Local: true, UserNS: true, UserBase: 100000}, true, ""},
		"a user's, on another one": {engine.Info{Rootless: true}, false, "engine-elsewhere"},
	} {
		o := goodWorld(t)
		o.Engine, o.Host.Root, o.Host.BecomeRoot = c.engine, c.root, "Run the same command with sudo."
		err := guard.MayCopy(o, "a backup")
		if (err == nil) != (c.want == "") || err != nil && finding.IDOf(err) != c.want && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlanOwners(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	p := goodPlan(t, o)
	p.Stack = testStack(t, o, compose.Params{BindData: true})
	o.Answered.Directories[testDir+"/db"] = world.DataDir{Owners: []world.Owner{{Dir: testDir + "/db", Name: "a"}}}
	o.Answered.Directories[testDir+"/log"] = world.DataDir{Missing: true}
	addDirectories(o, p)
	if err := addOwners(o, p); err != nil || len(p.Asks) != 1 || len(p.Owners) != 1 || len(p.Changes) != 2 || p.Change(KindVolume, testDir+"/log") == nil {
		t.Errorf("%v, %+v", err, p)
	}
	o.Host.Root = false
	refused(t, "not root", addOwners(o, goodBind(t, o)), "sudo chown")
	o.Answered.Directories[testDir+"/db"] = world.DataDir{Err: errors.New("hard link")}
	if err := addOwners(o, goodBind(t, o)); err == nil {
		t.Error("an owner that is not told is no owner")
	}
	for name, e := range map[string]engine.Info{"remote": {}, "rootless, outside": {Local: true, Rootless: true}, "user namespaces": {Local: true, UserNS: true}} {
		o.Engine = e
		p := goodPlan(t, o)
		if p.Intent.Files = Theirs; ownerToBe(o, p) != 0 {
			t.Error(name)
		}
	}
}

func goodBind(t *testing.T, o *world.Observation) *Plan {
	t.Helper()
	p := goodPlan(t, o)
	p.Stack = testStack(t, o, compose.Params{BindData: true})
	return p
}

func TestChoosePorts(t *testing.T) {
	t.Parallel()
	open := answers.Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1", AutoWeb: true, AutoWebSocket: true}
	second := func(t *testing.T) *world.Observation {
		t.Helper()
		o := goodWorld(t)
		o.Project, o.Containers = "algo2", nil
		o.FreePorts = map[int]bool{5001: true, 8766: true, 5002: true, 8767: true}
		return o
	}
	for name, c := range map[string]struct {
		change func(*world.Observation, *answers.Ports)
		web    int
	}{
		"as they are named": {func(_ *world.Observation, p *answers.Ports) { p.AutoWeb, p.AutoWebSocket = false, false }, 5000},
		"the next pair":     {func(*world.Observation, *answers.Ports) {}, 5001},
		"one is taken":      {func(o *world.Observation, _ *answers.Ports) { o.FreePorts[8766] = false }, 5002},
		"the container's": {func(o *world.Observation, _ *answers.Ports) {
			o.Containers = o.All
			o.Containers[0].Ports[0].HostPort = 6000
		}, 6000},
		"of the last answers": {func(o *world.Observation, _ *answers.Ports) {
			o.AnswersText = []byte("version: 1\nbroker: {name: zerodha}\nports: {web: 7000, websocket: 7001}\n")
		}, 7000},
		"nobody can be asked": {func(o *world.Observation, _ *answers.Ports) { o.Engine.Local, o.FreePorts = false, nil }, 5001},
		"nobody looked":       {func(o *world.Observation, _ *answers.Ports) { o.FreePorts = nil }, 5001},
		"none is free":        {func(o *world.Observation, _ *answers.Ports) { o.FreePorts = map[int]bool{} }, 0},
	} {
		o := second(t)
		a := answers.Answers{Ports: open}
		c.change(o, &a.Ports)
		err := ports.Choose(o, &a)
		if c.web == 0 {
			refused(t, name, err, "no free pair")
		} else if err != nil || a.Ports.Web != c.web {
			t.Errorf("%s: %d, %v; want %d", name, a.Ports.Web, err, c.web)
		}
	}
}
