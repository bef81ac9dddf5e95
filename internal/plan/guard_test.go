package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// withEnv gives a world another .env; "" is none.
func withEnv(o *world.Observation, t *testing.T, text string) {
	t.Helper()
	o.EnvText, o.Env = nil, nil
	if text == "" {
		return
	}
	env, err := envfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o.EnvText, o.Env = []byte(text), env
}

// forget removes what this program knows of an instance.
func forget(o *world.Observation) { o.State = instance.State{} }

// guardCases are worlds that a guard refuses, or does not. want is a word of the
// refusal, or its check; "" is none.
var guardCases = map[string]struct {
	change       func(*testing.T, *world.Observation)
	every, plans string // what Guard and GuardData refuse
	intent       Intent
}{
	"all is well": {change: func(*testing.T, *world.Observation) {}},
	"another Docker": {change: func(_ *testing.T, o *world.Observation) {
		dropContainers(o)
		o.Engine.ID, o.Engine.Endpoint, o.Volumes, o.Data = "F", "unix:///run/user/1000/docker.sock", nil, nil
	}, every: "engine", plans: "engine"},
	"another Docker, this one has the data and the other is gone": {change: func(_ *testing.T, o *world.Observation) {
		dropContainers(o)
		o.Engine.ID, o.Engine.Endpoint = "F", "unix:///run/user/1000/docker.sock"
	}},
	"another Docker that answers, this one has a volume": {change: func(_ *testing.T, o *world.Observation) {
		dropContainers(o)
		o.Engine.ID, o.Engine.Endpoint, o.ElsewhereAnswers = "F", "unix:///run/user/1000/docker.sock", true
	}, every: "engine", plans: "engine"},
	"root on a user's Docker": {change: func(_ *testing.T, o *world.Observation) {
		o.Engine.Rootless, o.Host.EngineUser, o.Host.User = true, "trader", "root"
	}, every: "other-engine", plans: "other-engine"},
	"a user's own Docker, from outside":      {change: func(_ *testing.T, o *world.Observation) { o.Engine.Rootless, o.Engine.Enterable = true, true }},
	"a user's own Docker":                    {change: func(_ *testing.T, o *world.Observation) { o.Engine.Rootless, o.Engine.Inside = true, true }},
	"a remote Docker that is a user's":       {change: func(_ *testing.T, o *world.Observation) { o.Engine.Rootless, o.Engine.Local = true, false }},
	"userns-remap":                           {change: func(_ *testing.T, o *world.Observation) { o.Engine.UserNS, o.Engine.UserBase = true, 100000 }},
	"userns-remap, whose users nobody knows": {change: func(_ *testing.T, o *world.Observation) { o.Engine.UserNS = true }, plans: "user-map-unknown"},
	"userns-remap, not root": {change: func(_ *testing.T, o *world.Observation) {
		o.Engine.UserNS, o.Engine.UserBase, o.Host.Root, o.Host.BecomeRoot = true, 100000, false, "Run the same command with sudo."
	}, plans: "only root can give them .env"},
	"another's container of the same project": {change: func(_ *testing.T, o *world.Observation) {
		addTo(o, testContainer("other", "/srv/openalgo"), stacks.Anothers)
	}, every: "owner", plans: "owner"},
	"the volume of another directory": {change: func(_ *testing.T, o *world.Observation) {
		dropContainers(o)
		o.Volumes[testVolume].Labels[stacks.LabelDir] = "/srv/openalgo"
		o.Dirs["/srv/openalgo"] = world.Directory{HasEnv: true}
	}, every: "belongs to the instance in /srv/openalgo", plans: "belongs to the instance in /srv/openalgo"},
	"the volume of another directory, which has no .env": {change: func(_ *testing.T, o *world.Observation) {
		dropContainers(o)
		o.Volumes[testVolume].Labels[stacks.LabelDir] = "/srv/openalgo"
	}},
	"the volume of another directory, mounted here": {change: func(_ *testing.T, o *world.Observation) {
		o.Volumes[testVolume].Labels[stacks.LabelDir] = "/srv/openalgo"
		o.Dirs["/srv/openalgo"] = world.Directory{HasEnv: true}
	}},
	"the project was renamed": {change: func(_ *testing.T, o *world.Observation) {
		dropContainers(o)
		o.Project = "algo"
	}, every: "now named", plans: "now named"},
	"the directory was moved": {change: func(_ *testing.T, o *world.Observation) {
		o.Whose["openalgo-web"] = stacks.Orphan
	}, every: "moved", plans: "moved", intent: Intent{Command: "set"}},
	"the directory was moved, and the command recreates the container": {change: func(_ *testing.T, o *world.Observation) {
		o.Whose["openalgo-web"] = stacks.Orphan
	}, every: "moved", intent: Intent{Command: CommandStart}},
	"there is no .env": {change: func(t *testing.T, o *world.Observation) {
		withEnv(o, t, "")
	}, every: "keys", plans: "keys"},
	"other keys": {change: func(t *testing.T, o *world.Observation) {
		withEnv(o, t, strings.ReplaceAll(testEnv, "a71e", "0c3d"))
	}, every: "keys", plans: "keys"},
	"no keys, and no data": {change: func(t *testing.T, o *world.Observation) {
		dropContainers(o)
		withEnv(o, t, "")
		o.Data, o.Volumes = nil, nil
	}},
	"no keys, and a Compose file that cannot be read": {change: func(t *testing.T, o *world.Observation) {
		dropContainers(o)
		withEnv(o, t, "")
		o.Data, o.Volumes, o.Unread = nil, nil, errors.New("line 3")
	}, plans: "cannot read docker-compose.yaml"},
	"another tool's container has this .env": {change: func(_ *testing.T, o *world.Observation) {
		forget(o)
		dropContainers(o)
		c := testContainer("theirs", testDir)
		c.Labels = nil
		addTo(o, c, stacks.Own)
	}, plans: "another tool installed"},
	"a second container has this .env": {change: func(_ *testing.T, o *world.Observation) {
		c := testContainer("second", testDir)
		c.Labels = nil
		addTo(o, c, stacks.Own)
	}, plans: "also uses"},
	"a second container has this .env, and is stopped": {change: func(_ *testing.T, o *world.Observation) {
		c := testContainer("second", testDir)
		c.Labels, c.State = nil, "exited"
		addTo(o, c, stacks.Own)
	}},
	"keys, and data of another name that nobody claims": {change: func(_ *testing.T, o *world.Observation) {
		forget(o)
		dropContainers(o)
		o.Project, o.Data = "algo", nil
	}, plans: "without a directory"},
	"keys, and data of another name that has its directory": {change: func(_ *testing.T, o *world.Observation) {
		forget(o)
		dropContainers(o)
		o.Project, o.Data = "algo", nil
		o.Volumes[testVolume].Labels[stacks.LabelDir] = "/srv/openalgo"
		o.Dirs["/srv/openalgo"] = world.Directory{HasEnv: true}
	}},
	"keys, and data of another name that a container of its directory has": {change: func(_ *testing.T, o *world.Observation) {
		forget(o)
		dropContainers(o)
		o.Project, o.Data = "algo", nil
		delete(o.Volumes[testVolume].Labels, stacks.LabelDir)
		o.Dirs["/srv/openalgo"] = world.Directory{HasEnv: true}
		addTo(o, testContainer("other", "/srv/openalgo"), stacks.Anothers)
	}},
}

