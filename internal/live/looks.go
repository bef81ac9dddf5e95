package live

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// seen is what is known of one instance. Its key is its directory, or the name of a
// container that has none.
type seen struct {
	container  engine.Container // ID "": it has none
	name, dir  string
	url        string
	redirect   string
	ours       bool
	sketched   bool // known from the list alone
	unfinished string

	state   State
	reason  string
	readyAt time.Time // it has been ready without a break since then; zero: it is not

	last     engine.Load
	load     Load
	status   *status.Instance
	lookedAt time.Time
	newer    bool
	examined []Problem
}

// list finds the instances, and keeps what is known of those that are still there.
func (w *Watcher) list(ctx context.Context) error {
	containers, err := w.Docker.Containers(ctx)
	w.heard(err)
	if err == nil {
		take(w, containers, false)
	}
	return err
}

// take makes instances of containers.
func take(w *Watcher, containers []engine.Container, sketched bool) {
	found, order := map[string]*seen{}, []string{}
	for _, c := range containers {
		if !stacks.IsOpenAlgo(c) {
			continue
		}
		s := describe(c)
		if s.sketched = sketched; sketched && s.state == Stopped {
			s.reason = "" // how it ended is not known yet
		}
		if w.Dir != "" && (s.dir == "" || !stacks.SameFile(s.dir, w.Dir)) {
			continue
		}
		key := keyOf(c)
		if other := found[key]; other != nil && stacks.IsUp(other.container) {
			continue // one that is left over beside it
		} else if other == nil {
			order = append(order, key)
		}
		found[key] = s
	}
	beside := w.Beside
	if beside != "" && !slices.ContainsFunc(order, func(key string) bool { return stacks.SameFile(key, beside) }) {
		if s := withoutContainer(beside); s != nil {
			found[beside], order = s, append(order, beside)
		}
	}
	w.replace(found, order)
}

// keyOf is by what the instance of a container is found again.
func keyOf(c engine.Container) string {
	if dir := stacks.DirOf(c); dir != "" {
		return dir
	}
	return c.Name
}

// describe is what a container says of its instance by itself.
func describe(c engine.Container) *seen {
	s := &seen{container: c, name: stacks.NameOf(c), dir: stacks.DirOf(c), state: Checking}
	env := world.EnvOf(s.dir)
	s.url = world.URLOf(env, c)
	s.redirect, _ = env.Get("REDIRECT_URL")
	s.readFiles()
	switch {
	case stacks.IsFrozen(c):
		s.state, s.reason = Frozen, "frozen by a backup (for 5 s at most) or by `docker pause`"
	case c.State == "restarting":
		s.state, s.reason = NotReady, "the container exits again and again"
	case c.State != "running":
		s.state, s.reason = Stopped, (&ready.Prober{}).Now(context.Background(), c).Reason
	}
	return s
}

// readFiles reads what the directory says.
func (s *seen) readFiles() {
	if s.dir == "" {
		return
	}
	saved, err := readfile.NoLink(filepath.Join(s.dir, instance.AnswersName), readfile.Config)
	s.ours = err == nil && saved != nil
	s.unfinished = run.Unfinished(s.dir)
}

// withoutContainer is the instance of a directory whose container is gone; nil: there
// is none.
func withoutContainer(dir string) *seen {
	state, err := instance.Dir(dir).LoadState()
	if err != nil || state.Project == "" {
		return nil
	}
	s := &seen{name: state.Project, dir: dir, state: NoContainer, reason: "it has no container"}
	s.readFiles()
	return s
}

// keep takes over what was known of the instance before. What another run of the
// container did counts no more.
func (s *seen) keep(before *seen) {
	if before == nil {
		return
	}
	s.status, s.lookedAt, s.examined, s.load = before.status, before.lookedAt, before.examined, before.load
	s.newer = before.newer && s.container.ImageID == before.container.ImageID
	same := s.container.ID == before.container.ID && s.container.StartedAt.Equal(before.container.StartedAt)
	if same {
		s.last = before.last
	}
	if same && s.state == Checking && (before.state != Frozen && before.state != Stopped) {
		s.state, s.reason, s.readyAt = before.state, before.reason, before.readyAt
	}
}

// askOne asks over HTTP alone: a WebSocket every few seconds would fill OpenAlgo's log.
// The look at everything asks that, too.
func (w *Watcher) askOne(ctx context.Context, c engine.Container) {
	web := c
	web.Ports = slices.DeleteFunc(slices.Clone(c.Ports), func(p engine.PortBinding) bool { return p.ContainerPort == openalgo.WebSocketPort })
	now := (&ready.Prober{Engine: w.Docker}).Now(ctx, web)
	if ctx.Err() != nil && !now.Ready {
		return // it had no time to answer
	}
	became := false
	w.update(keyOf(c), func(s *seen) {
		if s.container.ID != c.ID {
			return
		}
		s.reason = now.Reason
		switch {
		case now.Ready:
			became = s.readyAt.IsZero()
			if became {
				s.readyAt = time.Now()
			}
			s.state = Ready
			return
		case now.Starting:
			s.state = Starting
		default:
			s.state = NotReady
		}
		s.readyAt = time.Time{}
	})
	if became {
		poke(w.settled)
	}
}

// measureOne measures one container.
func (w *Watcher) measureOne(ctx context.Context, c engine.Container) {
	now, err := w.Docker.Load(ctx, c.ID)
	if err != nil {
		return
	}
	w.update(keyOf(c), func(s *seen) {
		if s.container.ID != c.ID {
			return
		}
		s.load.add(s.last, now, w.Machine.Cores)
		s.load.SharedLimit, s.last = c.ShmBytes, now
	})
}

// lookAtAll looks at what changes seldom.
func (w *Watcher) lookAtAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statusTime)
	defer cancel()
	began := time.Now()
	if w.Watch != nil {
		watch := w.Watch(ctx)
		w.change(func() { w.watch = watch })
	}
	all, err := status.Look(ctx, status.WithoutSizes(w.Docker), w.Machine, w.Dir)
	if err != nil {
		return
	}
	if facts, err := host.Disk(placeOf(all)); err == nil {
		w.change(func() { w.disk = Disk{FreeMiB: facts.FreeMiB, TotalMiB: facts.TotalMiB} })
	}
	for _, i := range all.Instances {
		key := i.Dir
		if key == "" {
			key = i.Container
		}
		w.update(key, func(s *seen) { s.status, s.lookedAt = &i, began })
	}
}

// placeOf is a directory on the disk that counts.
func placeOf(all status.Status) string {
	for _, i := range all.Instances {
		if i.Dir != "" {
			return i.Dir
		}
	}
	return "/"
}
