package watch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Always, Hourly and Daily are how often doctor's checks are made, by its names for
// them.
const (
	Always = ""
	Hourly = "hourly"
	Daily  = "daily"
)

// isKept reports whether what a pace found is remembered until its checks come again.
func isKept(pace string) bool { return pace == Hourly || pace == Daily }

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
}

// Times of a look.
const (
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
	all, err := l.instances(ctx, s)
	if err != nil {
		if sight.Docker = err.Error(); ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			sight.Docker, sight.Partial = "", true
			sight.Findings = append(sight.Findings, Finding{ID: "round-long", Machine: true, Text: "Docker or OpenAlgo took too long to answer: " + err.Error(), Command: "sudo openalgo-install doctor"})
		}
		l.rooms(&sight, s, nil, now)
		return sight
	}
	var facts *host.Facts
	if f, err := host.Measure(ctx); err == nil {
		facts = &f
	}
	public := once(publicip.Find)
	sight.Instances = make([]Seen, len(all))
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for n := range all {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			sight.Instances[n] = l.one(ctx, &all[n], s.Instances[all[n].Dir], facts, public, now)
		})
	}
	group.Wait()
	for n := range sight.Instances {
		s.keep(&sight.Instances[n], now)
	}
	sight.Partial = ctx.Err() != nil
	l.rooms(&sight, s, all, now)
	return sight
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
func (l *Looker) one(ctx context.Context, i *status.Instance, k *known, facts *host.Facts, public func(context.Context) publicip.Address, now time.Time) Seen {
	d := instance.Dir(i.Dir)
	b, _ := broker.Find(i.Broker)
	seen := Seen{Name: i.Name, Dir: i.Dir, Ready: i.Ready, Starting: i.Starting, Reason: i.Reason, Crypto: b.Kind == broker.Crypto, Busy: isBusy(d)}
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
	}
	seen.calendar = kept.Of(ctx, l.Docker, d, seen.container, world.EnvOf(i.Dir), now)
	if run.Owed(i.Dir) {
		seen.Owes = seen.container == nil || seen.container.State != "running" || beforeBoot(d)
	}
	ask := Ask{Dir: i.Dir, Seen: i, Host: facts, Public: public, Paces: k.due(now)}
	seen.asked = ask.Paces
	seen.found = l.Doctor(ctx, ask)
	seen.Findings = holidays(seen.calendar, now)
	if facts != nil {
		seen.Findings = append(seen.Findings, limits(seen, int64(facts.RAMMiB)<<20)...)
	}
	seen.Busy = isBusy(d) // a run that began meanwhile
	return seen
}

// keep remembers what checks found that are not made in each round, and adds it to what
// was found now.
func (s *State) keep(seen *Seen, now time.Time) {
	s.meet(Seen{Name: seen.Name, Dir: seen.Dir, Busy: true}, now)
	k := s.Instances[seen.Dir]
	if !seen.Busy {
		for _, pace := range seen.asked {
			if pace != Always {
				k.Done[pace], k.Kept[pace] = now, seen.found[pace]
			}
		}
	}
	k.tidy(now)
	seen.Findings = append(seen.Findings, seen.found[Always]...)
	seen.Findings = append(append(seen.Findings, k.Kept[Hourly]...), k.Kept[Daily]...)
}

// due are the paces whose checks are to be made.
func (k *known) due(now time.Time) []string {
	out := []string{Always}
	if k == nil {
		return append(out, Hourly, Daily)
	}
	for pace, every := range map[string]time.Duration{Hourly: time.Hour, Daily: 24 * time.Hour} {
		// A round is never to the second.
		if done, ok := k.Done[pace]; !ok || now.Sub(done) > every-time.Minute {
			out = append(out, pace)
		}
	}
	return out
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
