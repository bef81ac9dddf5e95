package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// taken is a port that somebody has, and free one that nobody has any more.
func taken(t *testing.T) (port int, free func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port, func() { _ = l.Close() }
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stack("openalgo", string(b.dir), "openalgo:1", nil)
	o := b.look()
	must(t, os.WriteFile(filepath.Join(o.Volumes["openalgo_openalgo_db"].Mountpoint, "openalgo.db"), make([]byte, 1<<20), 0o644))
	l := b.looker()
	must(t, l.LookAtImage(t.Context(), o, "openalgo:1", false))
	busy, _ := taken(t)
	open, free := taken(t)
	free()
	missing := filepath.Join(b.root, "none")
	l.Answer(t.Context(), o, Query{
		Ports: []Port{{"127.0.0.1", busy}, {"127.0.0.1", open}}, Directories: []string{string(b.dir), missing}, Owner: os.Geteuid() + 1,
		Trees: []string{b.root, missing}, Databases: true, ImageUser: true, View: "openalgo:1", Build: true,
	})
	a := o.Answered
	if who, err := o.PortHolder(Port{"127.0.0.1", busy}); who == "" || err != nil {
		t.Errorf("a port that is taken: %q, %v", who, err)
	}
	if who, err := o.PortHolder(Port{"127.0.0.1", open}); who != "" || err != nil {
		t.Errorf("a port that is free: %q, %v", who, err)
	}
	if a.Directories[string(b.dir)].Missing || len(a.Directories[string(b.dir)].Owners) == 0 || !a.Directories[missing].Missing {
		t.Errorf("%+v", a.Directories)
	}
	if a.Trees[b.root].Bytes < 1<<20 || a.Trees[missing].Err == nil {
		t.Errorf("%+v", a.Trees)
	}
	if a.DatabasesAt != nil || a.Databases.Bytes != 1<<20 || a.Room.Present != 1<<20 || a.Room.Apart {
		t.Errorf("%+v, %v, %+v", a.Databases, a.DatabasesAt, a.Room)
	}
	if a.ImageUID != "1000" || a.Memory == nil || !a.Seen || a.View.Err != nil {
		t.Errorf("%q, %v, %+v", a.ImageUID, a.Memory, a.View)
	}
}

// A container whose databases are in no volume.
func TestDataInTheContainer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := DataDirectory(t.Context(), b.docker, engine.Container{Name: "web"}); err == nil {
		t.Error("the databases would be gone with the container")
	}
	c := engine.Container{Mounts: []engine.Mount{{Type: "bind", Source: "/srv/db", Target: openalgo.DB}, {Type: "volume", Name: "x", Target: openalgo.Keys}, {Type: "bind", Source: "/etc", Target: "/etc"}}}
	if dirs := DataDirectories(c); len(dirs) != 1 || dirs[openalgo.DB] != "/srv/db" {
		t.Errorf("%v", dirs)
	}
	if DirectoryOf(c.Mounts[0]) != "/srv/db" || DirectoryOf(c.Mounts[1]) != "" || DirectoryOf(c.Mounts[2]) != "" {
		t.Error("not every directory keeps data")
	}
}

// otherView is a Docker that has other directories than this machine.
type otherView struct{ Engine }

func (e otherView) Create(ctx context.Context, s engine.ContainerSpec) (string, error) {
	for i := range s.Mounts {
		s.Mounts[i].Source = "/usr"
	}
	return e.Engine.Create(ctx, s)
}

// podman is one that fails at the creation or the start of a container, or that gives
// it users of its own.
type podman struct {
	Engine
	create, start error
	ownUsers      bool
}

func (e podman) Container(ctx context.Context, id string) (engine.Container, error) {
	c, err := e.Engine.Container(ctx, id)
	c.OwnUsers = e.ownUsers
	return c, err
}

func (e podman) Info() engine.Info { return engine.Info{Podman: true, Local: true} }

func (e podman) Create(ctx context.Context, s engine.ContainerSpec) (string, error) {
	if e.create != nil {
		return "", e.create
	}
	return e.Engine.Create(ctx, s)
}

func (e podman) Start(context.Context, string) error { return e.start }

