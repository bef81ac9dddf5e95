package watch

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Docker is what a look uses of Docker.
type Docker interface {
	status.Docker
	kept.Docker
	Load(ctx context.Context, id string) (engine.Load, error)
}

// Ask is what doctor is asked about one instance.
type Ask struct {
	Dir    string
	Seen   *status.Instance
	Host   *host.Facts
	Paces  []string
	Public func(context.Context) publicip.Address
}

// Looker looks at a machine.
type Looker struct {
	Docker    Docker // nil: DockerErr says why
	DockerErr string
	RootDir   string // where Docker keeps images and volumes; "" is not here
	Machine   sizing.Machine
	Only      string // one directory; "" is all
	Now       func() time.Time
	// Doctor makes the checks of some paces, and returns what each pace found.
	Doctor func(context.Context, Ask) map[string][]Finding

	patience time.Duration // with Docker; 0 is listTime
}

// Times of a look.
const (
	listTime   = 20 * time.Second // a busy Docker takes some
	statusTime = 45 * time.Second // OpenAlgo may take 35 s for an answer
	loadTime   = 5 * time.Second
	atOnce     = 4
)

// Look looks at all instances once.
func (l *Looker) Look(ctx context.Context, s *State) (sight Sight) {
	now := l.Now()
	sight.Alone = l.Only != ""
	if l.Docker == nil {
		sight.Docker = l.DockerErr
		l.rooms(&sight, s, nil, now)
		return sight
	}
	ctx = engine.WithOneLook(ctx)
	if sight.Docker = l.silence(ctx); sight.Docker != "" {
		l.rooms(&sight, s, nil, now)
		return sight
	}
	all, err := l.instances(ctx, s)
	if err != nil {
		sight.Partial = true
		sight.Findings = append(sight.Findings, tooLong("OpenAlgo or Docker took too long to answer: "+err.Error()))
		l.rooms(&sight, s, nil, now)
		return sight
	}
	var facts *host.Facts
	if f, err := host.Measure(ctx); err == nil {
		facts = &f
	}
	public := once(recent.Find)
	var dirs []string
	for _, i := range all {
		if !isBusy(instance.Dir(i.Dir)) {
			dirs = append(dirs, i.Dir)
		}
	}
	due := s.paces(dirs, now)
	sight.Instances = make([]Seen, len(all))
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for n := range all {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			sight.Instances[n] = l.one(ctx, &all[n], Ask{Dir: all[n].Dir, Seen: &all[n], Host: facts, Public: public, Paces: due[all[n].Dir]}, now)
		})
	}
	group.Wait()
	for n := range sight.Instances {
		s.keep(&sight.Instances[n], now)
	}
	if sight.Partial = ctx.Err() != nil; sight.Partial {
		sight.Findings = append(sight.Findings, tooLong("Docker or OpenAlgo took too long to answer"))
	}
	l.rooms(&sight, s, all, now)
	return sight
}

func tooLong(text string) Finding {
	return Finding{ID: "round-long", Machine: true, Text: text, Command: "sudo openalgo-install doctor"}
}

// silence says why Docker does not list its containers, or "" if it does. Only Docker
// takes part in that answer.
func (l *Looker) silence(ctx context.Context) string {
	patience := cmp.Or(l.patience, listTime)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := l.Docker.Containers(ctx)
	switch {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return "it did not list its containers within " + patience.String() + ". Look for the cause in its log (sudo journalctl -u docker)"
	}
	return err.Error()
}

// instances lists them, with those that have no container any more.
func (l *Looker) instances(ctx context.Context, s *State) ([]status.Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTime)
	defer cancel()
	d := status.WithoutSizes(l.Docker)
	found, err := status.Look(ctx, d, l.Machine, l.Only)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(found.Instances, func(i status.Instance) bool { return i.Dir == "" })
	for dir := range s.Instances {
		if l.Only != "" || slices.ContainsFunc(all, func(i status.Instance) bool { return stacks.SameFile(i.Dir, dir) }) {
			continue
		}
		if gone, err := status.Look(ctx, d, l.Machine, dir); err == nil {
			all = append(all, gone.Instances...)
		}
	}
	return all[:min(len(all), mostInstances)], nil
}

// one looks at one instance.
func (l *Looker) one(ctx context.Context, i *status.Instance, ask Ask, now time.Time) Seen {
	d := instance.Dir(i.Dir)
	b, _ := broker.Find(i.Broker)
	seen := Seen{Name: i.Name, Dir: i.Dir, shared: -1, Ready: i.Ready, Starting: i.Starting, Reason: i.Reason, Crypto: b.Kind == broker.Crypto, Busy: isBusy(d)}
	if seen.Busy {
		return seen
	}
	if c, err := l.Docker.Container(ctx, i.Container); i.Container != "" && err == nil {
		seen.container = &c
		short, cancel := context.WithTimeout(ctx, loadTime)
		if load, err := l.Docker.Load(short, c.ID); c.State == "running" && err == nil {
			seen.load = &load
		}
		cancel()
		if l.Docker.Info().Local {
			seen.shared = sharedIn(c)
		}
	}
	seen.calendar = kept.Of(ctx, l.Docker, d, seen.container, world.EnvOf(i.Dir), now)
	if run.Owed(i.Dir) {
		seen.Owes = seen.container == nil || seen.container.State != "running" || beforeBoot(d)
	}
	if ask.Paces == nil {
		ask.Paces = []string{Always}
	}
	seen.found = l.Doctor(ctx, ask)
	if seen.asked = ask.Paces; ctx.Err() != nil {
		seen.asked = nil // what was found was cut off, and is not kept
	}
	seen.Findings = holidays(seen.calendar, now)
	if ask.Host != nil {
		seen.Findings = append(seen.Findings, limits(seen, int64(ask.Host.RAMMiB)<<20)...)
	}
	seen.Busy = isBusy(d) // a run that began meanwhile
	return seen
}

// isBusy reports whether a run of ours is at work in a directory.
func isBusy(d instance.Dir) bool {
	if !d.WasLocked() {
		return false
	}
	held, _, err := d.TryLock()
	if held != nil {
		held.Release()
	}
	return held == nil && err == nil
}

// once asks once for all instances.
func once(find func(context.Context) publicip.Address) func(context.Context) publicip.Address {
	var lock sync.Mutex
	var found *publicip.Address
	return func(ctx context.Context) publicip.Address {
		lock.Lock()
		defer lock.Unlock()
		if found == nil {
			a := find(ctx)
			found = &a
		}
		return *found
	}
}

// rooms measures the file systems of Docker and of the instances.
func (l *Looker) rooms(sight *Sight, s *State, all []status.Instance, now time.Time) {
	paths := []string{}
	if l.RootDir != "" {
		paths = append(paths, l.RootDir)
	}
	for _, i := range all {
		paths = append(paths, i.Dir)
	}
	var rooms []room
	for _, path := range paths {
		if r, ok := roomOf(path); ok && !slices.ContainsFunc(rooms, func(o room) bool { return o.id == r.id }) {
			rooms = append(rooms, r)
		}
	}
	sight.Findings = append(sight.Findings, s.fill(rooms, now)...)
}
