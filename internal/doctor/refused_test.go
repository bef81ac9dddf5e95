package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	edge "github.com/marketcalls/openalgo-install/internal/edge/spec"
	"github.com/marketcalls/openalgo-install/internal/engine"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/world"
)

const (
	hereDir = "/opt/openalgo"
	refHere = "marketcalls/openalgo:1"
	dbHere  = "openalgo_openalgo_db"
)

// surveyed is the world of an instance that was installed and runs, with nothing
// wrong: what the plan of an install makes of an empty one.
func surveyed(t *testing.T) *world.Observation {
	t.Helper()
	a, problems := answers.Parse([]byte("version: 1\nbroker: {name: zerodha, api_key: abcdefghij, api_secret: klmnopqrst}\nimage: {source: registry, ref: '"+refHere+"'}\n"), answers.Lookup{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	o := &world.Observation{
		Now: today, Dir: hereDir, Project: "openalgo", Machine: sizing.Machine{RAMMiB: 7900, Cores: 2}, ComposeName: compose.FileName,
		Engine: engine.Info{ID: "E", Endpoint: "unix:///var/run/docker.sock", OS: "linux", Arch: "amd64", Local: true, RootDir: "/var/lib/docker"},
		Random: bytes.Repeat([]byte{7}, keys.Random), NewSalt: "salt", Whose: map[string]stacks.Whose{}, Envs: map[string]world.EnvFile{},
		Dirs: map[string]world.Directory{hereDir: {Here: true}}, Volumes: map[string]engine.Volume{}, Networks: map[string]bool{},
		Image: &engine.Image{ID: "sha256:1", Ref: refHere, Arch: "amd64", OS: "linux", User: "1000"}, Kept: &world.Kept{Err: fs.ErrNotExist},
	}
	o.Host = world.Host{Root: true, Disks: map[string]host.DiskFacts{hereDir: {FreeMiB: 20000, FreeInodes: -1}, "/var/lib/docker": {FreeMiB: 20000, FreeInodes: -1}}}
	p, err := plan.Draft(o, plan.AsAnswered(a, 0))
	if err == nil {
		err = p.Finish(o)
	}
	if err != nil {
		t.Fatal(err)
	}
	carriedOut(t, o, p)
	o.Answered = world.Answered{Ports: map[world.Port]world.PortHolder{}, Directories: map[string]world.DataDir{}, Trees: map[string]world.Tree{}, HasAccount: true,
		Databases: world.Tree{Path: "/var/lib/docker/volumes/" + dbHere + "/_data", Bytes: 1 << 20}}
	return o
}

// carriedOut makes a world what it is once a plan is carried out.
func carriedOut(t *testing.T, o *world.Observation, p *plan.Plan) {
	t.Helper()
	env := parsedEnv(t, p.Env.Text)
	for _, key := range []string{keys.AppKey, keys.Pepper, keys.FernetSalt} {
		if value, _ := soundEnv(t).Get(key); value != "" {
			set := env.Set
			if key == keys.FernetSalt {
				set = func(key, value string) error { return env.SetAfter(keys.Pepper, key, value) }
			}
			if err := set(key, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.Env, o.EnvText, o.ComposeText, o.AnswersText = env, env.Bytes(), p.ComposeText, p.AnswersText
	o.State = instance.State{Project: o.Project, Salt: "x", ComposeSHA256: settings.Sum(p.ComposeText), ImageRef: p.Stack.Image, ImageID: p.ImageID, SetupDone: true,
		Engine: world.RefOf(o.Engine), FernetSalt: instance.SaltUsed, SeenBy: o.Engine.ID}
	settings.Remember(&o.State, o.NewSalt, p.Env.Settings, p.Env.Left)
	o.State.RememberKeys(env)
	spec := p.Stack.Spec(p.ImageID)
	c := engine.Container{ID: "c1", Name: p.Stack.ContainerName(), Image: p.Stack.Image, ImageID: p.ImageID, State: "running", StartedAt: today.Add(-24 * time.Hour),
		Labels: spec.Labels, Env: spec.Env, Ports: spec.Ports, ShmBytes: spec.Host.ShmSize, User: "1000"}
	for _, m := range spec.Mounts {
		if m.Type == "volume" {
			m.Name = m.Source
		}
		c.Mounts = append(c.Mounts, m)
	}
	o.Dirs[hereDir], o.Envs[o.Dir.Env()] = world.Directory{Here: true, HasEnv: true}, world.EnvFile{Same: true, Here: true}
	for _, v := range p.Stack.Volumes {
		labels := maps.Clone(v.Spec.Labels)
		labels[stacks.LabelDir] = hereDir
		o.Volumes[v.Spec.Name] = engine.Volume{Name: v.Spec.Name, Labels: labels}
	}
	for _, n := range p.Stack.Networks {
		o.Networks[n.Spec.Name] = true
	}
	o.Data = []string{dbHere}
	o.Runs = &world.Release{Image: *o.Image}
	put(o, c, stacks.Own)
}

func parsedEnv(t *testing.T, text []byte) *envfile.File {
	t.Helper()
	env, err := envfile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// put puts a container on Docker.
func put(o *world.Observation, c engine.Container, whose stacks.Whose) {
	o.Whose[c.ID] = whose
	every := append(slices.Clone(o.Every), c)
	o.All, o.Containers, o.Strangers = nil, nil, nil
	o.Take(every)
}

// another is a container like the instance's.
func another(o *world.Observation, name string) engine.Container {
	c := o.Every[0]
	c.ID, c.Name, c.Labels = name, name, maps.Clone(c.Labels)
	return c
}

func noContainer(o *world.Observation) { o.Every, o.All, o.Containers = nil, nil, nil }

func stopped(o *world.Observation) {
	for _, list := range [][]engine.Container{o.Every, o.All, o.Containers} {
		list[0].State = "exited"
	}
}

// editEnv changes .env.
func editEnv(o *world.Observation, change func(*envfile.File)) {
	env := o.Env.Clone()
	change(env)
	o.Env, o.EnvText = env, env.Bytes()
}

func noEnv(o *world.Observation) { o.Env, o.EnvText = nil, nil }

// foreignStack makes the instance one that this program did not make.
func foreignStack(o *world.Observation) {
	o.State, o.Foreign = instance.State{}, true
}

// served gives the instance a domain that has yet to be served.
func served(o *world.Observation) {
	o.AnswersText = []byte(strings.Replace(string(o.AnswersText), "version: 1\n", "version: 1\ndomain: algo.example.com\n", 1))
	o.AnswersText = []byte(strings.Replace(string(o.AnswersText), `mode: "off"`, "mode: auto\n    email: me@example.com", 1))
	o.Edge.Way = &world.Way{Act: true, State: instance.Edge{Kind: edge.KindCaddy, HTTP: 80, HTTPS: 443, Domain: "algo.example.com"}}
	o.Edge.Plan = &edge.Plan{}
	o.Answered.Dns = host.DNSReport{Match: true}
}

// edited is a docker-compose.yaml that a person has changed.
func edited(o *world.Observation, from, to string) {
	o.ComposeText = []byte(strings.Replace(string(o.ComposeText), from, to, 1))
}

var nginx = world.PortHolder{Holder: host.Holder{PID: 812, Process: "nginx", Address: "0.0.0.0"}}

// planted are worlds in which commands refuse, by where they do: package, function
// and name, with a number where a function says so at several places.
var planted = map[string]func(o *world.Observation){
	"guard.Place data-elsewhere":   func(o *world.Observation) { o.Data = []string{"/srv/db"} },
	"guard.NotRunning not-running": stopped,
	"guard.Engine engine": func(o *world.Observation) {
		noContainer(o)
		o.Engine.ID, o.Engine.Endpoint, o.Volumes, o.Data = "F", "unix:///run/user/1000/docker.sock", nil, nil
	},
	"guard.enginesUser other-engine":  func(o *world.Observation) { o.Engine.Rootless = true },
	"guard.remapped user-map-unknown": func(o *world.Observation) { o.Engine.UserNS = true },
	"guard.remapped needs-root": func(o *world.Observation) {
		o.Engine.UserNS, o.Engine.UserBase, o.Host.Root = true, 100000, false
	},
	"guard.MayCopy namespace-closed": func(o *world.Observation) { o.Engine.Rootless, o.Engine.Enterable = true, true },
	"guard.placeOfContainer moved":   func(o *world.Observation) { o.Whose["c1"] = stacks.Orphan },
	"guard.foreign two-containers": func(o *world.Observation) {
		c := another(o, "second")
		c.Labels = nil
		put(o, c, stacks.Own)
	},
	"guard.foreign foreign-stack": func(o *world.Observation) {
		o.State = instance.State{ImageRef: refHere}
		c := another(o, "theirs")
		c.Labels = nil
		noContainer(o)
		put(o, c, stacks.Own)
	},
	"guard.Project owner": func(o *world.Observation) {
		c := another(o, "other")
		c.Mounts = slices.Clone(c.Mounts)
		for i := range c.Mounts {
			if c.Mounts[i].Target == openalgo.Env {
				c.Mounts[i].Source = "/srv/openalgo/.env"
			}
		}
		put(o, c, stacks.Anothers)
	},
	"guard.Project owner 2": func(o *world.Observation) {
		noContainer(o)
		o.Volumes[dbHere].Labels[stacks.LabelDir] = "/srv/openalgo"
		o.Dirs["/srv/openalgo"] = world.Directory{HasEnv: true}
	},
	"guard.Project project-renamed": func(o *world.Observation) {
		noContainer(o)
		o.Project = "algo"
	},
	"guard.moved project-renamed": func(o *world.Observation) {
		noContainer(o)
		o.State, o.Project, o.Data = instance.State{}, "algo", nil
	},
	"guard.Keys keys":                     noEnv,
	"guard.MayReplace file-unwritable":    func(o *world.Observation) { o.Host.Unreplaceable = []error{errors.New("locked")} },
	"guard.elsewhere engine-elsewhere":    func(o *world.Observation) { o.Engine.Local = false },
	"guard.MayCopy needs-root":            func(o *world.Observation) { o.Host.Root = false },
	"guard.NoDatabase data-missing":       func(o *world.Observation) { o.Answered.Databases.Bytes = 0 },
	"guard.Registry image-local":          func(o *world.Observation) { o.Runs.Local = true },
	"guard.NoContainer container-missing": noContainer,
	"guard.NeitherRuns two-containers": func(o *world.Observation) {
		first, second := another(o, "first"), another(o, "second")
		foreignStack(o)
		noContainer(o)
		for _, c := range []engine.Container{first, second} {
			c.State, c.Labels = "exited", nil
			put(o, c, stacks.Own)
		}
	},
	"guard.Start data-missing": func(o *world.Observation) {
		noContainer(o)
		o.Data, o.Volumes = nil, map[string]engine.Volume{}
	},

	"preflight.Dir directory-unwritable": func(o *world.Observation) { o.Host.Unwritable = errors.New("read-only") },
	"preflight.Dir disk-full":            func(o *world.Observation) { o.Host.Disks[hereDir] = host.DiskFacts{FreeInodes: -1} },
	"preflight.Dir inodes-full":          func(o *world.Observation) { o.Host.Disks[hereDir] = host.DiskFacts{FreeMiB: 100, FreeInodes: 3} },
	"preflight.Dir file-unwritable":      func(o *world.Observation) { o.Host.Unreplaceable = []error{errors.New("locked")} },
	"preflight.Dir env-link":             func(o *world.Observation) { o.Host.EnvLink = "/srv/env" },
	"preflight.Engine engine-platform":   func(o *world.Observation) { o.Engine.OS = "windows" },
	"preflight.Engine image-platform":    func(o *world.Observation) { o.Image.Arch = "arm64" },
	"preflight.Engine disk-full": func(o *world.Observation) {
		o.Image, o.Host.Disks[o.Engine.RootDir] = nil, host.DiskFacts{FreeMiB: 100}
	},
	"preflight.Engine engine-platform 2": func(o *world.Observation) { o.Engine.Arch = "arm" },
	"preflight.newNetwork address-pools-full": func(o *world.Observation) {
		pool := netip.MustParsePrefix("10.9.0.0/24")
		o.Engine.AddressPools, o.Net.Ranges = []docker.AddressPool{{Base: pool, Size: 24}}, map[string][]netip.Prefix{"other": {pool}}
		delete(o.Networks, "openalgo_default")
	},
	"preflight.User image-user": func(o *world.Observation) { o.Answered.ImageUID = "999" },
	"preflight.View engine-incomplete": func(o *world.Observation) {
		o.Answered.View = world.Sight{Dir: hereDir, Err: engine.ErrIncomplete}
	},
	"preflight.View engine-userns": func(o *world.Observation) {
		o.Answered.View = world.Sight{Dir: hereDir, Err: world.ErrOwnUsers}
	},
	"preflight.View directory-unseen": func(o *world.Observation) {
		o.Answered.View = world.Sight{Dir: hereDir, Err: world.ErrOtherDirectory}
	},
	"preflight.View directory-unseen 2": func(o *world.Observation) {
		o.Engine.Local, o.Answered.View = false, world.Sight{Dir: hereDir, Err: world.ErrOtherDirectory}
	},
	"preflight.Snapshot needs-root":        func(o *world.Observation) { o.Host.Root = false },
	"preflight.Snapshot data-unreadable":   func(o *world.Observation) { o.Answered.DatabasesAt = errors.New("in no volume") },
	"preflight.Snapshot data-unreadable 2": func(o *world.Observation) { o.Answered.Databases.Err = errors.New("denied") },
	"preflight.Snapshot disk-full":         func(o *world.Observation) { o.Answered.Databases.Bytes = 30000 << 20 },
	"preflight.Snapshot disk-full 2": func(o *world.Observation) {
		o.Answered.Room = tree.Room{Present: 300 << 20, Apart: true, Data: &host.DiskFacts{FreeMiB: 100}}
	},
	"preflight.Ports port-unchecked": func(o *world.Observation) {
		stopped(o)
		o.Answered.Ports[world.Port{Address: "127.0.0.1", Port: 5000}] = world.PortHolder{Err: errors.New("no such address")}
	},
	"preflight.Ports port-taken": func(o *world.Observation) {
		stopped(o)
		o.Answered.Ports[world.Port{Address: "127.0.0.1", Port: 5000}] = nginx
	},
	"preflight.nginxNames directory-pattern": func(o *world.Observation) {
		served(o)
		o.Edge.Way.State.Kind, o.Edge.Way.Gate = edge.KindNginx, "/opt/open[al]go/.openalgo-install/setup-algo.example.com.conf"
	},
	"preflight.nginxNames certificate-path": func(o *world.Observation) {
		served(o)
		o.Edge.Way.State.Kind, o.Edge.Way.Site.CertPath = edge.KindNginx, "/etc/ssl/$host.pem"
	},
	"preflight.edgePortsFree port-unchecked": func(o *world.Observation) {
		served(o)
		o.Answered.Ports[world.Port{Address: "", Port: 80}] = world.PortHolder{Err: errors.New("no")}
	},
	"preflight.edgePortsFree port-taken": func(o *world.Observation) {
		served(o)
		o.Answered.Ports[world.Port{Address: "", Port: 443}] = nginx
	},
	"preflight.domain dns-mismatch": func(o *world.Observation) {
		served(o)
		o.Answered.Dns = host.DNSReport{Judged: true, Problem: "algo.example.com leads elsewhere"}
	},

	"plan.Preflight compose-rival":  func(o *world.Observation) { o.Host.Rivals = []string{hereDir + "/compose.yaml"} },
	"plan.Preflight two-containers": func(o *world.Observation) { put(o, another(o, "openalgo-web-2"), stacks.Own) },
	"plan.Preflight container-name-taken": func(o *world.Observation) {
		noContainer(o)
		put(o, engine.Container{ID: "x", Name: "openalgo-web", Image: "nginx"}, stacks.Own)
	},
	"plan.planFiles keys": func(o *world.Observation) {
		o.State.Keys, o.Data = nil, nil
		editEnv(o, func(env *envfile.File) {
			env.Unset(keys.FernetSalt)
			_ = env.Set(keys.Pepper, "YOUR_PEPPER")
			_ = env.Set("DATABASE_URL", "postgresql://db.example.com/openalgo")
		})
	},
	"plan.planCompose compose-edited": func(o *world.Observation) {
		o.State.ComposeSHA256 = "another"
		edited(o, "pids_limit: 2048", "pids_limit: 4096")
	},
	"plan.planCompose compose-unusable": func(o *world.Observation) { edited(o, "services:", "services: [") },
	"plan.planCompose project-renamed":  func(o *world.Observation) { edited(o, "name: openalgo\n", "name: algo\n") },
	"plan.sameAsAsked compose-foreign": func(o *world.Observation) {
		o.State.ComposeSHA256 = ""
		edited(o, "127.0.0.1:5000:5000", "127.0.0.1:5999:5000")
	},
	"preflight.Trial certificate-refused": func(o *world.Observation) {
		served(o)
		for range preflight.RefusalsAnHour {
			o.Edge.Refused = append(o.Edge.Refused, o.Now.Add(-time.Minute))
		}
	},
	"plan.planEdge proxy-other": func(o *world.Observation) {
		served(o)
		o.State.Edge = instance.Edge{Kind: edge.KindNginx, Domain: "algo.example.com"}
	},
	"plan.edgeRefusal proxy-unusable": func(o *world.Observation) {
		served(o)
		o.Edge.OpenErr = errors.New("nginx does not run")
	},
	"plan.draftResize env-missing": func(o *world.Observation) {
		noEnv(o)
		o.Data, o.Volumes = nil, map[string]engine.Volume{}
	},
	"plan.recreateOwn compose-unusable": func(o *world.Observation) { edited(o, "services:", "services: [") },
	"plan.freeLiterals compose-unusable": func(o *world.Observation) {
		foreignStack(o)
		edited(o, "services:", "services: [")
	},
	"plan.copyForeign compose-unusable": func(o *world.Observation) {
		foreignStack(o)
		edited(o, "  openalgo:\n    image", "  other:\n    image")
	},
}

// elsewhere are refusals that no instance meets by itself, and why.
var elsewhere = map[string]string{
	"guard.Data compose-unusable":         "without .env and data there is no instance",
	"guard.Unknown foreign-stack":         "of a restore",
	"guard.Purge owner":                   "of a purge",
	"guard.Purge data-elsewhere":          "of a purge",
	"guard.Removal foreign-stack":         "of an uninstall; changes find two-containers",
	"ports.Choose port-taken":             "of an install that leaves its ports open: the saved answers name them",
	"preflight.Swap swap-impossible":      "of an install that makes a swap file",
	"preflight.Swap swap-impossible 2":    "of an install that makes a swap file",
	"preflight.Swap needs-root":           "of an install that makes a swap file",
	"preflight.Swap disk-full":            "of an install that makes a swap file",
	"preflight.TooSmall memory-small":     "of a build, whose source is not fetched for a look",
	"preflight.TooSmall disk-full":        "of a build",
	"preflight.Move volume-exists":        "of data that moves into volumes",
	"preflight.Move data-unreadable":      "of data that moves into volumes",
	"preflight.Move disk-full":            "of data that moves into volumes",
	"plan.addOwners owner-wrong":          "of what is adopted",
	"plan.Read backup-unusable":           "of a restore",
	"plan.Read backup-unusable 2":         "of a restore",
	"plan.Read backup-unusable 3":         "of a restore",
	"guard.Older image-older":             "of a restore",
	"guard.Older image-missing":           "of a restore",
	"plan.copyForeign compose-unusable 2": "the same file, once more with the new numbers",
}

// refusals lists where guards, preflights and plans refuse, in the code itself.
func refusals(t *testing.T) (out []string) {
	t.Helper()
	for _, room := range []string{"guard", "preflight", "ports", "plan"} {
		names, err := filepath.Glob("../" + room + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					out = append(out, refusalsIn(room+"."+f.Name.Name, f)...)
				}
			}
		}
	}
	return out
}

var kebab = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// refusalsIn are the names that a function refuses under, in their order.
func refusalsIn(where string, f *ast.FuncDecl) (out []string) {
	times := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		of, ok := call.Fun.(*ast.SelectorExpr)
		at := map[string]int{"Named": 1, "Add": 0}
		if !ok {
			return true
		}
		arg, known := at[of.Sel.Name]
		if !known || len(call.Args) <= arg {
			return true
		}
		if text, ok := call.Args[arg].(*ast.BasicLit); ok && text.Kind == token.STRING {
			id, _ := strconv.Unquote(text.Value)
			if kebab.MatchString(id) {
				key := where + " " + id
				if times[key]++; times[key] > 1 {
					key += fmt.Sprint(" ", times[key])
				}
				out = append(out, key)
			}
		}
		return true
	})
	return out
}

// A sound instance is one that every command can change.
func TestNothingIsRefused(t *testing.T) {
	t.Parallel()
	for _, o := range refused(surveyed(t)) {
		t.Errorf("%v: %v", o.commands, o.problem)
	}
	o := surveyed(t)
	o.Kept, o.Answered.Room = &world.Kept{Err: fs.ErrNotExist}, tree.Room{}
	served(o)
	for _, o := range refused(o) {
		t.Errorf("with a domain: %v: %v", o.commands, o.problem)
	}
}

// In every world in which a command refuses, doctor finds that under the same name,
// once, and does not call it ok. A refusal that is new in the code needs its world.
func TestWhatIsRefusedIsFound(t *testing.T) {
	t.Parallel()
	known := refusals(t)
	for _, where := range known {
		if planted[where] == nil && elsewhere[where] == "" {
			t.Errorf("%s: there is no world for it", where)
		}
	}
	for _, where := range slices.Concat(slices.Collect(maps.Keys(planted)), slices.Collect(maps.Keys(elsewhere))) {
		if !slices.Contains(known, where) {
			t.Errorf("%s is not in the code any more", where)
		}
	}
	for where, plant := range planted {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			o := surveyed(t)
			plant(o)
			p := sound(t)
			p.obstacles = refused(o)
			id := strings.Fields(where)[1]
			if !slices.ContainsFunc(p.obstacles, func(o obstacle) bool { return finding.IDOf(o.problem) == id }) {
				t.Fatalf("no command refuses: %+v", texts(p.obstacles))
			}
			found := map[string]int{}
			for _, f := range report(p.patient, p.checks()).Findings {
				if f.ID == id && f.Level == OK {
					t.Errorf("it is ok: %+v", f)
				}
				found[f.ID+" "+f.Evidence]++
				if f.ID == id {
					found[id]++
				}
			}
			for text, n := range found {
				if n > 1 && text != id {
					t.Errorf("%d times: %s", n, text)
				}
			}
			if found[id] == 0 {
				t.Errorf("doctor does not find it: %v", texts(p.obstacles))
			}
		})
	}
}