// What Podman lacks shows before anything is made; an entrypoint that is not there
// says nothing.
func TestPodmanIsIncomplete(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lacks := fmt.Errorf("start container: %w", engine.ErrIncomplete)
	for name, c := range map[string]struct {
		podman
		want error
	}{
		"all is there": {podman{b.docker, nil, errors.New("exec /none: no such file or directory"), false}, nil},
		"no init":      {podman{b.docker, lacks, nil, false}, engine.ErrIncomplete},
		"no network":   {podman{b.docker, nil, lacks, false}, engine.ErrIncomplete},
		"keep-id":      {podman{b.docker, nil, errors.New("exec /none: no such file or directory"), true}, ErrOwnUsers},
	} {
		if dir, err := sees(t.Context(), c.podman, string(b.dir), "openalgo:1"); !errors.Is(err, c.want) || dir != string(b.dir) {
			t.Errorf("%s: %q, %v", name, dir, err)
		}
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if dir, err := sees(t.Context(), otherView{b.docker}, string(b.dir), "openalgo:1"); err == nil || dir != string(b.dir) {
		t.Errorf("another directory: %q, %v", dir, err)
	}
	if dir, err := sees(t.Context(), b.docker, b.dir.Path("not/yet"), "openalgo:1"); err != nil || dir != string(b.dir) {
		t.Errorf("one that is not there yet: %q, %v", dir, err)
	}
	b.docker.Away = func() bool { return true }
	if dir, err := sees(t.Context(), b.docker, string(b.dir), "openalgo:1"); err != nil || dir != "" {
		t.Errorf("no evidence: %q, %v", dir, err)
	}
	for text, want := range map[error]bool{nil: false, os.ErrClosed: false, &net.OpError{Op: "mounts denied", Err: os.ErrClosed}: true} {
		if got := evidence(text) != nil; got != want {
			t.Errorf("%v is evidence: %v", text, got)
		}
	}
}

func TestLookAtPorts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	busy, _ := taken(t)
	open, free := taken(t)
	second, freeSecond := taken(t)
	free()
	freeSecond()
	o := &Observation{}
	b.looker().LookAtPorts(t.Context(), o, "127.0.0.1", [][]int{{busy, open}, {open}, {second}})
	if _, asked := o.FreePorts[second]; o.FreePorts[busy] || !o.FreePorts[open] || asked {
		t.Errorf("%v", o.FreePorts)
	}
}

func TestLookAtBackup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.docker.Facts.RootDir = b.root
	l, kept := b.looker(), b.dir.Work(instance.Replaced)
	o := b.look()
	if l.LookAtBackup(t.Context(), o, "account", []string{"db"}, kept); o.Backup.Room.Data == nil || o.Backup.Room.Keep != nil || o.Backup.Twins != nil {
		t.Errorf("a new instance: %+v", o.Backup)
	}
	b.stack("openalgo", string(b.dir), "openalgo:1", nil)
	twin := filepath.Join(b.root, "twin")
	b.stack("twin", twin, "openalgo:1", nil)
	o = b.look()
	l.LookAtBackup(t.Context(), o, "account", []string{"db", "log"}, kept)
	if room := o.Backup.Room; room.Err != nil || room.Keep == nil || room.At != o.Volumes["openalgo_openalgo_db"].Mountpoint {
		t.Errorf("%+v", room)
	}
	if !slices.Equal(o.Backup.Twins, []Twin{{"twin-web", twin}}) && (len(o.Backup.Twins) != 1 || o.Backup.Twins[0].Dir != twin) {
		t.Errorf("%v", o.Backup.Twins)
	}
	o.Backup = Backup{}
	if l.LookAtBackup(t.Context(), o, "", []string{"keys"}, kept); o.Backup.Twins != nil || o.Backup.Room != (tree.Room{}) {
		t.Errorf("no account, no such data: %+v", o.Backup)
	}
	if room := tree.RoomFor(map[string]string{"db": filepath.Join(b.root, "none")}, kept); room.Err == nil {
		t.Errorf("data that cannot be looked at: %+v", room)
	}
}