func TestGuards(t *testing.T) {
	t.Parallel()
	for name, c := range guardCases {
		o := goodWorld(t)
		c.change(t, o)
		refused(t, name+": every command", guard.All(o), c.every)
		refused(t, name+": a plan", guard.Data(o, guarded(c.intent)), c.plans)
	}
}

// refused checks that an error is about one thing, and that this machine is what
// is not ready.
func refused(t *testing.T, name string, err error, want string) {
	t.Helper()
	if err == nil || want == "" {
		if (err == nil) != (want == "") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		return
	}
	if finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("%s: %v", name, finding.KindOf(err))
	}
	if finding.IDOf(err) == want {
		if r := (*finding.Error)(nil); !errors.As(err, &r) || len(r.Hints) == 0 || r.End == "" {
			t.Errorf("%s: half of a refusal: %+v", name, r)
		}
		return
	}
	if !strings.Contains((finding.Prompt{}).Text(err), want) {
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}

// Where it runs with the keys that it read when it started, a stop is what would
// do the damage.
func TestKeysOfWhatRuns(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{"running": true, "exited": false} {
		o := goodWorld(t)
		withEnv(o, t, "")
		o.Containers[0].State = state
		if r := (*finding.Error)(nil); !errors.As(guard.Keys(o), &r) || strings.Contains(r.End, "Do not stop it") != want {
			t.Errorf("%s: %+v", state, r)
		}
	}
}