func texts(all []obstacle) (out []string) {
	for _, o := range all {
		out = append(out, fmt.Sprintf("%s %v %s", finding.IDOf(o.problem), o.commands, o.problem))
	}
	return out
}

// What only a backup or an upgrade refuses is a warning; what one that starts or
// changes OpenAlgo refuses is a failure.
func TestHowBadARefusalIs(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]Level{
		"guard.MayCopy needs-root": Warning, "guard.Registry image-local": Warning, "preflight.Snapshot disk-full": Warning,
		"preflight.Dir disk-full": Failure, "guard.Keys keys": Failure, "plan.Preflight compose-rival": Failure,
	} {
		o := surveyed(t)
		planted[where](o)
		got := OK
		for _, found := range refused(o) {
			if id := strings.Fields(where)[1]; finding.IDOf(found.problem) == id && got != Failure {
				got = found.level()
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", where, got, want)
		}
	}
}

// Commands that refuse for one reason are named beside it, each once.
func TestOneObstacleOfSeveralCommands(t *testing.T) {
	t.Parallel()
	o := surveyed(t)
	o.Host.Root = false
	all := refused(o)
	if len(all) != 1 || !slices.Equal(all[0].commands, []string{plan.CommandBackup, plan.CommandUpgrade, plan.CommandRollback}) {
		t.Errorf("%v", texts(all))
	}
	names := map[string]bool{}
	for _, c := range commands(surveyed(t)) {
		names[c.Name] = true
	}
	for _, c := range []ops.Command{ops.Install(answers.Answers{}, 0), ops.Restart(), ops.Resize(ops.ResizeOptions{})} {
		if !names[c.Name] {
			t.Errorf("%s is not asked", c.Name)
		}
	}
}