func TestLookAtEdge(t *testing.T) {
	b := newBench(t)
	t.Setenv("PATH", b.root) // no nginx
	dir := filepath.Join(b.root, "edge")
	var a answers.Answers
	a.Domain, a.Ports.Bind, a.Ports.Web, a.Ports.WebSocket = "oa.example.com", "127.0.0.1", 5000, 8765
	see := func(change func(o *Observation)) *Edge {
		t.Helper()
		o := b.look()
		if change != nil {
			change(o)
		}
		b.looker().LookAtEdge(t.Context(), o, a, false)
		return &o.Edge
	}
	a.TLS.Mode = "off"
	if e := see(nil); e.Way != nil || e.Plan != nil {
		t.Errorf("off: %+v", e)
	}
	if e := see(func(o *Observation) { o.State.Edge = instance.Edge{Kind: edge.KindNginx, Domain: "old.example.com"} }); e.Gone.OpenErr == nil {
		t.Errorf("a site of an nginx that is not there: %+v", e)
	}
	if e := see(func(o *Observation) {
		o.State.Edge = instance.Edge{Kind: edge.KindCaddy, Domain: "old.example.com", Dir: dir}
	}); e.Gone.OpenErr != nil || e.Gone.Err != nil {
		t.Errorf("a site that goes: %+v", e.Gone)
	}
	a.TLS.Mode, a.TLS.Edge.Dir, a.TLS.Edge.HTTP = "auto", dir, 8080
	b.write(b.dir.Work(instance.Refusals), "2026-06-01T09:00:00Z oa.example.com\n2026-06-01T09:00:00Z other.example.com\n2026-05-01T09:00:00Z oa.example.com\n")
	e := see(nil)
	if e.OpenErr != nil || e.PlanErr != nil || !e.Way.Act || e.Way.Runs || e.Way.State.HTTP != 8080 || len(e.Warnings) != 1 || len(e.Refused) != 1 {
		t.Fatalf("%+v, %+v", e, e.Way)
	}
	closed := string(edge.Gate{Kind: edge.KindCaddy, Domain: a.Domain, Web: "127.0.0.1:5000"}.File(e.Way.Gate, edge.NewToken()).Text)
	for text, stale := range map[string]bool{closed: false, strings.Replace(closed, ":5000", ":5050", 1): true, "": true} {
		b.write(e.Way.Gate, text)
		if e := see(nil); !e.Way.Gated || e.Way.GateStale != stale {
			t.Errorf("closed by %q: %+v", text, e.Way)
		}
	}
	must(t, os.Remove(e.Way.Gate))
	if e := see(nil); e.Way.Gated || e.Way.GateStale {
		t.Errorf("not closed: %+v", e.Way)
	}
	if _, err := b.looker().OpenFront(t.Context(), e.Way.State); err != nil {
		t.Error(err)
	}
	if e := see(func(o *Observation) { o.Engine.Rootless = true }); e.OpenErr == nil {
		t.Errorf("without root: %+v", e)
	}
	a.TLS.CARoot = filepath.Join(b.root, "none.pem")
	if e := see(nil); e.OpenErr == nil {
		t.Errorf("without the authority's certificate: %+v", e)
	}
	a.TLS.CARoot, a.TLS.Cert = "", filepath.Join(b.root, "none.pem")
	if e := see(nil); e.OpenErr == nil {
		t.Errorf("without the certificate: %+v", e)
	}
	a.TLS.Cert, a.TLS.Mode = "", "nginx"
	if e := see(nil); e.OpenErr == nil {
		t.Errorf("without nginx: %+v", e)
	}
}

func TestOthersIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	if got, err := OthersIn(dir, os.Geteuid()); err != nil || got != nil {
		t.Errorf("of the same user: %v, %v", got, err)
	}
	if got, err := OthersIn(dir, os.Geteuid()+1); err != nil || len(got) != 2 {
		t.Errorf("of another user: %v, %v", got, err)
	}
	must(t, os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")))
	if _, err := OthersIn(dir, os.Geteuid()+1); err == nil {
		t.Error("a file with a second name may be anybody's")
	}
}

func TestAnswerAboutADomain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nobody is asked
	o := &Observation{}
	b.looker().Answer(ctx, o, Query{Edge: EdgeQuery{Domain: "oa.example.com", ReachPort: 1}})
	if o.Answered.Reach == ReachesHere || o.Answered.Dns.Match {
		t.Errorf("%+v", o.Answered)
	}
	if h := b.looker().OnHost(); h.Host.Disks == nil || h.Dir != b.dir {
		t.Errorf("%+v", h)
	}
}