func TestKeyWays(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	withEnv(o, t, "")
	for name, c := range map[string]struct {
		place world.KeyPlace
		want  string
	}{
		"a copy":              {world.KeyPlace{Kind: world.KeptCopy, Path: "/copy", Container: ""}, "sudo cp -p /copy " + testDir + "/.env"},
		"the previous place":  {world.KeyPlace{Kind: world.PreviousDir, Path: "/srv/openalgo/.env", Container: "web"}, "sudo cp -p /srv/openalgo/.env"},
		"a running container": {world.KeyPlace{Kind: world.StillOpen, Path: "/proc/7/root/app/.env", Container: "web"}, "docker exec web cat /app/.env"},
		"the volume's origin": {world.KeyPlace{Kind: world.VolumesDir, Path: "/srv/openalgo/.env", Container: ""}, "sudo cp -p /srv/openalgo/.env"},
	} {
		o.KeysAt = []world.KeyPlace{c.place}
		if ways := guard.KeyWays(o); len(ways) != 2 || !strings.Contains(finding.Prompt{}.Line(ways[0]), c.want) {
			t.Errorf("%s: %v", name, ways)
		}
	}
	o.KeysAt, o.Archive = nil, "/opt/openalgo-backups/a.tar"
	if ways := guard.KeyWays(o); len(ways) != 2 || !strings.HasSuffix(finding.Prompt{}.Line(ways[0]), "restore /opt/openalgo-backups/a.tar") {
		t.Errorf("an archive: %v", ways)
	}
}

func TestGuardUnknown(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	o.HasDB = true
	refused(t, "ours", guard.Unknown(o), "")
	forget(o)
	refused(t, "unknown", guard.Unknown(o), "another tool installed")
	o.HasDB = false
	refused(t, "no data", guard.Unknown(o), "")
}

// The container of a stack that another tool made is found by the .env that it
// mounts; one that runs comes first.
func TestFindByMount(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	forget(o)
	dropContainers(o)
	for _, c := range []struct{ name, dir, state string }{{"old", testDir, "exited"}, {"new", testDir, "running"}, {"other", "/srv/openalgo", "running"}} {
		made := testContainer(c.name, c.dir)
		made.State = c.state
		delete(made.Labels, compose.LabelProject)
		addTo(o, made, stacks.Own)
	}
	o.FindByMount()
	if len(o.Containers) != 2 || o.Container().Name != "new" {
		t.Errorf("%+v", o.Containers)
	}
}

func TestNoContainer(t *testing.T) {
	t.Parallel()
	o := goodWorld(t)
	dropContainers(o)
	if err := guard.NoContainer(o); finding.IDOf(err) != "container-missing" {
		t.Error(err)
	}
	o.Engine = engine.Info{ID: "F", Endpoint: "tcp://10.0.0.1:2375"}
	o.ElsewhereAnswers = true
	refused(t, "another Docker", guard.NoContainer(o), "engine")
}
